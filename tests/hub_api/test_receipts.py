"""Row 22 over the API: who buys first and joins at home claims their receipt, and is a member by it."""

from typing import Any

import pytest

from hub.database import Database
from tests.hub_api.conftest import Hub
from tests.membership.people import activated

CLAIM = """mutation ($input: ClaimReceiptInput!) { claimReceipt(input: $input) {
  __typename
  ... on ClaimReceiptPayload {
    order { orderId gross { amount } }
    profile { orders { nodes { orderId } } orderTotals { count } enrolments { program way storeId consentVersion } }
  }
  ... on UserError { code message path }
} }"""


@pytest.fixture(autouse=True)
async def sold(hub: Hub) -> None:
    await activated("club")
    for name in ("ada", "bob"):
        await hub.identify(name, email=f"{name}@example.com")
    order = {"order_id": "4711", "currency": "EUR", "total": "39.80", "store_id": "S-1", "receipt_code": "B1-4711"}
    await hub.say({"type": "track", "anonymousId": "order:x", "event": "Order Completed", "properties": order})


async def claim(hub: Hub, user: str, **given: Any) -> dict[str, Any]:
    given = {"idempotencyKey": "claim", "receiptCode": "b1 4711", **given}
    result: dict[str, Any] = (await hub.data(CLAIM, hub.token(user), input=given))["claimReceipt"]
    return result


async def test_a_claimed_receipt_makes_the_order_theirs_and_them_a_member(hub: Hub) -> None:
    result = await claim(hub, "ada", program="club", consentVersion="v3")

    assert result["order"] == {"orderId": "4711", "gross": {"amount": "39.80"}}
    assert result["profile"] == {
        "orders": {"nodes": [{"orderId": "4711"}]},
        "orderTotals": {"count": 1},
        "enrolments": [{"program": "club", "way": "RECEIPT", "storeId": "S-1", "consentVersion": "v3"}],
    }
    assert await claim(hub, "ada", program="club", consentVersion="v3") == result


async def test_a_second_claimant_is_refused(hub: Hub, database: Database) -> None:
    await claim(hub, "ada")

    refused = await claim(hub, "bob", program="club")

    assert refused == {
        "__typename": "ReceiptRefused",
        "code": "ALREADY_USED",
        "message": "This receipt belongs to somebody already.",
        "path": ["input", "receiptCode"],
    }
    assert await database["enrolments"].count_documents({}) == 0
