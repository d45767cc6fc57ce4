"""Paid membership, used: a server tells of payments, a customer or a server cancels, and time ends what is not paid.

What follows from a payment or the time is saved first and announced then, under keys made of the payment: a look that
dies in between is made again. `plans`, a trait of the hub's own, names what somebody has paid for as of now.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import structlog
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError, PyMongoError

from hub import seal
from hub.database import Keyed, OwnIds, Row
from hub.events import store as events_store
from hub.events.announcing import Announcement, announce
from hub.events.model import Event
from hub.kit import ids
from hub.membership import paying, plans
from hub.membership.paying import Period, Subscription
from hub.membership.plans import NoSuchPlan
from hub.profiles.model import Profile
from hub.seal import Personal

log = structlog.get_logger(__name__)

PAID: Final = "Plan Paid"
CANCELLED: Final = "Plan Cancelled"
TOLD_BY_SERVERS: Final = frozenset({PAID, CANCELLED})
BATCH: Final = 500
EVERY_SECONDS: Final = 30.0
LONGEST: Final = 255
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


class SubscriptionDocument(Keyed):
    """A paid membership at rest. `_id` is made of plan and profile. `due` is when time makes something else of it."""

    profile_id: UUID
    plan: str
    grace_days: int
    periods: list[dict[str, Any]]
    cancelled_at: datetime | None
    due: datetime
    rev: int

    class Settings:
        """Where they lie and how those are found that are due."""

        name = "subscriptions"
        personal = Personal("profile_id", ("periods",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("due", 1)], name="due"),
            IndexModel([("profile_id", 1)], name="profile"),
        ]


async def taken_in(event: Event, profile: Profile, *, now: datetime) -> None:
    """Take in what a trusted event says of a paid membership. It may be repeated."""
    name = event.properties.get("plan")
    try:
        plan = await plans.named(name if isinstance(name, str) else "")
    except NoSuchPlan as error:
        await events_store.set_aside([(event, "no_such_plan", error.message)], now=now)
        return
    if event.name == CANCELLED:
        await cancel(profile, plan.name, at=event.at, now=now)
        return
    payment = event.properties.get("payment_id")
    if not isinstance(payment, str) or not 1 <= len(payment) <= LONGEST:
        await events_store.set_aside([(event, "no_payment_id", "`payment_id` names the payment.")], now=now)
        return
    await _change(profile, plan.name, lambda it: it.paid(plan, payment, event.at), now=now)


async def cancel(profile: Profile, plan: str, *, at: datetime, now: datetime) -> Subscription:
    """End somebody's paid membership at a time. Repeating it changes nothing, nor does it end what is over."""
    return await _change(profile, plan, lambda it: it.cancelled(at), now=now)


async def of(owners: Collection[OwnIds]) -> dict[OwnIds, list[Subscription]]:
    """Read the paid memberships of people, by plan. Who never had one is left out."""
    owner_of = {profile_id: own_ids for own_ids in owners for profile_id in own_ids}
    found: dict[OwnIds, list[Subscription]] = {}
    rows = SubscriptionDocument.get_pymongo_collection().find({"profile_id": {"$in": list(owner_of)}})
    async for row in rows.sort("plan", 1):
        found.setdefault(owner_of[row["profile_id"]], []).append(_of(row))
    return found


async def step(*, now: datetime) -> int:
    """Tell what time has made of those that are due, and tell how many they were."""
    found = SubscriptionDocument.get_pymongo_collection().find({"due": {"$lte": now}}).sort("due", 1).limit(BATCH)
    due = [_of(row) for row in await found.to_list()]
    for it in due:
        await _tell(it, now)
    return len(due)


async def keep(clock: Callable[[], datetime]) -> None:
    """Do it until cancelled. A database that is away is waited for."""
    while True:
        try:
            worked = await step(now=clock())
        except PyMongoError as error:
            log.warning("subscriptions_wait_for_database", error=type(error).__name__)
            worked = 0
        if worked < BATCH:
            await asyncio.sleep(EVERY_SECONDS)


async def _change(
    profile: Profile, plan: str, change: Callable[[Subscription], Subscription], *, now: datetime
) -> Subscription:
    """Change the paid membership that somebody has of a plan, whichever of their profiles it is of, and tell of it."""
    while True:
        held = (await of([profile.own_ids])).get(profile.own_ids, [])
        mine = [it for it in held if it.plan == plan] or [Subscription(plan, profile.id, 0)]
        before = max(mine, key=lambda it: (it.lasts_until is not None, it.lasts_until or now))
        after = change(before)
        if after == before or await _save(before, after, due=now):
            break
    after = replace(after, rev=before.rev if after == before else before.rev + 1)
    if after.rev:
        await _tell(after, now)
    return after


async def _save(before: Subscription, after: Subscription, *, due: datetime) -> bool:
    collection = SubscriptionDocument.get_pymongo_collection()
    row = seal.shut(SubscriptionDocument, {**_row(after), "due": due, "rev": before.rev + 1})
    if before.rev:
        done = await collection.update_one({"_id": _key(before), "rev": before.rev}, {"$set": row})
        return done.matched_count == 1
    try:
        await collection.insert_one({"_id": _key(after), **row})
    except DuplicateKeyError:
        return False
    return True


async def _tell(it: Subscription, now: datetime) -> None:
    if it.last is None:
        return
    told = {"plan": it.plan, "payment_id": it.last.payment, "until": it.last.until.isoformat()}
    owed = {"refund": it.refund, "currency": it.last.currency} if it.cancelled_at else {}
    await announce(
        [
            Announcement(
                name,
                it.profile_id,
                f"{it.plan}/{it.last.payment}",
                at,
                {**told, **owed} if name == paying.ENDED else told,
            )
            for name, at in it.facts(now)
        ],
        now=now,
    )
    await SubscriptionDocument.get_pymongo_collection().update_one(
        {"_id": _key(it), "rev": it.rev}, {"$set": {"due": it.next_change(now) or _NEVER}}
    )


def _key(it: Subscription) -> UUID:
    return ids.key_of("subscription", it.plan, it.profile_id)


def _row(it: Subscription) -> Row:
    return {
        "profile_id": it.profile_id,
        "plan": it.plan,
        "grace_days": it.grace_days,
        "cancelled_at": it.cancelled_at,
        "periods": [{name: getattr(period, name) for name in Period.__slots__} for period in it.periods],
    }


def _of(sealed: Mapping[str, Any]) -> Subscription:
    row = seal.opened(SubscriptionDocument, sealed)
    return Subscription(
        plan=row["plan"],
        profile_id=row["profile_id"],
        grace_days=row["grace_days"],
        periods=tuple(Period(**it) for it in row["periods"]),
        cancelled_at=row["cancelled_at"],
        rev=row["rev"],
    )
