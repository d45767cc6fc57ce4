"""Events earn: a review, a referral, a visit. Each is a posting of its own, whose key says how often there is one.

`once` is one key for a member and rule, `once_by` one for each value, a visit one for each store and day; else each
event has its own. Who was merged has been there before under another id: that counts too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hub.commerce import reading
from hub.commerce.model import Order, SalesChannel
from hub.commerce.properties import BadOrder
from hub.conditions.evaluator import value_at
from hub.decisions.model import Decision, Reason
from hub.definitions import Version
from hub.earning import asking, ranking, rooms_store, rules
from hub.earning.asking import ORDER_COMPLETED, STORE_VISITED, Questions
from hub.earning.buying import Known
from hub.earning.difference import FACTS, VERSION
from hub.earning.ranking import Tiers
from hub.earning.rooms import KEPT, Use
from hub.earning.rooms_store import Asked
from hub.events.model import Event, Trust
from hub.kit.errors import HubError
from hub.ledger import service as ledger
from hub.ledger.model import About, Past, Purse
from hub.ledger.moves import Earn, Move
from hub.ledger.service import Request
from hub.profiles.model import Profile
from hub.programs import scope
from hub.programs.expiry import expires_at
from hub.programs.model import PerEvent, PerVisit, Program, Rule

LONGEST: Final = 255
"""How many characters a value has at most that tells one thing from another."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a rule may reward: when it happened, what may be asked of it, and what makes it the same again."""

    event: Event
    at: datetime
    value: Mapping[str, Any]
    same: str
    store: str | None = None


async def earn(events: Sequence[Event], profiles: Mapping[UUID, Profile], known: Known, *, now: datetime) -> None:
    """Post what trusted events earn. Repeating it changes nothing.

    Raises:
        HubError: the ledger could not do it now.
    """
    heads = {own_id: it for it in profiles.values() for own_id in it.own_ids}
    deeds = [
        (it, heads[it.profile_id])
        for it in events
        if it.name in known.deeds and it.trust is Trust.SERVER and it.profile_id in heads
    ]
    tiers = await ranking.load(known.questions.values(), {head.id for _, head in deeds})
    found = [reward for event, head in deeds for reward in rewards(event, head, known, tiers, now)]
    asked = [_request(reward, points, now) for reward, points in zip(found, await granted(found, now), strict=True)]
    for answer in await ledger.post(asked, now=now) if asked else ():
        if isinstance(answer, HubError):
            raise answer


def untrusted(events: Sequence[Event], known: Known, *, now: datetime) -> list[Decision]:
    """Say of events that would earn if they had been told by whom the hub believes that they do not."""
    return [
        Decision(event.profile_id, f"earn {version.name}", str(event.id), Reason.UNTRUSTED_SOURCE, now)
        for event in events
        if event.profile_id is not None
        for version, questions in known.at(event.at).items()
        if event.name in {*questions.deeds, ORDER_COMPLETED}
    ]


def rewards(event: Event, head: Profile, known: Known, tiers: Tiers, now: datetime) -> "Iterator[Reward]":
    """List what the rules of then give for an event of somebody."""
    visit = _visit(event)
    for version, questions in known.at(visit.at if visit else event.at).items():
        if event.is_history and not questions.program.imports:
            continue
        tier = tiers.at(version.name, head.id, event.at)
        facts = questions.facts_of(head.id, head, now, tier=tier)
        for rule in questions.program.rules.values():
            deed = _deed(rule, event, visit, questions)
            if deed is None or not rules.is_sampled(version.name, rule.name, head.id, rule.sample):
                continue
            value = {**deed.value, scope.MEMBER: {"tier": facts.tier}}
            if questions.hold(rule.where, value, deed.at, facts):
                yield Reward(version, questions.program, rule, deed, head)


def _deed(rule: Rule, event: Event, visit: Deed | None, questions: Questions) -> Deed | None:
    """Say what an event is to a rule: None where it is nothing."""
    zone = questions.program.zone
    match rule.gives:
        case PerVisit() if visit is not None:
            day = visit.at.astimezone(zone).date().isoformat()
            value = {**visit.value, scope.ORDER: asking.when(visit.at, zone)}
            return Deed(event, visit.at, value, f"{visit.same}/{day}", visit.store)
        case PerEvent(name, once=once, once_by=path) if name == event.name:
            value = {scope.PROPERTIES: event.properties, scope.ORDER: asking.when(event.at, zone)}
            same = "" if once else f"event/{event.id}"
            if path is not None:
                found = value_at(path, value)
                if found is None or isinstance(found, dict | list):
                    return None
                same = f"{path[-1]}/{str(found)[:LONGEST]}"
            return Deed(event, event.at, value, same, _text(event.properties.get("store_id")))
    return None


def _visit(event: Event) -> Deed | None:
    """Read a visit to a store: an event that tells of one, or an order that was paid at its till."""
    if event.name == STORE_VISITED:
        store = _text(event.properties.get("store_id"))
        at, value = event.at, {scope.PROPERTIES: event.properties}
    elif event.name == ORDER_COMPLETED and (order := _order(event)) and order.contents and order.completed_at:
        said = order.contents
        store = said.store_id if said.channel in {None, SalesChannel.POS} else None
        at = order.completed_at
        value = {scope.PROPERTIES: event.properties}
    else:
        return None
    return Deed(event, at, value, f"store/{store}", store) if store else None


def _order(event: Event) -> Order | None:
    try:
        return reading.read(event)
    except BadOrder:
        return None


def _text(value: object) -> str | None:
    return value[:LONGEST] if isinstance(value, str) and value else None


@dataclass(frozen=True, slots=True)
class Reward:
    """What a rule of a program gives for a deed of somebody.

    `named` is the origin of the points, where it is not made of the deed.
    """

    version: Version
    program: Program
    rule: Rule
    deed: Deed
    head: Profile
    named: str = ""

    @property
    def owner(self) -> UUID:
        """Whose deed it is, as the event was stamped."""
        return self.deed.event.profile_id or self.head.id

    @property
    def points(self) -> int:
        """How many points it gives without caps."""
        return self.rule.gives.points if isinstance(self.rule.gives, PerEvent | PerVisit) else 0

    def origin(self, owner: UUID) -> str:
        """Name it as the origin of points, as a deed of this profile."""
        return self.named or "/".join(filter(None, ("rule", self.rule.name, str(owner), self.deed.same)))

    def earn(self, points: int) -> Earn:
        """Give the lot that it makes."""
        wallet, at = self.program.wallets[self.rule.wallet], self.deed.at
        usable = at + timedelta(days=wallet.pending_days)
        over = expires_at(wallet.expiry, at, usable, self.program.zone)
        return Earn(wallet.name, points, self.origin(self.owner), usable, over)


async def granted(rewards: Sequence[Reward], now: datetime) -> list[int]:
    """Tell how many points each gives: those of capped rules as many as there is room for."""
    capped = [place for place, it in enumerate(rewards) if it.rule.caps and now - it.deed.at <= KEPT]
    asked = [
        Asked(
            it.program.name,
            it.rule.name,
            it.head.own_ids,
            Use(it.origin(it.owner), it.deed.at, 1, it.points, 0),
            it.rule.caps,
            it.program.zone,
        )
        for it in (rewards[place] for place in capped)
    ]
    rooms = dict(zip(capped, await rooms_store.grant(asked, now=now), strict=True))
    return [rooms.get(place, it.points) for place, it in enumerate(rewards)]


def _request(reward: Reward, points: int, now: datetime) -> Request:
    def decide(purse: Purse, past: Past) -> Sequence[Move]:
        del purse
        if not points or any(FACTS in it.about.detail for it in past):
            return ()  # they had it under another id, or there is no room
        return (reward.earn(points),)

    deed = reward.deed
    about = About(
        cause=str(deed.event.id),
        reason=reward.rule.name,
        store=deed.store,
        brand=reward.program.brand,
        detail={VERSION: reward.version.number, FACTS: {"rule": reward.rule.name}},
    )
    origins = [reward.origin(own_id) for own_id in reward.head.own_ids]
    key = f"earn/{reward.origin(reward.owner)}"
    return Request(reward.version.name, reward.owner, key, decide, about, now, origins=origins)
