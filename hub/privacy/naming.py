"""By what a person is called, and by what they only say that they are: another's address is never theirs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.database import OwnIds
from hub.privacy.traces import Person
from hub.profiles import identifier_store, rules
from hub.profiles.addresses import region_of
from hub.profiles.model import CONTACTS, Identifier, IdentifierKind, Profile


@dataclass(frozen=True, slots=True)
class Called:
    """A person's own ids and their names by kind, each in every spelling that is known."""

    own_ids: OwnIds
    names: Mapping[IdentifierKind, frozenset[str]]

    @property
    def person(self) -> Person:
        """Whom to look for in what nobody can attribute."""
        addresses = (name.lower() for kind in CONTACTS for name in self.names[kind])
        ids = (name.lower() for kind, names in self.names.items() if kind not in CONTACTS for name in names)
        return Person(self.own_ids, frozenset(addresses), frozenset(ids))


async def of(own_ids: OwnIds, rows: Sequence[Profile], *, region: str, proven: bool = False) -> Called:
    """Tell by what a person is called.

    Args:
        own_ids: a head and those it absorbed.
        rows: their profiles, as far as they are there; their traits hold addresses as they were written.
        region: the country of phone numbers without a country's code.
        proven: leave out what nobody has vouched for. It may be somebody else's.
    """
    owned = {it.identifier: it for them in (await identifier_store.by_profile(own_ids)).values() for it in them}
    spelled = {name: {name.value} for name in owned}
    for row in rows:
        for kind, said in ((IdentifierKind.EMAIL, row.email), (IdentifierKind.PHONE, row.phone)):
            form = said and rules.lookup_form(kind, said, region=region or region_of(row.language))
            if said and form:
                spelled.setdefault(Identifier(kind, form), set()).add(said)
    left_out = {*await identifier_store.owners(spelled.keys() - owned.keys())}
    if proven:
        left_out = {name for name in spelled if name not in owned or not owned[name].verified}
    names: defaultdict[IdentifierKind, set[str]] = defaultdict(set)
    for name in spelled.keys() - left_out:
        names[name.kind] |= spelled[name]
    return Called(own_ids, {kind: frozenset(names[kind]) for kind in IdentifierKind})
