"""Why an order has earned what it has: each program, each rule, and what of it the ledger holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.commerce import history, orders
from hub.commerce.orders import Kept
from hub.definitions import Version
from hub.earning import ranking, service
from hub.earning.capping import past_of
from hub.earning.difference import FACTS, Difference, facts_by, got, origin_of
from hub.earning.model import Award, Facts
from hub.events.model import IMPORT
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile


@dataclass(frozen=True, slots=True)
class Explained:
    """What an order earns in a program.

    Attributes:
        version: which was active when the order was completed.
        award: what each rule gives, as the order is now.
        got: what the ledger says that it has got, by wallet.
        facts: those it goes by; `kept` tells whether a posting has kept them, else they are of now.
    """

    version: Version
    award: Award
    got: Mapping[str, int]
    facts: Facts
    kept: bool


async def explain(order_id: UUID, *, now: datetime) -> list[Explained]:
    """Explain an order, in each program that was active when it was completed.

    Args:
        order_id: the key of its document.
        now: the time, for what is true of the customer now.
    """
    kept = (await orders.read([order_id])).get(order_id)
    if kept is None or kept.order.contents is None or kept.order.completed_at is None:
        return []
    owner = kept.order.contents.profile_id
    head = (await profiles_store.heads([owner])).get(owner)
    return [await _explained(kept, owner, head, version, now) for version in await _versions(kept)]


async def _versions(kept: Kept) -> list[Version]:
    known = await service.current()
    if kept.order.completed_at is None:
        return []
    active = known.at(kept.order.completed_at)
    return [it for it, questions in active.items() if kept.order.source != IMPORT.id or questions.program.imports]


async def _explained(kept: Kept, owner: UUID, head: Profile | None, version: Version, now: datetime) -> Explained:
    questions = (await service.current()).questions[version]
    order, origin = kept.order, origin_of(kept.order)
    past = [it for it in await past_of(version.name, owner, origin) if FACTS in it.about.detail]
    facts = facts_by(past)
    number, tier = 1, None
    if facts is None and head is not None and questions.counts:
        number = await history.number_of(order, head.own_ids)
    if facts is None:
        tiers = await ranking.load([questions], {head.id} if head else ())
        tier = tiers.at(version.name, head.id if head else None, order.completed_at or now)
    difference = Difference(
        questions, order, kept.rev, facts or questions.facts_of(owner, head, now, number=number, tier=tier), rooms=None
    )
    has = {wallet: points for wallet in questions.program.wallets if (points := got(past, wallet, origin))}
    return Explained(version, difference.award_by(past), has, facts or difference.facts, facts is not None)
