"""Orders earn: each order of a batch becomes one posting in each program, for the difference to what it has got.

The key of the posting names the order and its revision: whoever comes to the same state of an order posts the same.
Who has read an older state than is stored looks again, before the event that told of it is finished.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.commerce import history, orders, reading
from hub.commerce.orders import Kept
from hub.definitions import Version
from hub.earning import ranking
from hub.earning.asking import Questions
from hub.earning.capping import Owed, capped
from hub.earning.difference import VERSION, Difference, origin_of
from hub.earning.ranking import Tiers
from hub.events.model import IMPORT, Event, Trust
from hub.kit.errors import HubError
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.service import Request
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.programs.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Known:
    """The programs, with what their rules ask."""

    programs: Catalogue
    questions: Mapping[Version, Questions] = field(default_factory=dict)
    deeds: frozenset[str] = frozenset()

    @classmethod
    def of(cls, programs: Catalogue) -> "Known":
        """Prepare them."""
        questions = {version: Questions(it) for version, it in programs.programs.items()}
        return cls(programs, questions, frozenset().union(*(it.deeds for it in questions.values())))

    def at(self, moment: datetime) -> dict[Version, Questions]:
        """Give what the rules ask of each program, in the version that was active at a time."""
        return {version: self.questions[version] for version in self.programs.at(moment)}


async def earn(events: Sequence[Event], profiles: Mapping[UUID, Profile], known: Known, *, now: datetime) -> None:
    """Post what the orders earn of which trusted events tell. Repeating it changes nothing.

    Raises:
        HubError: the ledger could not do it now.
    """
    left = {order_id: event for event in events if (order_id := _order_of(event))}
    while left:
        kept = await orders.read(left.keys())
        batch = _Batch(kept, left, known, profiles)
        await batch.look_up()
        done = await ledger.post(await batch.requests(now=now), now=now)
        for answer in done:
            if isinstance(answer, HubError):
                raise answer
        newest = await orders.revs(kept.keys())
        left = {it: left[it] for it, rev in newest.items() if rev != kept[it].rev}


def _order_of(event: Event) -> UUID | None:
    """Name the order of which a trusted event tells. One that was set aside has changed nothing in it."""
    if event.name not in reading.EVENTS or event.trust is not Trust.SERVER:
        return None
    return reading.named(event)


class _Batch:
    """The orders of a batch, with whom they are of."""

    def __init__(
        self,
        kept: Mapping[UUID, Kept],
        causes: Mapping[UUID, Event],
        known: Known,
        profiles: Mapping[UUID, Profile],
    ) -> None:
        self._kept = kept
        self._causes = causes
        self._known = known
        self._heads = {own_id: it for it in profiles.values() for own_id in it.own_ids}
        self._tiers = Tiers()

    async def look_up(self) -> None:
        """Read the profiles that are not of this batch, and where they stand."""
        wanted = {owner for it in self._kept.values() for owner in _owners(it)}
        if missing := wanted - self._heads.keys():
            self._heads |= await profiles_store.heads(missing)
        members = {self._heads[it].id for it in wanted & self._heads.keys()}
        self._tiers = await ranking.load(self._known.questions.values(), members)

    async def requests(self, *, now: datetime) -> list[Request]:
        """Ask for a posting for each order and program, and each owner whom it has had."""
        found = [it for order_id in self._kept for it in await self._of_order(order_id, now)]
        return [_request(it, difference, now) for it, difference in zip(found, await capped(found, now), strict=True)]

    async def _of_order(self, order_id: UUID, now: datetime) -> list[Owed]:
        kept = self._kept[order_id]
        order, contents = kept.order, kept.order.contents
        if contents is None or order.completed_at is None:
            return []
        active = {
            version: questions
            for version, questions in self._known.at(order.completed_at).items()
            if order.source != IMPORT.id or questions.program.imports
        }
        head = self._heads.get(contents.profile_id)
        number = 1
        if head and any(it.counts for it in active.values()):
            number = await history.number_of(order, head.own_ids)
        owners = self._by_head(_owners(kept))
        found = []
        for version, questions in active.items():
            tier = self._tiers.at(version.name, head.id if head else None, order.completed_at)
            facts = questions.facts_of(contents.profile_id, head, now, number=number, tier=tier)
            for owner, own_ids in owners.items():
                is_theirs = contents.profile_id in own_ids
                whose = own_ids if len(owners) > 1 else None
                difference = Difference(questions, order, kept.rev, facts, owners=whose, is_theirs=is_theirs)
                found.append(Owed(version, owner, own_ids, difference, self._causes[order_id]))
        return found

    def _by_head(self, owners: Iterable[UUID]) -> dict[UUID, Sequence[UUID]]:
        """Give to each owner all the ids that are the same person's. Who is erased is nobody's owner any more."""
        found: dict[UUID, Sequence[UUID]] = {}
        for owner in owners:
            head = self._heads.get(owner)
            if head is not None and not any(owner in own_ids for own_ids in found.values()):
                found[owner] = head.own_ids
        return found


def _request(owed: Owed, difference: Difference, now: datetime) -> Request:
    said, origin = difference.order.contents, origin_of(difference.order)
    key = f"earn/{origin}/{difference.rev}"
    about = About(
        cause=str(owed.cause.id),
        channel=said.channel if said else None,
        store=said.store_id if said else None,
        brand=difference.questions.program.brand,
        detail={VERSION: owed.version.number, **difference.detail},
    )
    return Request(
        program=owed.version.name,
        owner=owed.owner,
        key=key if difference.is_theirs else f"{key}/{owed.owner}",
        decide=difference,
        about=about,
        at=now,
        origins=[origin],
    )


def _owners(kept: Kept) -> dict[UUID, None]:
    """Name whose an order is, and then whose it was."""
    said = kept.order.contents
    return dict.fromkeys([*([said.profile_id] if said else []), *kept.told])
