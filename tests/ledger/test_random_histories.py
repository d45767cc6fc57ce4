"""Whatever is done in whatever order, the ledger says what slips of paper say, and its books agree with themselves."""

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from hub.database import Database
from hub.kit import ids
from hub.kit.errors import HubError
from hub.ledger import flushing, gathering, ledger, model, moving, scanning, service, store, verifying
from hub.ledger.errors import HoldOver, InsufficientPoints, KeyReused, NoSuchHold
from hub.ledger.model import About, Purse
from hub.ledger.moves import (
    Activate,
    Adjust,
    Capture,
    Earn,
    Exchange,
    Expire,
    Extend,
    Move,
    Rate,
    Reach,
    Release,
    Reserve,
    Restore,
    Rounding,
    Spend,
    TakeBack,
)
from hub.ledger.moving import SamePurse, Transfer
from hub.ledger.service import Request
from tests.ledger.holding import NOON
from tests.ledger.plain import Paper, Slip

EXAMPLES = 20 * int(os.environ.get("HUB_CHAOS_ROUNDS", "1"))
PEOPLE = 3
HALF = Rate(2, 1, Rounding.DOWN)

number = some.integers(0, 7)
points = some.integers(1, 12)
currency = some.sampled_from(["points", "stars"])
days = some.none() | some.integers(0, 20)
person = some.integers(0, PEOPLE - 1)
operation = some.one_of(
    some.tuples(some.just("earn"), person, currency, points, days, days),
    some.tuples(some.sampled_from(["spend", "adjust"]), person, currency, points),
    some.tuples(some.just("reserve"), person, currency, points, some.integers(0, 20)),
    some.tuples(some.sampled_from(["capture", "release", "restore", "activate"]), number),
    some.tuples(some.just("extend"), number, days),
    some.tuples(some.just("take_back"), number, points, some.sampled_from(Reach)),
    some.tuples(some.just("expire"), person, currency),
    some.tuples(some.just("exchange"), person, points),
    some.tuples(some.just("transfer"), person, person, currency, points),
    some.tuples(some.just("merge"), person, person),
    some.tuples(some.just("flush"), person),
    some.tuples(some.sampled_from(["again", "another body"]), number),
    some.tuples(some.just("wait"), some.integers(1, 15)),
)


@dataclass
class History:
    """One program in which three people live, and the same on paper."""

    program: str
    people: list[UUID]
    now: datetime = NOON
    paper: Paper = field(default_factory=Paper)
    head: dict[UUID, UUID] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    earned: list[tuple[UUID, str, str, UUID]] = field(default_factory=list)
    holds: list[tuple[UUID, str, str, UUID]] = field(default_factory=list)
    spent: list[tuple[UUID, str, str]] = field(default_factory=list)

    def of(self, owner: UUID) -> UUID:
        while owner in self.head:
            owner = self.head[owner]
        return owner

    async def post(self, owner: UUID, *moves: Move, decide: service.Decide | None = None, origin: str = "") -> Any:
        key, body = f"{len(self.asked)}", repr(moves) + origin
        request = Request(
            self.program, owner, key, decide or service.fixed(*moves), About(key), self.now, body, [origin]
        )
        self.asked.append(request)
        (answer,) = await service.post([request], now=self.now)
        if isinstance(answer, service.Posted) and answer.posting is not None:
            assert not answer.replayed
        return answer

    def next_posting(self) -> UUID:
        return model.posting_id(self.program, f"{len(self.asked)}")

    # --- what may happen ---

    async def earn(self, who: int, currency: str, points: int, pending: int | None, lasts: int | None) -> None:
        owner, origin = self.people[who], f"order {len(self.asked)}"
        usable = None if pending is None else self.now + timedelta(days=pending)
        expires = None if lasts is None else self.now + timedelta(days=lasts + (pending or 0) + 1)
        lot, at, head = model.lot_id(self.next_posting()), self.now, self.of(owner)
        self.earned.append((owner, currency, origin, lot))
        await self.post(owner, Earn(currency, points, origin, usable, expires))
        self.paper.earn(points, lambda: Slip(head, currency, lot, origin, at, usable, expires))
        self.paper.settle(head, currency, self.now)

    async def spend(self, who: int, currency: str, points: int) -> None:
        await self._spend(who, currency, points, "spend")

    async def adjust(self, who: int, currency: str, points: int) -> None:
        await self._spend(who, currency, points, "adjust")

    async def _spend(self, who: int, currency: str, points: int, how: str) -> None:
        owner, origin = self.people[who], f"cup {len(self.asked)}"
        spend = Spend(currency, points, origin) if how == "spend" else Adjust(currency, -points, origin)
        slips = self._taken(await self.post(owner, spend), self.of(owner), currency, points, how)
        if slips and how == "spend":
            self.paper.spent[origin] = slips
            self.spent.append((owner, currency, origin))

    def _taken(self, answer: Any, head: UUID, currency: str, points: int, place: object) -> list[Slip]:
        available = self.paper.available(head, currency, self.now)
        if available < points:
            assert isinstance(answer, InsufficientPoints)
            assert (answer.available, answer.requested) == (available, points)
            return []
        assert isinstance(answer, service.Posted), answer
        self.paper.settle(head, currency, self.now)
        slips = self.paper.take(head, currency, points, place, lambda it: it.usable(self.now))
        self.paper.settle(head, currency, self.now)
        return slips

    async def reserve(self, who: int, currency: str, points: int, lasts: int) -> None:
        owner, origin, until = self.people[who], f"voucher {len(self.asked)}", self.now + timedelta(days=lasts)
        hold = model.hold_id(self.next_posting())
        answer = await self.post(owner, Reserve(currency, points, origin, until))
        if slips := self._taken(answer, self.of(owner), currency, points, hold):
            self.paper.until[hold], self.paper.spent[origin] = until, slips
            self.holds.append((owner, currency, origin, hold))
            self.spent.append((owner, currency, origin))

    async def capture(self, which: int) -> None:
        await self._end_of_hold(which, Capture)

    async def release(self, which: int) -> None:
        await self._end_of_hold(which, Release)

    async def _end_of_hold(self, which: int, how: type[Capture | Release]) -> None:
        if not self.holds:
            return
        owner, currency, origin, hold = self.holds[which % len(self.holds)]
        answer = await self.post(owner, how(currency, hold))
        slips = [it for it in self.paper.slips if it.place == hold and it.owner == self.of(owner)]
        if not slips:
            assert isinstance(answer, NoSuchHold)
        elif how is Capture and self.paper.until[hold] <= self.now:
            assert isinstance(answer, HoldOver)
        elif how is Capture:
            for slip in slips:
                slip.place = "spent"
            self.paper.settle(self.of(owner), currency, self.now)
        else:
            self.paper.spent[origin] = []
            self.paper.back(slips)
            self.paper.settle(self.of(owner), currency, self.now)

    async def restore(self, which: int) -> None:
        """Give back half of what was spent for something, if it is not held any more."""
        if not self.spent:
            return
        owner, currency, origin = self.spent[which % len(self.spent)]
        slips = [it for it in self.paper.spent[origin] if it.place in {"spend", "spent"}]

        def decide(purse: Purse, past: model.Past) -> list[Move]:
            if any(it.origin == origin for it in purse.wallet(currency).holds):
                return []
            draws = ledger.taken(past, currency, origin)
            assert sum(it.points for it in draws) == len(slips)
            half = tuple(replace(it, points=(it.points + 1) // 2) for it in draws)
            return [Restore(currency, half, origin)] if half else []

        if any(isinstance(it.place, UUID) for it in self.paper.spent[origin]):
            return
        answer = await self.post(owner, decide=decide, origin=origin)
        assert isinstance(answer, service.Posted), answer
        for lot, count in Counter(it.lot for it in slips).items():
            half = [it for it in slips if it.lot == lot][: (count + 1) // 2]
            for slip in half:
                slip.owner = self.of(owner)
            self.paper.back(half)
        self.paper.settle(self.of(owner), currency, self.now)

    async def activate(self, which: int) -> None:
        if not self.earned:
            return
        owner, currency, origin, _ = self.earned[which % len(self.earned)]
        await self.post(owner, Activate(currency, origin, self.now))
        slips = self.paper.open(self.of(owner), currency)
        pending = [it for it in slips if it.origin == origin and not it.matured(self.now)]
        for slip in pending:
            slip.usable_at = self.now
        if pending:
            self.paper.settle(self.of(owner), currency, self.now)

    async def extend(self, which: int, lasts: int | None) -> None:
        if not self.earned:
            return
        owner, currency, _, lot = self.earned[which % len(self.earned)]
        until = None if lasts is None else self.now + timedelta(days=lasts)
        answer = await self.post(owner, Extend(currency, lot, until))
        slips = [it for it in self.paper.open(self.of(owner), currency) if it.lot == lot]
        assert isinstance(answer, service.Posted) == bool(slips)
        changed = [it for it in slips if it.expires_at != until]
        for slip in changed:
            slip.expires_at = until
        if changed:
            self.paper.settle(self.of(owner), currency, self.now)

    async def take_back(self, which: int, points: int, reach: Reach) -> None:
        if not self.earned:
            return
        owner, currency, origin, _ = self.earned[which % len(self.earned)]
        head, now, paper = self.of(owner), self.now, self.paper
        await self.post(owner, TakeBack(currency, points, origin, reach))
        pending = reach is Reach.ONLY_PENDING
        own = lambda it: it.origin == origin and not (pending and it.matured(now))  # noqa: E731
        left = points - len(paper.take(head, currency, points, "back", own))
        if not pending:
            left -= len(paper.take(head, currency, left, "back", lambda it: it.usable(now)))
        if reach is Reach.NEGATIVE:
            paper.owed[head, currency] += left
        paper.settle(head, currency, now)

    async def expire(self, who: int, currency: str) -> None:
        owner = self.people[who]
        head = self.of(owner)
        await self.post(owner, Expire(currency))
        self.paper.settle(head, currency, self.now)
        over = lambda it: it.expires_at is not None and it.expires_at <= self.now  # noqa: E731
        self.paper.take(head, currency, len(self.paper.slips), "expired", over)

    async def exchange(self, who: int, points: int) -> None:
        owner, origin, at = self.people[who], f"exchange {len(self.asked)}", self.now
        head, lot = self.of(owner), model.lot_id(self.next_posting())
        if points < 2:
            return
        answer = await self.post(owner, Exchange("points", "stars", points, HALF, origin))
        if self._taken(answer, head, "points", points, "exchanged"):
            self.paper.earn(points // 2, lambda: Slip(head, "stars", lot, origin, at, at, None))
            self.paper.settle(head, "stars", at)

    async def transfer(self, giver: int, taker: int, currency: str, points: int) -> None:
        one, other = self.people[giver], self.people[taker]
        key = f"gift {len(self.asked)}"
        self.asked.append(Request(self.program, one, key, service.fixed(), About(key), self.now))
        gift = Transfer(self.program, one, other, key, currency, points, About(key), self.now)
        try:
            answer: Any = (await moving.move(gift, now=self.now))[0]
        except SamePurse:
            assert self.of(one) == self.of(other)
            return
        except HubError as error:
            answer = error
        slips = self._taken(answer, self.of(one), currency, points, "moving")
        for slip in slips:
            slip.owner = self.of(other)
        self.paper.back(slips)
        self.paper.settle(self.of(other), currency, self.now)

    async def merge(self, head: int, absorbed: int) -> None:
        one, other = self.people[head], self.people[absorbed]
        if self.of(one) != one or self.of(other) != other or one == other or other in self.head.values():
            return
        await gathering.hand_over(other, one, now=self.now)
        self.head[other] = one
        slips = [it for it in self.paper.slips if it.owner == other and (it.place == "open" or _is_held(it))]
        owed = Counter({currency: self.paper.owed.pop((other, currency), 0) for currency in ("points", "stars")})
        for slip in slips:
            slip.owner = one
        self.paper.back(it for it in slips if it.place == "open")
        for currency, count in owed.items():
            self.paper.owed[one, currency] += count
            self.paper.settle(one, currency, self.now)

    async def flush(self, who: int) -> None:
        await flushing.flush([self.people[who]])

    async def again(self, which: int) -> None:
        if self.asked:
            request = self.asked[which % len(self.asked)]
            known = await self._known(request)
            (answer,) = await service.post([request], now=self.now) if known else (None,)
            if known:
                assert isinstance(answer, service.Posted)
                assert answer.replayed

    async def another_body(self, which: int) -> None:
        if self.asked and await self._known(request := self.asked[which % len(self.asked)]):
            (answer,) = await service.post([replace(request, body="another")], now=self.now)
            assert isinstance(answer, KeyReused)

    async def _known(self, request: Request) -> bool:
        boxed = {it.id for who in self.people for it in (await scanning.read_one(self.program, who)).outbox}
        return request.posting in boxed or bool(await store.postings([request.posting], self.program, []))

    async def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    # --- what always holds ---

    async def check(self) -> None:
        purses = await service.purses(self.program, self.people)
        for owner in self.people:
            if self.of(owner) != owner:
                continue
            for currency in ("points", "stars"):
                wallet = purses[owner].wallet(currency)
                lots = {(it.terms.lot, it.terms.usable_at, it.terms.expires_at): it.left for it in wallet.lots}
                assert lots == dict(self.paper.lots(owner, currency))
                assert wallet.owed == self.paper.owed[owner, currency]
                assert {it.id: it.points for it in wallet.holds} == dict(self.paper.held(owner, currency))


def _is_held(slip: Slip) -> bool:
    return isinstance(slip.place, UUID)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes, and the history says enough
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=some.lists(operation, min_size=5, max_size=30))
async def test_after_every_step_of_a_random_history_the_ledger_says_what_slips_of_paper_say(
    operations: list[tuple[Any, ...]], database: Database
) -> None:
    history = History(str(ids.new_id()), [ids.new_id() for _ in range(PEOPLE)])
    for who in range(PEOPLE):  # what is posted to somebody absorbed who never had a purse waits for the keeper
        await history.earn(who, "stars", 1, 0, None)
    for name, *given_ in operations:
        step: Callable[..., Awaitable[None]] = getattr(history, name.replace(" ", "_"))
        await step(*given_)
        await history.check()

    assert (await verifying.verify()).differences == []
    await flushing.flush(history.people)
    assert (await verifying.verify()).differences == []
    for name in ("wallets", "postings"):
        await database[name].delete_many({})
