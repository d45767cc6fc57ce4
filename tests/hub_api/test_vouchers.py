"""Vouchers over the API: redeemed and cancelled by their owner, used by a shop that learns nothing of them."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.access.grants import KeyKind
from hub.database import Database
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Earn
from hub.profiles import identifier_store
from hub.profiles.model import Identifier, IdentifierKind
from hub.vouchers import sweeping
from tests.hub_api.conftest import Hub
from tests.hub_api.test_questions import id_of
from tests.hub_api.test_rewards import publish

COFFEE = """\
reward: coffee
kind: free_product
gives: {skus: [A-1]}
labels: {en: A coffee, de: Ein Kaffee}
cost: {program: beans, points: 100}
stacking: drink
"""
REDEEM = """mutation ($input: RedeemRewardInput!) { redeemReward(input: $input) { __typename
  ... on RedeemRewardPayload { voucher { id state label cost { points } expiresAt
    code { text value qr barcode } } }
  ... on UserError { code path }
  ... on RewardNotRedeemed { reasons { code } missingPoints } } }"""
CANCEL = """mutation ($input: CancelVoucherInput!) { cancelVoucher(input: $input) { __typename
  ... on CancelVoucherPayload { voucher { state code { value } } } ... on UserError { code message path } } }"""
USE = """mutation ($input: {0}VoucherInput!) {{ {1}Voucher(input: $input) {{ __typename
  ... on {0}VoucherPayload {{ {2} }} ... on UserError {{ code message path }} }} }}"""
GRANT = "grant { state reward kind label value { skus } stacking }"
SHOWN = "{ me { vouchers { nodes { state label usedAt orderId } } } rewards { name available missingPoints } }"


async def earn(user: str, points: int) -> None:
    named = Identifier(IdentifierKind.USER, user)
    owner = (await identifier_store.owners([named]))[named].profile_id
    now = datetime.now(UTC)
    earned = ledger.fixed(Earn("points", points, "order/shop/E-1", now))
    await ledger.post_one(ledger.Request("beans", owner, f"earn/{user}", earned, About(cause="test"), now), now=now)


async def redeem(hub: Hub, key: str, under: str = "r", **given: Any) -> dict[str, Any]:
    data = await hub.data(REDEEM, key, input={"idempotencyKey": under, "reward": "coffee", **given})
    result: dict[str, Any] = data["redeemReward"]
    return result


async def use(hub: Hub, key: str, what: str, code: str, order: str = "O-1", **given: Any) -> dict[str, Any]:
    query = USE.format(what, what.lower(), "state" if what == "Free" else GRANT)
    under = f"{what} {code} {order}"
    data = await hub.data(query, key, input={"idempotencyKey": under, "code": code, "orderId": order, **given})
    result: dict[str, Any] = data[f"{what.lower()}Voucher"]
    return result


@pytest.fixture
async def ada(hub: Hub, admin: str) -> str:
    """The token of a customer who has 150 points."""
    await publish(hub, admin, COFFEE)
    await hub.identify("ada", locale="de-AT")
    await earn("ada", 150)
    return hub.token("ada")


async def test_row_24_a_customer_redeems_alone_and_sees_at_once_what_is_left(hub: Hub, ada: str) -> None:
    assert (await hub.data(SHOWN, ada))["rewards"] == [{"name": "coffee", "available": True, "missingPoints": 0}]

    done = await redeem(hub, ada)

    voucher = done["voucher"]
    assert (voucher["state"], voucher["label"], voucher["cost"]) == ("ISSUED", "Ein Kaffee", {"points": 100})
    assert voucher["code"]["text"].replace("-", "") == voucher["code"]["value"]
    for name in ("qr", "barcode"):
        kind, _, picture = voucher["code"][name].partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert b64decode(picture).startswith(b"<svg ")
    assert await redeem(hub, ada) == done
    shown = await hub.data(SHOWN, ada)
    assert shown["rewards"] == [{"name": "coffee", "available": False, "missingPoints": 50}]
    assert shown["me"]["vouchers"]["nodes"] == [
        {"state": "ISSUED", "label": "Ein Kaffee", "usedAt": None, "orderId": None}
    ]


async def test_who_has_too_few_points_is_told_how_many_are_missing_and_nothing_moves(hub: Hub, ada: str) -> None:
    await redeem(hub, ada)

    refused = await redeem(hub, ada, under="again")
    unknown = await redeem(hub, ada, under="other", reward="cofee")

    assert refused == {
        "__typename": "RewardNotRedeemed",
        "code": "INSUFFICIENT_POINTS",
        "path": ["input", "reward"],
        "reasons": [{"code": "INSUFFICIENT_POINTS"}],
        "missingPoints": 50,
    }
    assert (unknown["code"], unknown["reasons"]) == ("NOT_FOUND", [])
    assert len((await hub.data(SHOWN, ada))["me"]["vouchers"]["nodes"]) == 1


async def test_a_voucher_is_given_back_by_its_owner_and_by_nobody_else(hub: Hub, ada: str, admin: str) -> None:
    voucher = (await redeem(hub, ada))["voucher"]
    await hub.identify("eve")
    given = {"idempotencyKey": "c", "voucherId": voucher["id"]}

    stranger = (await hub.data(CANCEL, hub.token("eve"), input=given))["cancelVoucher"]
    assert (stranger["__typename"], stranger["code"]) == ("VoucherNotCancelled", "NOT_FOUND")
    assert (await hub.data(SHOWN, ada))["rewards"][0]["missingPoints"] == 50

    mine = (await hub.data(CANCEL, ada, input=given))["cancelVoucher"]
    assert mine == {"__typename": "CancelVoucherPayload", "voucher": {"state": "RELEASED", "code": None}}
    assert (await hub.data(SHOWN, ada))["rewards"] == [{"name": "coffee", "available": True, "missingPoints": 0}]
    second = (await redeem(hub, ada, under="second"))["voucher"]
    by_staff = {"idempotencyKey": "s", "voucherId": second["id"]}
    assert (await hub.data(CANCEL, admin, input=by_staff))["cancelVoucher"]["voucher"]["state"] == "RELEASED"


async def test_rows_2_and_32_the_web_shop_uses_the_code_for_one_order_and_learns_nothing_of_its_owner(
    hub: Hub, ada: str, database: Database
) -> None:
    code = (await redeem(hub, ada))["voucher"]["code"]["text"]
    shop = await hub.key(KeyKind.SERVER)

    reserved = await use(hub, shop, "Reserve", code)
    other = await use(hub, shop, "Confirm", code, "O-2")
    done = await use(hub, shop, "Confirm", code.lower())
    again = await use(hub, shop, "Confirm", code, language="de")
    late = await use(hub, shop, "Confirm", code, "O-3")

    grant = {"reward": "coffee", "kind": "FREE_PRODUCT", "value": {"skus": ["A-1"]}, "stacking": "drink"}
    assert reserved["grant"] == {"state": "RESERVED", "label": "A coffee", **grant}
    assert (other["__typename"], other["code"], other["path"]) == ("VoucherNotUsable", "RESERVED", ["input", "code"])
    assert done["grant"] == {"state": "USED", "label": "A coffee", **grant}
    assert again["grant"] == {"state": "USED", "label": "Ein Kaffee", **grant}
    assert late["code"] == "ALREADY_USED"
    await sweeping.sweep(now=datetime.now(UTC))
    (shown,) = (await hub.data(SHOWN, ada))["me"]["vouchers"]["nodes"]
    assert (shown["state"], shown["orderId"]) == ("USED", "O-1")
    row = await database["vouchers"].find_one({})
    assert row
    assert row["order"] == {"source": "shop", "order_id": "O-1"}


async def test_an_order_that_is_not_paid_lets_the_voucher_go(hub: Hub, ada: str) -> None:
    code = (await redeem(hub, ada))["voucher"]["code"]["value"]
    shop = await hub.key(KeyKind.SERVER)
    await use(hub, shop, "Reserve", code)

    assert await use(hub, shop, "Free", code) == {"__typename": "FreeVoucherPayload", "state": "ISSUED"}
    assert (await use(hub, shop, "Confirm", code, "O-2"))["grant"]["state"] == "USED"


async def test_only_a_server_uses_vouchers_and_only_their_owner_and_service_see_the_code(
    hub: Hub, ada: str, admin: str
) -> None:
    code = (await redeem(hub, ada))["voucher"]["code"]["value"]
    query = USE.format("Confirm", "confirm", GRANT)
    given = {"idempotencyKey": "x", "code": code, "orderId": "O-1"}
    assert await hub.codes(query, ada, input=given) == ["FORBIDDEN"]
    assert await hub.codes(query, await hub.key(KeyKind.CLIENT), input=given) == ["FORBIDDEN"]
    assert await hub.codes(query, await hub.key(KeyKind.SERVER), input={**given, "orderId": ""}) == ["BAD_USER_INPUT"]

    asked = "query ($id: ID!) { profile(id: $id) { vouchers { nodes { code { value } } } } }"
    id_ = await id_of(hub, admin, "ada")
    found = await hub.data(asked, admin, id=id_)
    assert found["profile"]["vouchers"]["nodes"] == [{"code": {"value": code}}]


async def test_row_42_a_shop_asks_whether_somebody_may_buy_early(hub: Hub, ada: str, admin: str) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    early = "reward: early\nkind: early_access\nlabels: {en: Early}\n"
    await publish(hub, admin, f"{early}gives: {{skus: [A-9], opens: {later}}}\nwhen: profile.vip = true\n")
    await hub.identify("vip", vip=True)
    asked = 'query ($id: ID, $at: DateTime) { canAccess(sku: "A-9", id: $id, at: $at) { allowed reasons { code } } }'
    shop = await hub.key(KeyKind.SERVER)

    async def answer(key: str, **given: Any) -> dict[str, Any]:
        found: dict[str, Any] = (await hub.data(asked, key, **given))["canAccess"]
        return found

    assert await answer(hub.token("vip")) == {"allowed": True, "reasons": []}
    assert await answer(ada) == {"allowed": False, "reasons": [{"code": "NOT_ELIGIBLE"}]}
    assert (await answer(ada, at=later))["allowed"]
    assert (await answer(shop, id=await id_of(hub, admin, "vip")))["allowed"]
    assert (await hub.data('{ canAccess(sale: "winter") { allowed opens } }', ada))["canAccess"] == {
        "allowed": True,
        "opens": None,
    }
    assert await hub.codes("{ canAccess { allowed } }", ada) == ["BAD_USER_INPUT"]
