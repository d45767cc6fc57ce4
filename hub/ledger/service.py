"""The service of the ledger: requests become postings, each once under its key, whoever else works on the same purse.

The order is fixed: read the purse, then look keys and origins up among the copied postings, then write at the revision
that was read. The other way round, a posting that is flushed in between would be done twice.
"""

import asyncio
import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from hub.kit.errors import HubError
from hub.ledger import flushing, ledger, parts, store, turns
from hub.ledger.errors import Crowded, KeyReused
from hub.ledger.model import About, Born, Entry, Past, Posting, Purse, Wallet, posting_id, purse_id
from hub.ledger.moves import Move
from hub.ledger.page import in_ms

WAIT_SECONDS: Final = 10.0
"""How long to try again where others work on the same purse."""
TAKEN_ALONG: Final = 8
"""So many postings in an outbox are copied out by the next one; a flusher would do it at a write of its own."""

_PAUSE_SECONDS: Final = 0.02

Decide: TypeAlias = Callable[[Purse, Past], Sequence[Move]]


@dataclass(frozen=True, slots=True)
class Request:
    """A posting that is asked for.

    Attributes:
        program, owner: whose purse. The owner is the one that the cause names, so the same at every retry: the ledger
            finds the purse that has taken it over.
        key: natural, such as `earn/order/SOURCE/ID`. Under one key there is one posting in a program, for ever.
        decide: from the purse, and the past postings about `origins`, oldest first, to the moves. It is pure and may be
            called several times. It refuses by raising a HubError. No moves: nothing is posted.
        about: what it is for.
        at: when it holds: by it is judged what is pending, usable or expired.
        body: what is asked for, as the caller writes it down. Under the same key another one is refused.
        origins: whose past `decide` wants to see.
        born: rows that come to be with the posting.
    """

    program: str
    owner: UUID
    key: str
    decide: Decide
    about: About
    at: datetime
    body: str = ""
    origins: Collection[str] = ()
    born: Sequence[Born] = ()

    @property
    def posting(self) -> UUID:
        """The id of the posting."""
        return posting_id(self.program, self.key)

    @property
    def digest(self) -> str:
        """Of its body."""
        return hashlib.sha256(self.body.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a request.

    Attributes:
        posting: None where there was nothing to move.
        purse: as it was right after it; of one that was posted before, as it is now.
        replayed: it was posted before.
    """

    posting: Posting | None
    purse: Purse
    replayed: bool = False

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Its entries."""
        return self.posting.entries if self.posting else ()


Answer: TypeAlias = Posted | HubError


def fixed(*moves: Move) -> Decide:
    """Decide for the same moves whatever the purse is like."""
    return lambda _purse, _past: moves


async def post(requests: Sequence[Request], *, now: datetime) -> list[Answer]:
    """Post, each request once under its key, and each by itself: one that is refused touches no other.

    Requests about the same purse are done in their order. Answered is when the majority has all of it in the journal.

    Args:
        requests: up to some thousands.
        now: the time of booking.

    Returns:
        What became of each, in their order. Of errors: InsufficientPoints and its like, KeyReused, Crowded, and what
        `decide` raises as a HubError. Nothing of such a request was moved.
    """
    async with turns.taken([purse_id(it.program, it.owner) for it in requests]):
        return await _posted(requests, now=now)


async def _posted(requests: Sequence[Request], *, now: datetime) -> list[Answer]:
    answers: dict[int, Answer] = {}
    tried: set[UUID] = set()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while left := [place for place in range(len(requests)) if place not in answers]:
        if tried and loop.time() >= deadline:
            return [answers.get(place) or Crowded() for place in range(len(requests))]
        programs: defaultdict[str, list[int]] = defaultdict(list)
        for place in left:
            programs[requests[place].program].append(place)
        for program, places in programs.items():
            answers |= await _tried(program, {place: requests[place] for place in places}, tried, now)
        if len(answers) < len(requests):
            await asyncio.sleep(random.random() * _PAUSE_SECONDS)  # noqa: S311 - only so that they do not meet again
    return [answers[place] for place in range(len(requests))]


async def post_one(request: Request, *, now: datetime) -> Posted:
    """Post one request.

    Raises:
        HubError: it was refused; see `post`.
    """
    (answer,) = await post([request], now=now)
    if isinstance(answer, HubError):
        raise answer
    return answer


async def purses(program: str, owners: Collection[UUID]) -> dict[UUID, Purse]:
    """Read what these owners have in a program. Who has nothing has an empty purse."""
    return await store.load(program, owners)


@dataclass(slots=True)
class _Draft:
    """A purse as it was read and as it is to be, with the answers that hold if it is written."""

    before: Purse
    after: Purse
    answers: dict[int, Answer] = field(default_factory=dict)

    @property
    def added(self) -> tuple[Posting, ...]:
        """The new postings."""
        return self.after.outbox[len(self.before.outbox) :]


async def _tried(program: str, requests: Mapping[int, Request], tried: set[UUID], now: datetime) -> dict[int, Answer]:
    """Try once. Left out of the answers are those whose purse was changed meanwhile."""
    read = await store.load(program, {it.owner for it in requests.values()})
    # Those about one purse stay together, in their order. By what was read: several owners may have one purse.
    of_purse: defaultdict[UUID, dict[int, Request]] = defaultdict(dict)
    for place, request in requests.items():
        of_purse[read[request.owner].id][place] = request

    async def do(some: Sequence[Mapping[int, Request]]) -> dict[int, Answer]:
        mine = {place: request for it in some for place, request in it.items()}
        origins = {origin for it in mine.values() for origin in it.origins}
        round_ = _Round(read, await store.postings({it.posting for it in mine.values()}, program, origins), tried)
        for place, request in mine.items():
            round_.draft(place, request, now=now)
        return await round_.write(now=now)

    done = await parts.of_each(do, list(of_purse.values()))
    return {place: answer for answers in done for place, answer in answers.items()}


class _Round:
    """One try: what was read, and the drafts that came of it."""

    def __init__(self, read: Mapping[UUID, Purse], copied: Mapping[UUID, Posting], tried: set[UUID]) -> None:
        self._read = read
        self._copied = copied
        self._tried = tried
        self._by_origin: defaultdict[str, list[Posting]] = defaultdict(list)
        for posting in copied.values():
            for origin in posting.origins:
                self._by_origin[origin].append(posting)
        self._drafts: dict[UUID, _Draft] = {}

    def draft(self, place: int, request: Request, *, now: datetime) -> None:
        """Decide on a request, after those before it."""
        purse = self._read[request.owner]
        draft = self._drafts.setdefault(purse.id, _Draft(purse, purse))
        draft.answers[place] = self._replayed(draft.after, request) or self._posted(draft, request, now)

    async def write(self, *, now: datetime) -> dict[int, Answer]:
        """Write what was decided. Left out of the answers are those whose purse was changed meanwhile."""
        changed = [it for it in self._drafts.values() if it.after is not it.before]
        same = [it for it in self._drafts.values() if it.after is it.before]
        self._tried |= {posting.id for it in changed for posting in it.added}
        # Of the changed ones some may be written and others not: the next look finds their postings.
        done = self._drafts.values() if await _written(changed, now=now) else same
        return {place: answer for it in done for place, answer in it.answers.items()}

    def _replayed(self, purse: Purse, request: Request) -> Answer | None:
        done = self._copied.get(request.posting) or next((it for it in purse.outbox if it.id == request.posting), None)
        if done is None:
            return None
        if done.digest != request.digest:
            return KeyReused(done.id)
        return Posted(done, purse, replayed=done.id not in self._tried)

    def _posted(self, draft: _Draft, request: Request, now: datetime) -> Answer:
        purse = draft.after
        try:
            moves = request.decide(purse, self._past(purse, request.origins))
            wallets, entries = ledger.applied(purse, moves, request.posting, now=request.at)
        except HubError as error:
            return error
        if not entries and not request.born:
            return Posted(None, purse)
        posting = booked(request, purse, wallets, entries, now=now)
        draft.after = purse.with_posting(posting, wallets)
        return Posted(posting, draft.after)

    def _past(self, purse: Purse, origins: Collection[str]) -> Past:
        copied = (it for origin in origins for it in self._by_origin[origin])
        boxed = (it for it in purse.outbox if not it.origins.isdisjoint(origins))
        found = {it.id: it for it in (*copied, *boxed)}
        return sorted(found.values(), key=lambda it: (it.booked_at, it.number))


def booked(
    request: Request, purse: Purse, wallets: Mapping[str, Wallet], entries: tuple[Entry, ...], *, now: datetime
) -> Posting:
    """Make the next posting of a purse."""
    return Posting(
        id=request.posting,
        program=purse.program,
        owner=purse.owner,
        number=purse.numbered + 1,
        digest=request.digest,
        at=in_ms(request.at),
        booked_at=in_ms(now),
        about=request.about,
        entries=entries,
        balances={currency: it.balance for currency, it in wallets.items()},
        born=tuple(request.born),
    )


async def _written(changed: Sequence[_Draft], *, now: datetime) -> bool:
    """Write drafts. What waits in their outboxes goes along where that is cheaper than by itself."""
    few = TAKEN_ALONG if len(changed) == 1 else 1
    waiting = [posting for it in changed if len(it.before.outbox) >= few for posting in it.before.outbox]
    if waiting:
        await flushing.copy_out(waiting)
    writes = [
        (it.before, replace(it.after, outbox=it.added) if len(it.before.outbox) >= few else it.after) for it in changed
    ]
    return await store.save(writes, now=now)
