"""Simulating: what a program would have given for the orders of a past time, rule by rule. Nothing is posted.

Orders are gone through customer by customer, so that memory stays flat however many there are. What is true of a
customer is what is true now. Rules about events are left out, but for the visits that orders are.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.commerce import history
from hub.commerce.model import Order, SalesChannel
from hub.earning import asking, ranking, rooms, rules
from hub.earning.asking import Questions
from hub.earning.model import Facts
from hub.earning.ranking import Tiers
from hub.earning.rooms import Use, Uses
from hub.events.model import IMPORT
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.programs.model import PerEvent, PerVisit, Program

BATCH: Final = 500


@dataclass(slots=True)
class Outcome:
    """What a rule would have given: points, to so many orders, of so many members."""

    points: int = 0
    orders: int = 0
    members: int = 0


@dataclass(slots=True)
class Simulation:
    """What a program would have given.

    Attributes:
        program: the program.
        orders: how many orders there were.
        members: of how many customers.
        rules: what each rule gives; those about events are not in it.
        is_whole: whether all orders were counted.
    """

    program: Program
    orders: int = 0
    members: int = 0
    rules: dict[str, Outcome] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def points(self) -> dict[str, int]:
        """The points by wallet."""
        found: defaultdict[str, int] = defaultdict(int)
        for name, it in self.rules.items():
            found[self.program.rules[name].wallet] += it.points
        return dict(found)


async def simulate(
    program: Program, since: datetime, until: datetime, *, now: datetime, most: int | None = None
) -> Simulation:
    """Go through the orders that were completed from `since` until before `until`, as they are now.

    Args:
        program: which may be a draft, or no version at all.
        since: from when on.
        until: before when.
        now: as of when it is asked what is true of customers.
        most: how many orders to count at most; of more than these it is told that it is not the whole.
    """
    questions = Questions(program)
    counted = {name: Outcome() for name, it in program.rules.items() if not isinstance(it.gives, PerEvent)}
    found = Simulation(program, rules=counted)
    member: _Member | None = None
    async for batch in _batches(since, until):
        owners = {it.contents.profile_id for it in batch if it.contents}
        heads = await profiles_store.heads(owners)
        tiers = await ranking.load([questions], {it.id for it in heads.values()})
        for order in batch:
            if order.contents is None or order.completed_at is None:
                continue
            if order.source == IMPORT.id and not program.imports:
                continue
            if found.orders == most:
                found.is_whole = False
                return found
            found.orders += 1
            owner = order.contents.profile_id
            if member is None or member.id != owner:
                member = await _member(questions, order, heads.get(owner), now)
                found.members += 1
            member.count(order, tiers, found.rules)
    return found


async def _batches(since: datetime, until: datetime) -> AsyncIterator[list[Order]]:
    batch: list[Order] = []
    async for order in history.by_customer(since, until):
        batch.append(order)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


async def _member(questions: Questions, first: Order, head: Profile | None, now: datetime) -> "_Member":
    number = 1
    if questions.counts and head is not None:
        number = await history.number_of(first, head.own_ids)
    owner = first.contents.profile_id if first.contents else first.id
    return _Member(owner, questions, head, questions.facts_of(owner, head, now), number)


@dataclass(slots=True)
class _Member:
    """A customer whose orders are gone through."""

    id: UUID
    questions: Questions
    head: Profile | None
    facts: Facts
    number: int
    uses: dict[str, Uses] = field(default_factory=dict)
    visits: set[tuple[str, str]] = field(default_factory=set)
    given: set[str] = field(default_factory=set)

    def count(self, order: Order, tiers: Tiers, outcomes: Mapping[str, Outcome]) -> None:
        """Add what an order gives to what each rule has given."""
        program, at = self.questions.program, order.completed_at
        if at is None or order.contents is None:
            return
        tier = tiers.at(program.name, self.head.id if self.head else None, at)
        facts = Facts(self.facts.member, self.number, tier, self.facts.held)
        wanted = {it.rule: it.points for it in rules.award(self.questions, order, facts).given}
        granted = {name: self._granted(name, order, at, points) for name, points in wanted.items()}
        final = rules.award(self.questions, order, facts, {it: granted[it] for it in granted if program.rules[it].caps})
        points = {it.rule: it.points for it in final.given} | self._visits(order, at, facts)
        for name, got in points.items():
            if got:
                outcomes[name].points += got
                outcomes[name].orders += 1
                outcomes[name].members += name not in self.given
                self.given.add(name)
        self.number += order.cancelled_at is None

    def _granted(self, name: str, order: Order, at: datetime, points: int) -> int:
        rule, zone = self.questions.program.rules[name], self.questions.program.zone
        if not rule.caps:
            return points
        uses = self.uses.get(name, Uses({}))
        use = rooms.granted(uses, Use(str(order.id), at, 1, points, 0), rule.caps, zone)
        self.uses[name] = rooms.with_use(uses, use, at)
        return use.points

    def _visits(self, order: Order, at: datetime, facts: Facts) -> dict[str, int]:
        """Tell what an order gives as a visit: once a day and store."""
        said, program = order.contents, self.questions.program
        if said is None or said.store_id is None or said.channel not in {None, SalesChannel.POS}:
            return {}
        value = asking.of_order(said, at, facts, program.zone)
        found: dict[str, int] = {}
        for rule in program.rules.values():
            visit = (rule.name, f"{said.store_id}/{at.astimezone(program.zone).date()}")
            if not isinstance(rule.gives, PerVisit) or visit in self.visits:
                continue
            sampled = rules.is_sampled(program.name, rule.name, facts.member, rule.sample)
            if sampled and self.questions.hold(rule.where, value, at, facts):
                self.visits.add(visit)
                found[rule.name] = self._granted(rule.name, order, at, rule.gives.points)
        return found
