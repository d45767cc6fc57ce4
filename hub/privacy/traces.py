"""Traces: what the collections hold of one person, found and removed by what their documents declare."""

import types
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Union, get_args, get_origin
from uuid import UUID

import beanie
import msgspec

from hub import seal
from hub.database import Row
from hub.messaging.store import MessageDocument
from hub.profiles.identifier_store import IdentifierDocument
from hub.profiles.store import ProfileDocument
from hub.seal import Erasure, Personal

_LAST: Final = (IdentifierDocument, ProfileDocument)
"""What goes last, in this order: by them the rest is found."""

_TELLING: Final = 6
"""How long a name must be to tell anything in a text that is not JSON: a user id `1` stands in every one."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to look for: a head and those it absorbed, and by what they are called, in lower case.

    An address is theirs wherever it stands. A name of a user or device is one only where an id stands: anybody may call
    a device by a word that stands in every call.
    """

    own_ids: tuple[UUID, ...]
    addresses: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()


class Traces:
    """What these documents hold of a person.

    Args:
        documents: every collection of the hub, bound to the database.
    """

    def __init__(self, documents: Sequence[type[beanie.Document]]) -> None:
        self._held = [(document, personal) for document in documents if (personal := seal.personal_of(document))]

    @property
    def collections(self) -> list[str]:
        """The names of the collections that hold personal data, sorted."""
        return sorted(document.get_pymongo_collection().name for document, _ in self._held)

    async def of(self, person: Person) -> AsyncIterator[tuple[str, Row]]:
        """Read every row about a person, opened, with the name of its collection."""
        for document, personal in self._held:
            collection = document.get_pymongo_collection()
            async for row in collection.find(await _about(document, personal, person)):
                yield collection.name, dict(seal.opened(document, row))

    async def count(self, person: Person) -> dict[str, int]:
        """Count the rows that `remove` would delete or blank, by collection."""
        return {
            document.get_pymongo_collection().name: await document.get_pymongo_collection().count_documents(
                {"$and": [await _about(document, personal, person), _holding(document, personal)]}
            )
            for document, personal in self._held
        }

    async def remove(self, person: Person) -> None:
        """Delete or blank every row about a person, the names and the profile itself last.

        A process that dies in between leaves them, so that whoever comes again still finds the rest.
        """
        for document, personal in sorted(self._held, key=lambda it: _LAST.index(it[0]) if it[0] in _LAST else -1):
            collection, about = document.get_pymongo_collection(), await _about(document, personal, person)
            if personal.erase is Erasure.DELETE:
                await collection.delete_many(about)
            else:
                blanks = {name: _blank(document, name) for name in personal.fields}
                await collection.update_many({"$and": [about, _holding(document, personal)]}, {"$set": blanks})


async def _about(document: type[beanie.Document], personal: Personal, person: Person) -> Row:
    """Give the filter of the rows that are about a person."""
    owners: Collection[Any] = person.own_ids
    match personal.owner:
        case None:
            return {"_id": {"$in": await _naming(document, personal, person)}}
        case "key":
            messages = MessageDocument.get_pymongo_collection().find(
                {"profile_id": {"$in": list(person.own_ids)}}, {"_id": 1}
            )
            owners = [row["_id"] async for row in messages]
    about: Row = {personal.owner: {"$in": list(owners)}}
    if personal.until_owned is not None:
        about = {"$or": [about, {personal.until_owned: {"$in": list(owners)}}]}
    return {"$or": [about, {"_id": {"$in": await _naming(document, personal, person)}}]} if personal.named else about


async def _naming(document: type[beanie.Document], personal: Personal, person: Person) -> list[Any]:
    """List the rows that hold one of the person's names: nobody could tell whose they are, so each is looked at."""
    found = []
    names = personal.named or personal.fields
    async for row in document.get_pymongo_collection().find({}, dict.fromkeys(names, 1)):
        opened = seal.opened(document, row)
        if any(_mentions(opened.get(name) or "", person) for name in names):
            found.append(row["_id"])
    return found


def _mentions(content: bytes | str, person: Person) -> bool:
    """Tell whether this is an address of this person, or a call that was refused and holds a name of theirs."""
    if isinstance(content, str):
        return content.lower() in person.addresses
    try:
        said = msgspec.json.decode(content)
        return any(
            text in person.addresses or (text in person.ids and field.endswith("id")) for field, text in _leaves(said)
        )
    except (msgspec.DecodeError, RecursionError):
        text = content.decode(errors="replace").lower()
        return any(name in text for name in person.addresses | person.ids if len(name) >= _TELLING)


def _leaves(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """List what stands in a document, with the name of its field, both in lower case."""
    if isinstance(value, dict):
        for name, it in value.items():
            yield from _leaves(it, name.lower())
    elif isinstance(value, list):
        for it in value:
            yield from _leaves(it, field)
    else:
        yield field, str(value).lower()


def _holding(document: type[beanie.Document], personal: Personal) -> Row:
    """Leave out rows that were blanked before, so that a second look counts only what is new."""
    if personal.erase is Erasure.DELETE:
        return {}
    return {"$or": [{name: {"$nin": [None, _blank(document, name)]}} for name in personal.fields]}


def _blank(document: type[beanie.Document], name: str) -> Any:
    """Give the empty value of a field, which whoever reads the row can still read."""
    kind = document.model_fields[name].annotation
    if get_origin(kind) in {Union, types.UnionType}:
        if types.NoneType in get_args(kind):
            return None
        kind = get_args(kind)[0]
    return (get_origin(kind) or kind)()
