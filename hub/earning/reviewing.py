"""Reviews earn while they are shown: what a rule for `Review Approved` gave is taken back when they are shown no more.

Approved again, a review is given what it lacks, and never more. There is no document of that: the ledger is the memory.
Each review and rule is an origin of its own, so that what was earned is found when the rule was changed or deleted.
Only the hub says it: a source that calls a review approved would have it earn again what the hub has approved.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.earning import doing, ranking
from hub.earning.buying import Known
from hub.earning.difference import FACTS, VERSION
from hub.earning.doing import Reward
from hub.events.model import Event
from hub.kit.errors import HubError
from hub.ledger import model
from hub.ledger import service as ledger
from hub.ledger.model import About, Past, Purse
from hub.ledger.moves import Earn, Move, Reach, TakeBack
from hub.ledger.service import Request
from hub.profiles.model import Profile
from hub.programs.model import PerEvent, Wallet
from hub.reviews import store as reviews
from hub.reviews.model import APPROVED, REMOVED

SAME: Final = "same"
"""Under which a posting keeps what makes two reviews one to its rule."""

_MOVED: Final = frozenset({model.ISSUED, model.REVERSED})


def is_meant(event: Event) -> bool:
    """Tell whether an event says that a review is shown, or is shown no more, whoever says it."""
    return event.name in {APPROVED, REMOVED}


def is_believed(event: Event) -> bool:
    """Tell whether it is the hub that says so."""
    return is_meant(event) and event.about is not None


async def follow(events: Sequence[Event], profiles: Mapping[UUID, Profile], known: Known, *, now: datetime) -> None:
    """Post what reviews earn that are shown now, and take back what those have that are not. It may be repeated.

    The events come in their order, so that the last word on a review is the last here.

    Raises:
        HubError: the ledger could not do it now.
    """
    heads = {own_id: it for it in profiles.values() for own_id in it.own_ids}
    told = [(it, heads[it.profile_id]) for it in events if is_believed(it) and it.profile_id in heads]
    tiers = await ranking.load(known.questions.values(), {head.id for event, head in told if event.name == APPROVED})
    asked: list[Request] = []
    for event, head in told:
        if event.name == APPROVED:
            asked += await _given(event, head, list(doing.rewards(event, head, known, tiers, now)), now)
        else:
            asked += _taken_back(event, head, known, now)
    for answer in await ledger.post(asked, now=now) if asked else ():
        if isinstance(answer, HubError):
            raise answer


async def _given(event: Event, head: Profile, rewards: Sequence[Reward], now: datetime) -> list[Request]:
    """Ask for what the rules of then give for a review that is shown."""
    if not rewards:
        return []
    review = event.properties["review_id"]
    theirs = dict.fromkeys([review, *(str(it.id) for it in await reviews.of(head.own_ids))])
    named = [replace(it, named=_origin(review, it.rule.name)) for it in rewards]
    requests = []
    for reward, points in zip(named, await doing.granted(named, now), strict=True):
        rule = reward.rule
        # A rule that gives points each time gives them once for each review: shown again, it is not written again.
        each_time = isinstance(rule.gives, PerEvent) and not rule.gives.once and rule.gives.once_by is None
        same = f"review/{review}" if each_time else reward.deed.same
        detail = {VERSION: reward.version.number, FACTS: {"rule": rule.name}, SAME: same}
        about = About(cause=str(event.id), reason=rule.name, brand=reward.program.brand, detail=detail)
        decide = _giving(reward.earn(points) if points else None, same)
        origins = [_origin(it, rule.name) for it in theirs]
        key = f"earn/{rule.name}/{event.id}"
        requests.append(Request(reward.version.name, reward.owner, key, decide, about, now, origins=origins))
    return requests


def _giving(earn: Earn | None, same: str) -> Callable[[Purse, Past], Sequence[Move]]:
    def decide(purse: Purse, past: Past) -> Sequence[Move]:
        del purse
        held = _held(past)
        for posting in past:
            if posting.about.detail.get(SAME) == same and any(held.get(it.origin) for it in posting.entries):
                return ()  # it has its points, or another one has those of which there are only one
        return (earn,) if earn else ()  # none: there is no room under a cap

    return decide


def _taken_back(event: Event, head: Profile, known: Known, now: datetime) -> Iterator[Request]:
    """Ask for what a review has got by any rule that there was, of each purse that its author has or had."""
    for program, ever in _ever(known).items():
        for rule in ever.rules:
            origin = _origin(event.properties["review_id"], rule)
            about = About(cause=str(event.id), reason=rule, brand=ever.brand)
            for owner in head.own_ids:
                key = f"take back/{rule}/{event.id}/{owner}"
                yield Request(program, owner, key, _taking(owner, origin, ever.wallets), about, now, origins=[origin])


def _taking(owner: UUID, origin: str, wallets: Mapping[str, Wallet]) -> Callable[[Purse, Past], Sequence[Move]]:
    def decide(purse: Purse, past: Past) -> Sequence[Move]:
        del purse
        held = _held([it for it in past if it.owner == owner]).get(origin, {})
        return [
            TakeBack(currency, points, origin, Reach(wallets[currency].negative))
            for currency, points in held.items()
            if points > 0
        ]

    return decide


@dataclass(slots=True)
class _Ever:
    """What a program has ever had: its rules for events by their names, and its wallets as they are now."""

    brand: str = ""
    rules: list[str] = field(default_factory=list)
    wallets: dict[str, Wallet] = field(default_factory=dict)


def _ever(known: Known) -> dict[str, _Ever]:
    found: defaultdict[str, _Ever] = defaultdict(_Ever)
    for version, questions in sorted(known.questions.items(), key=lambda it: it[0].number):
        ever, program = found[version.name], questions.program
        ever.brand = program.brand
        ever.wallets |= program.wallets
        named = [it.name for it in program.rules.values() if isinstance(it.gives, PerEvent)]
        ever.rules = list(dict.fromkeys([*ever.rules, *named]))
    return found


def _held(past: Past) -> dict[str, dict[str, int]]:
    """Add up what each origin has got and still has, by wallet."""
    found: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for posting in past:
        for entry in posting.entries:
            if entry.account in _MOVED:
                found[entry.origin][entry.currency] -= entry.points
    return {origin: {it: points for it, points in each.items() if points} for origin, each in found.items()}


def _origin(review: str, rule: str) -> str:
    return f"review/{review}/{rule}"
