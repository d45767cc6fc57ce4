"""What the mutations of loyalty need before they can be asked for, and two inputs of each; see `test_once`."""

from collections.abc import Mapping
from typing import Final

from hub.access.grants import KeyKind
from hub.kit import ids
from hub.ledger.adjusting import AdjustmentDocument
from hub_api.nodes import global_id
from tests.hub_api.conftest import Hub
from tests.hub_api.preparing import Given, Prepare, complete_sign_in, done, of_a_profile, profile_of, staff
from tests.membership.people import activated
from tests.programs.written import FINCH

LONG_AGO: Final = "2026-04-01T12:00:00Z"


async def create_program(hub: Hub) -> tuple[str, Given, Given]:
    return await staff(hub), {"source": FINCH}, {"source": FINCH.replace("points: 10", "points: 20")}


async def activate_program(hub: Hub) -> tuple[str, Given, Given]:
    key, made, _ = await create_program(hub)
    await done(hub, "createProgram", key, {"idempotencyKey": "before", **made})
    return key, {"name": "finch-club", "version": 1}, {"name": "finch-club", "version": 2}


async def adjust_points(hub: Hub) -> tuple[str, Given, Given]:
    key, program, _ = await activate_program(hub)
    await done(hub, "activateProgram", key, {"idempotencyKey": "active", **program})
    ada = str(global_id("Profile", await profile_of(hub, "ada")))
    given = {"id": ada, "program": "finch-club", "currency": "points", "points": 5, "reason": "sorry", "note": ""}
    return key, given, {**given, "points": 6}


async def decide_adjustment(hub: Hub) -> tuple[str, Given, Given]:
    key, given, _ = await adjust_points(hub)
    await done(hub, "adjustPoints", key, {"idempotencyKey": "before", **given, "points": 5000})
    row = await AdjustmentDocument.get_pymongo_collection().find_one({}) or {}
    given = {"adjustmentId": str(row["_id"]), "agreed": True}
    return await staff(hub), given, {**given, "agreed": False}


async def close_month(hub: Hub) -> tuple[str, Given, Given]:
    key, program, _ = await activate_program(hub)
    await done(hub, "activateProgram", key, {"idempotencyKey": "active", **program})
    return key, {"program": "finch-club", "month": "2026-01"}, {"program": "finch-club", "month": "2026-02"}


async def publish_reward(hub: Hub) -> tuple[str, Given, Given]:
    sources = [f"{{reward: a, kind: gesture, labels: {{en: {it}}}, state: proposed}}" for it in ("One", "Two")]
    return await staff(hub), {"source": sources[0]}, {"source": sources[1]}


async def vote_for_reward(hub: Hub) -> tuple[str, Given, Given]:
    key, published, _ = await publish_reward(hub)
    await done(hub, "publishReward", key, {"idempotencyKey": "before", **published})
    await hub.identify("ada")
    return hub.token("ada"), {"reward": "a"}, {"reward": "b"}


GIFT: Final = "{reward: gift, kind: experience, labels: {en: A gift}}"


async def redeem_reward(hub: Hub) -> tuple[str, Given, Given]:
    await done(hub, "publishReward", await staff(hub), {"idempotencyKey": "before", "source": GIFT})
    await hub.identify("ada")
    return hub.token("ada"), {"reward": "gift"}, {"reward": "gifts"}


async def give_reward(hub: Hub) -> tuple[str, Given, Given]:
    await redeem_reward(hub)
    key, ada, _ = await of_a_profile(hub)
    return key, {**ada, "reward": "gift"}, {**ada, "reward": "gifts"}


async def of_a_voucher(hub: Hub) -> tuple[str, list[str], list[str]]:
    """Redeem two, and give the customer's token, their ids and their codes."""
    token, given, _ = await redeem_reward(hub)
    asked = "mutation ($input: RedeemRewardInput!) { redeemReward(input: $input) { ... on RedeemRewardPayload {"
    query = f"{asked} voucher {{ id code {{ value }} }} }} }} }}"
    both = [
        (await hub.data(query, token, input={"idempotencyKey": f"before {it}", **given}))["redeemReward"]["voucher"]
        for it in range(2)
    ]
    return token, [it["id"] for it in both], [it["code"]["value"] for it in both]


async def cancel_voucher(hub: Hub) -> tuple[str, Given, Given]:
    token, (one, another), _ = await of_a_voucher(hub)
    return token, {"voucherId": one}, {"voucherId": another}


async def use_voucher(hub: Hub) -> tuple[str, Given, Given]:
    _, _, (one, another) = await of_a_voucher(hub)
    return await hub.key(KeyKind.SERVER), {"code": one, "orderId": "O-1"}, {"code": another, "orderId": "O-1"}


async def enroll(hub: Hub) -> tuple[str, Given, Given]:
    await activated("club", "bakers")
    key, given, _ = await complete_sign_in(hub)
    return key, {"program": "club", **given}, {"program": "bakers", **given}


async def enroll_customer(hub: Hub) -> tuple[str, Given, Given]:
    await activated("club", "bakers")
    given = {"profileId": str(global_id("Profile", await profile_of(hub, "ada"))), "program": "club"}
    return await staff(hub), given, {**given, "program": "bakers"}


async def create_poster(hub: Hub) -> tuple[str, Given, Given]:
    await activated("club")
    given = {"program": "club", "word": "Coffee pls"}
    return await staff(hub), given, {**given, "word": "tea"}


async def change_poster(hub: Hub) -> tuple[str, Given, Given]:
    key, given, _ = await create_poster(hub)
    await done(hub, "createPoster", key, {"idempotencyKey": "before", **given})
    (made,) = (await hub.data("{ posters { nodes { code } } }", key))["posters"]["nodes"]
    given = {"code": made["code"], "enabled": False}
    return await staff(hub), given, {**given, "enabled": True}


async def claim_receipt(hub: Hub) -> tuple[str, Given, Given]:
    await hub.identify("ada")
    order = {"order_id": "4711", "currency": "EUR", "total": "39.80", "receipt_code": "B1"}
    await hub.say({"type": "track", "anonymousId": "order:x", "event": "Order Completed", "properties": order})
    return hub.token("ada"), {"receiptCode": "B1"}, {"receiptCode": "B2"}


async def save_plan(hub: Hub) -> tuple[str, Given, Given]:
    await activated("club")
    given = {"name": "plus", "program": "club", "price": "9.90", "currencyCode": "EUR", "every": "MONTH"}
    return await staff(hub), given, {**given, "price": "19.90"}


async def draw_giveaway(hub: Hub) -> tuple[str, Given, Given]:
    await activated("club")
    given = {"giveaway": "thanks", "program": "club", "winners": 1, "mostPerDay": 1, "coolDownDays": 30}
    return await staff(hub), given, {**given, "winners": 2}


async def cancel_plan(hub: Hub) -> tuple[str, Given, Given]:
    key, given, _ = await save_plan(hub)
    await done(hub, "savePlan", key, {"idempotencyKey": "before", **given})
    await hub.identify("ada")
    return hub.token("ada"), {"plan": "plus"}, {"plan": "other"}


async def create_account(hub: Hub) -> tuple[str, Given, Given]:
    await activated("club")
    await hub.identify("ada")
    given = {"program": "club", "kind": "HOUSEHOLD"}
    return hub.token("ada"), given, {**given, "pooling": "NONE"}


async def put_account_person(hub: Hub) -> tuple[str, Given, Given]:
    key, given, _ = await create_account(hub)
    await done(hub, "createAccount", key, {"idempotencyKey": "before", **given})
    (account,) = (await hub.data("{ me { accounts { id } } }", key))["me"]["accounts"]
    given = {
        "accountId": account["id"],
        "profileId": str(global_id("Profile", await profile_of(hub, "bob"))),
        "role": "SPENDER",
    }
    return await staff(hub), given, {**given, "role": "OWNER"}


async def remove_account_person(hub: Hub) -> tuple[str, Given, Given]:
    key, given, _ = await put_account_person(hub)
    await done(hub, "putAccountPerson", key, {"idempotencyKey": "before", **given})
    wanted = {"accountId": given["accountId"], "id": given["profileId"]}
    return key, wanted, {**wanted, "id": str(global_id("Profile", ids.new_id()))}


MUTATIONS: Final[Mapping[str, Prepare]] = {
    "createProgram": create_program,
    "activateProgram": activate_program,
    "adjustPoints": adjust_points,
    "decideAdjustment": decide_adjustment,
    "closeMonth": close_month,
    "publishReward": publish_reward,
    "voteForReward": vote_for_reward,
    "redeemReward": redeem_reward,
    "leaveWaitingList": redeem_reward,
    "giveReward": give_reward,
    "cancelVoucher": cancel_voucher,
    "reserveVoucher": use_voucher,
    "confirmVoucher": use_voucher,
    "freeVoucher": use_voucher,
    "enroll": enroll,
    "enrollCustomer": enroll_customer,
    "drawGiveaway": draw_giveaway,
    "savePlan": save_plan,
    "cancelPlan": cancel_plan,
    "createAccount": create_account,
    "putAccountPerson": put_account_person,
    "removeAccountPerson": remove_account_person,
    "claimReceipt": claim_receipt,
    "createPoster": create_poster,
    "changePoster": change_poster,
}
