"""Receipts of nobody known: by the code on it, an order is found that a customer says is theirs.

A till that does not know its customer has the order held by a profile that stands for that order alone, named
`order:` and a secret. Whoever claims the receipt takes that profile in.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub.commerce import reading
from hub.commerce.model import Order
from hub.database import Keyed, insert_once
from hub.events.model import Event, Trust
from hub.profiles import identifier_store
from hub.profiles.model import IdentifierKind, Profile

HOLDER: Final = "order:"
"""How the anonymous id begins of who stands for the customer of one order."""
LONGEST_CODE: Final = 255
_TOLD_BY: Final = frozenset({"Order Completed", "Order Updated"})


class ReceiptDocument(Keyed):
    """Which order a receipt is of. `_id` is the order's. `code` is in the form in which codes are compared."""

    code: str
    at: datetime

    class Settings:
        """Where receipts lie and how they are found."""

        name = "receipts"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("code", 1)], name="code")]


async def project(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Keep which order a receipt is of, where a server source tells of it. The first that is told of an order stays."""
    del profiles, now
    told = {order.id: (code, event.at) for event in events if (code := _code_in(event)) and (order := _order(event))}
    await insert_once(ReceiptDocument, [{"_id": key, "code": code, "at": at} for key, (code, at) in told.items()])


async def with_code(code: str) -> list[UUID]:
    """Name the orders whose receipts have a code, however it is written; one, unless a till gave it twice."""
    form = code_form(code)
    found = ReceiptDocument.get_pymongo_collection().find({"code": form}) if form else None
    return [row["_id"] async for row in found] if found else []


async def holders(profile_ids: Collection[UUID]) -> set[UUID]:
    """Tell which of these profiles stand for one order alone, and not for a person."""
    named = await identifier_store.by_profile(profile_ids)
    return {
        profile_id
        for profile_id, owned in named.items()
        if all(
            it.identifier.kind is IdentifierKind.ANONYMOUS and it.identifier.value.startswith(HOLDER) for it in owned
        )
    }


def code_form(text: str) -> str:
    """Bring a code into the form in which codes are compared: capital letters and digits. Empty where it cannot be."""
    return "".join(it for it in text.upper() if it.isalnum()) if len(text) <= LONGEST_CODE else ""


def _code_in(event: Event) -> str:
    code = event.properties.get("receipt_code")
    believed = event.trust is Trust.SERVER and event.name in _TOLD_BY
    return code_form(code) if believed and isinstance(code, str) else ""


def _order(event: Event) -> Order | None:
    order = reading.tried(event)
    return order if isinstance(order, Order) else None
