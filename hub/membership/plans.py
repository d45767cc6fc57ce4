"""Plans in MongoDB: what one pays for to have more of a program. One is stored whole; who has paid keeps theirs."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pymongo import IndexModel

from hub.database import Named
from hub.kit import money
from hub.kit.errors import HubError
from hub.membership.paying import Every, Plan

MOST_GRACE_DAYS: Final = 60
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME: Final = 64


class BadPlan(HubError):
    """A plan that cannot be."""

    code = "BAD_USER_INPUT"


class NoSuchPlan(HubError):
    """A name is that of no plan."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such plan.")


class PlanDocument(Named):
    """A plan at rest. `price` is in minor units."""

    program: str
    price: int
    currency: str
    every: Every
    grace_days: int

    class Settings:
        """Where plans lie."""

        name = "plans"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


def checked(plan: Plan) -> Plan:
    """Let a plan pass.

    Raises:
        BadPlan: it cannot be.
    """
    if not _NAME.fullmatch(plan.name) or len(plan.name) > LONGEST_NAME:
        raise BadPlan("A plan is named by lower-case letters and digits, with single hyphens between.")
    if plan.currency not in money.DIGITS or not 0 < plan.price <= money.MOST_MINOR:
        raise BadPlan("A price is above nothing, in a currency of ISO 4217.")
    if not 0 <= plan.grace_days <= MOST_GRACE_DAYS:
        raise BadPlan(f"A late payment is waited for 0 to {MOST_GRACE_DAYS} days.")
    return plan


async def save(plan: Plan) -> Plan | None:
    """Store a plan whole, and give the one before it, if there was one."""
    row = {
        "program": plan.program,
        "price": plan.price,
        "currency": plan.currency,
        "every": plan.every.value,
        "grace_days": plan.grace_days,
    }
    before = await PlanDocument.get_pymongo_collection().find_one_and_replace({"_id": plan.name}, row, upsert=True)
    return _plan_of(before) if before else None


async def load() -> list[Plan]:
    """Read all plans, by name."""
    return [_plan_of(row) async for row in PlanDocument.get_pymongo_collection().find().sort("_id", 1)]


async def named(name: str) -> Plan:
    """Read a plan.

    Raises:
        NoSuchPlan: there is none.
    """
    row = await PlanDocument.get_pymongo_collection().find_one({"_id": name})
    if row is None:
        raise NoSuchPlan
    return _plan_of(row)


def _plan_of(row: Mapping[str, Any]) -> Plan:
    return Plan(row["_id"], row["program"], row["price"], row["currency"], Every(row["every"]), row["grace_days"])
