"""The use case of cards: one read for many customers, the same for every channel that shows one.

It reads what the queries of tiers, wallets, rewards and vouchers read, so a card says what they say.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.card.model import Card, CardReward, Expiring, NextTier, Points, Tier
from hub.kit.languages import by_nearness
from hub.ledger import service as ledger
from hub.ledger.model import Purse, Wallet
from hub.profiles.model import Profile
from hub.programs import service as programs
from hub.programs.model import Program, WalletKind
from hub.programs.tiers import Level
from hub.rewards import offering, standing
from hub.rewards import service as rewards
from hub.rewards.model import Reason
from hub.rewards.offering import Offered
from hub.tiers import rules
from hub.tiers import service as tiers
from hub.tiers.model import Standing
from hub.vouchers import listing


async def active() -> list[Program]:
    """Give the programs that are active, by name."""
    return (await programs.current()).newest_of_all()


async def program_named(name: str | None) -> Program | None:
    """Give an active program, the first by name where none is asked for. None: there is none."""
    return next((it for it in await active() if name in {None, it.name}), None)


def meant(active: Sequence[Program], brand: str, named: object) -> Program | None:
    """Give the program that a message is about: the one that its event names, else the first one of its brand.

    Args:
        active: the programs, by name.
        brand: of the message.
        named: what the event says in `program`, whatever that is.
    """
    of_event = [it for it in active if it.name == named]
    return next(iter(of_event or [it for it in active if it.brand == brand]), None)


async def cards(profiles: Collection[Profile], program: Program, *, now: datetime) -> dict[UUID, Card]:
    """Give the card of each of these customers in a program, by their id.

    Args:
        profiles: heads, read whole: a reward may be for those with some trait or segment.
        program: the version that holds.
        now: the time.
    """
    purses = await ledger.purses(program.name, [it.id for it in profiles])
    standings = await tiers.standings_of(program, profiles)
    offers = await _offered(profiles, program, purses, now=now)
    vouchers = await listing.open_counts([it.own_ids for it in profiles], now=now)
    return {
        it.id: Card(
            program=program.name,
            label=_nearest(program.texts, it.language),
            tier=_tier(program, standings[it.id], it.language),
            next_tier=_next_tier(program, standings[it.id], purses[it.id], it.language, now=now),
            points=_points(program, purses[it.id], it.language, now=now),
            next_reward=_next_reward(offers[it.id], it.language),
            rewards=tuple(_reward(offer, it.language) for offer in offers[it.id] if not offer.reasons),
            open_vouchers=vouchers[it.own_ids],
        )
        for it in profiles
    }


async def _offered(
    profiles: Collection[Profile], program: Program, purses: Mapping[UUID, Purse], *, now: datetime
) -> dict[UUID, list[Offered]]:
    """Tell how each customer stands to the rewards that cost points of a program, or none, by name."""
    shown = await rewards.shown()
    known = [it for it in shown if it.cost is None or it.cost.program == program.name]
    had, left = await standing.had(profiles, known), await standing.left(known)
    found: dict[UUID, list[Offered]] = {}
    for it in profiles:
        points = {(program.name, name): wallet.available(now) for name, wallet in purses[it.id].wallets.items()}
        stands = offering.Standing(it, points, had=had[it.id])
        offers = (offering.offered(reward, stands, store=None, left=left.get(reward.name), now=now) for reward in known)
        found[it.id] = sorted(offers, key=lambda offer: offer.reward.name)
    return found


def _tier(program: Program, standing: Standing, language: str) -> Tier | None:
    level = program.tiers.level(program.tiers.rank(standing.tier)) if program.tiers else None
    if level is None:
        return None
    grant = standing.grants.get(level.name)
    return Tier(level.name, _nearest(level.texts, language), grant.until if grant else None)


def _next_tier(program: Program, standing: Standing, purse: Purse, language: str, *, now: datetime) -> NextTier | None:
    if program.tiers is None:
        return None
    rank, wallet = program.tiers.rank(standing.tier), purse.wallet(program.tiers.wallet)
    progress = rules.progress(program.tiers, wallet, rank, now)
    level: Level | None = program.tiers.level(program.tiers.rank(progress.tier))
    return NextTier(level.name, _nearest(level.texts, language), progress.gap) if level else None


def _points(program: Program, purse: Purse, language: str, *, now: datetime) -> tuple[Points, ...]:
    spendable = (it for it in program.wallets.values() if it.kind is WalletKind.SPENDABLE)
    return tuple(
        Points(
            wallet=it.name,
            label=_nearest(it.many, language),
            balance=wallet.balance,
            available=wallet.available(now),
            pending=wallet.pending(now),
            expiring=_expiring(wallet, now),
        )
        for it, wallet in ((it, purse.wallet(it.name)) for it in spendable)
    )


def _expiring(wallet: Wallet, now: datetime) -> Expiring | None:
    left = (lot for lot in wallet.lots if not lot.terms.over(now))
    times = [(lot.terms.expires_at, lot.left) for lot in left if lot.terms.expires_at]
    if not times:
        return None
    first = min(at for at, _ in times)
    return Expiring(sum(points for at, points in times if at == first), first)


def _next_reward(offers: Collection[Offered], language: str) -> CardReward | None:
    near = [it for it in offers if it.reasons == (Reason.INSUFFICIENT_POINTS,)]
    nearest = min(near, key=lambda it: (it.missing, it.reward.name), default=None)
    return _reward(nearest, language) if nearest else None


def _reward(offer: Offered, language: str) -> CardReward:
    reward, cost = offer.reward, offer.reward.cost
    return CardReward(
        reward.name,
        reward.label_in(language),
        wallet=cost.wallet if cost else None,
        cost=cost.points if cost else 0,
        missing=offer.missing,
    )


def _nearest(texts: Mapping[str, str], language: str) -> str:
    return texts[by_nearness(texts, language)[0]]
