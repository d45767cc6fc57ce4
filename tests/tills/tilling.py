"""Tills as tests have them: what they send, what they are told, and what has become of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx2

from hub.access import keys
from hub.access.grants import Grant, KeyKind
from hub.access.model import Scope
from hub.commerce import orders
from hub.commerce.model import Order
from hub.intake import parts
from hub.intake.parts import RouterDocument
from hub.intake.ringer import Ringer
from hub.intake.router import Router
from hub.kit import ids
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub.settings import Environment
from tests.intake.inflow import Silence

AT: Final = "2026-11-20T10:15:00+01:00"
PHONE: Final = {"phone": "+49 30 12345678"}
SALE: Final[dict[str, Any]] = {
    "order_id": "4711",
    "at": AT,
    "customer": PHONE,
    "currency": "EUR",
    "total": "39.80",
    "tax": {"minor": 635},
    "payment_kind": "card",
    "receipt_code": "B1-4711",
    "associate_id": "a-17",
    "products": [
        {"sku": "shirt-m", "name": "Shirt", "quantity": 2, "price": "17.45"},
        {"sku": "ham", "quantity": "0.350", "price": {"minor": 1400}, "discount": "0.00"},
    ],
}
REFUND: Final[dict[str, Any]] = {
    "refund_id": "R-1",
    "order_id": "4711",
    "at": "2026-11-20T11:00:00+01:00",
    "currency": "EUR",
    "total": "10.00",
}


@dataclass
class Till:
    """A till of a store: what it sends, and what it is told."""

    web: httpx2.AsyncClient
    key: str

    async def post(self, what: str, message: Any, key: str | None = None, **headers: str) -> httpx2.Response:
        own = {"Idempotency-Key": key} if key is not None else {}
        head = {"Authorization": f"Bearer {self.key}", **own, **headers}
        return await self.web.post(f"/pos/v1/{what}", json=message, headers=head)

    async def tells(self, what: str, message: Any, key: str | None = None) -> str:
        """Send what must be taken, and give its id."""
        answer = await self.post(what, message, key)
        assert answer.status_code == 200, answer.text
        taken: str = answer.json()["id"]
        return taken

    async def refused(self, what: str, message: Any, key: str | None = None) -> tuple[int, str, str]:
        """Send what must be refused, and give status, code and place."""
        answer = await self.post(what, message, key)
        told = answer.json()
        assert told["message"].endswith(".")
        return answer.status_code, told["code"], told.get("path", "")


async def make(store_id: str, *scopes: Scope) -> str:
    grant = Grant(KeyKind.DEVICE, "pos", scopes=frozenset(scopes), stores=frozenset({store_id}))
    key = await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=datetime.now(UTC))
    assert key
    return key


async def kept(order_id: str, source: str = "pos/berlin-1") -> Order:
    key = ids.key_of("order", source, order_id)
    return (await orders.read([key]))[key].order


async def person(kind: IdentifierKind, value: str) -> Profile:
    named = Identifier(kind, value)
    owned = (await identifier_store.owners([named]))[named]
    assert owned.verified
    return (await store.heads([owned.profile_id]))[owned.profile_id]


async def route_today() -> None:
    """Route until nothing is left to do, by the clock of the machine, as `route_all` does by that of most tests."""
    await RouterDocument.get_pymongo_collection().delete_many({})
    router = Router("today", Ringer(Silence()), lambda: datetime.now(UTC))
    while await router.step():
        pass
    await parts.give_back("today")
