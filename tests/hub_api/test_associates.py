"""Row 11: an associate sees of a customer what their role is granted, and the audit is told."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hub.access import audit, keys
from hub.access.audit import Wanted
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.access.permissions import DETAILS, Detail
from hub.card.looking_up import MOST_MISSES
from hub.database import Database
from hub.kit import pages
from hub.settings import Environment
from hub_api.nodes import parsed
from tests.hub_api.conftest import NOON, Hub, codes_of

VIEW = """
query ($lookup: AssociateLookup!) { associateView(lookup: $lookup) {
  verified name email phone memberCode stage lastSeenAt memberCard { program }
  preferred { channel { value } store { value } }
  consents { brand topic channel state }
  lastOrders { ...o } openPickups { ...o }
} }
fragment o on AssociateOrder {
  orderId source status channel storeId fulfilment location readyAt
  lines { sku name quantity } gross { amount currencyCode } net { amount }
}
"""
ADA = {"firstName": "Ada", "lastName": "Byron", "email": "ada@example.com", "phone": "+44 20 7946 0000"}
SHIRT = {"product_id": "shirt", "sku": "shirt-m", "name": "Shirt", "quantity": 1, "price": 10}


async def staff(*roles: Role, person: str = "anna", brands: frozenset[str] = frozenset()) -> str:
    grant = Grant(KeyKind.STAFF, "desk", person=person, roles=frozenset(roles), brands=brands)
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""


async def view(hub: Hub, key: str, **lookup: str) -> Any:
    return (await hub.data(VIEW, key, lookup=lookup))["associateView"]


async def entries() -> list[audit.Entry]:
    return [entry for _, entry in (await audit.page(Wanted(), pages.Span(limit=100))).rows]


async def profile_id(hub: Hub, user: str) -> str:
    query = f'{{ profiles(filter: {{userId: "{user}"}}) {{ nodes {{ id }} }} }}'
    found = await hub.data(query, await hub.key(KeyKind.SERVER))
    id_: str = found["profiles"]["nodes"][0]["id"]
    return id_


async def member_code(hub: Hub, user: str) -> str:
    code: str = (await hub.data("{ me { memberCode } }", hub.token(user)))["me"]["memberCode"]
    return code


@pytest.fixture
async def shop(hub: Hub) -> Hub:
    """Ada with a parcel from the web, something to pick up, and something she has picked up."""
    await hub.identify("ada", **ADA)
    web = {"channel": "web", "fulfilment": {"kind": "ship", "location": "depot"}}
    pickup = {"channel": "app", "fulfilment": {"kind": "pickup", "location": "S-1"}}
    for order, how in (("A-1", web), ("A-2", pickup), ("A-3", pickup)):
        await hub.track("ada", "Order Completed", order_id=order, total=10, currency="EUR", products=[SHIRT], **how)
    await hub.track("ada", "Order Refunded", order_id="A-1", refund_id="R-1", total=4, currency="EUR")
    await hub.track("ada", "Order Picked Up", order_id="A-2")
    await hub.track("ada", "Order Ready For Pickup", order_id="A-3")
    return hub


def order(name: str, **other: Any) -> dict[str, Any]:
    return {
        "orderId": name,
        "source": "shop",
        "storeId": None,
        "readyAt": None,
        "lines": [{"sku": "shirt-m", "name": "Shirt", "quantity": "1"}],
        "gross": {"amount": "10.00", "currencyCode": "EUR"},
        "net": {"amount": "10.00"},
        **other,
    }


async def test_an_associate_query_by_phone_email_qr_or_member_code_returns_last_orders_and_the_read_is_audited(
    shop: Hub,
) -> None:
    code = await member_code(shop, "ada")
    service = await staff(Role.SERVICE)

    found = await view(shop, service, memberCode=code)

    waiting = order(
        "A-3",
        status="READY_FOR_PICKUP",
        channel="APP",
        fulfilment="PICKUP",
        location="S-1",
        readyAt=(NOON + timedelta(seconds=7)).isoformat(),
    )
    assert found == {
        "verified": True,
        "name": "Ada Byron",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0000",
        "memberCode": code,
        "memberCard": None,
        "stage": None,
        "lastSeenAt": (NOON + timedelta(seconds=7)).isoformat(),
        "preferred": {"channel": None, "store": None},
        "consents": [],
        "lastOrders": [
            waiting,
            order("A-2", status="PICKED_UP", channel="APP", fulfilment="PICKUP", location="S-1"),
            order(
                "A-1",
                status="COMPLETED",
                channel="WEB",
                fulfilment="SHIP",
                location="depot",
                net={"amount": "6.00"},
            ),
        ],
        "openPickups": [waiting],
    }
    for lookup in (
        {"phone": "+44 (0)20 7946 0000"},
        {"email": " ADA@example.com"},
        {"qr": code},
        {"qr": f"https://shop.example/q/{code}"},
        {"memberCode": f"{code[:4]} {code[4:8]}-{code[8:]}".lower()},
    ):
        assert await view(shop, service, **lookup) == found, lookup
    told = [it.change for it in await entries()]
    ada = parsed(await profile_id(shop, "ada"))[1]
    everything = {"profiles": [ada], "details": sorted(Detail)}
    assert told == [audit.Change("read profiles", "profiles", None, everything)] * 6


async def test_fields_not_granted_to_the_role_are_null_and_the_audit_names_those_that_were_shown(shop: Hub) -> None:
    found = await view(shop, await staff(Role.STORE), email="ada@example.com")

    assert (found["name"], found["email"], found["phone"]) == ("Ada Byron", None, None)
    assert [(it["orderId"], it["gross"], it["net"]) for it in found["lastOrders"]] == [
        ("A-3", None, None),
        ("A-2", None, None),
        ("A-1", None, None),
    ]
    (entry,) = await entries()
    assert entry.actor == audit.Actor("staff", "anna", ("store",))
    assert entry.change.after is not None
    assert entry.change.after["details"] == sorted(DETAILS[Role.STORE])


async def test_the_audit_names_only_what_was_asked_for(shop: Hub) -> None:
    store = await staff(Role.STORE)

    await shop.data('{ associateView(lookup: {email: "ada@example.com"}) { name email } }', store)

    (entry,) = await entries()
    assert entry.change.after == {
        "profiles": [parsed(await profile_id(shop, "ada"))[1]],
        "details": ["name"],
    }


async def test_who_has_several_roles_sees_what_any_of_them_is_granted(shop: Hub) -> None:
    found = await view(shop, await staff(Role.STORE, Role.SERVICE), email="ada@example.com")

    assert (found["email"], found["lastOrders"][0]["net"]) == ("ada@example.com", {"amount": "10.00"})


async def test_an_associate_of_one_brand_sees_no_other_brands_consents(hub: Hub) -> None:
    await hub.identify("ada", email="ada@example.com")
    say = """mutation ($id: ID!, $brand: String!) { setConsent(input: {
      idempotencyKey: $brand, id: $id, granted: true, brand: $brand, channel: EMAIL }) { __typename } }"""
    server, ada = await hub.key(KeyKind.SERVER), await profile_id(hub, "ada")
    for brand in ("red", "blue"):
        await hub.data(say, server, id=ada, brand=brand)

    red = await view(hub, await staff(Role.STORE, brands=frozenset({"red"})), email="ada@example.com")
    every = await view(hub, await staff(Role.STORE), email="ada@example.com")

    assert [it["brand"] for it in red["consents"]] == ["red"]
    assert sorted(it["brand"] for it in every["consents"]) == ["blue", "red"]


async def test_a_miss_is_null_and_stands_in_the_audit_without_the_name(hub: Hub) -> None:
    store = await staff(Role.STORE)

    assert await view(hub, store, email="nobody@example.com") is None

    (entry,) = await entries()
    assert entry.change == audit.Change("look up nobody", "email")
    assert "nobody" not in str(entry).replace("look up nobody", "")


async def test_whoever_asks_for_names_that_nobody_has_is_stopped_for_the_rest_of_the_minute(hub: Hub) -> None:
    await hub.identify("ada", email="ada@example.com")
    anna, otto = await staff(Role.STORE), await staff(Role.STORE, person="otto")
    for _ in range(3):
        assert await view(hub, anna, email="ada@example.com")  # finding somebody counts nothing

    # All at once, so that nobody can try more by being quick.
    found = await asyncio.gather(
        *(hub.answer(VIEW, anna, lookup={"email": f"{n}@example.com"}) for n in range(MOST_MISSES + 5))
    )

    refused = [it for it in found if "errors" in it]
    assert [codes_of(it) for it in refused] == [["RATE_LIMITED"]] * 5
    assert refused[0]["errors"][0]["extensions"]["retryAfter"] <= 60
    assert [it["data"]["associateView"] for it in found if "errors" not in it] == [None] * MOST_MISSES
    # Then not even a customer is shown, or the miss could be told from the stop. Others may still ask.
    assert await hub.codes(VIEW, anna, lookup={"email": "ada@example.com"}) == ["RATE_LIMITED"]
    assert await view(hub, otto, email="ada@example.com")


@pytest.mark.parametrize(
    "lookup",
    [
        {},
        {"email": "ada@example.com", "phone": "+442079460000"},
        {"phone": "call me"},
        {"memberCode": "K7QF9M2X4TB0"},
        {"qr": "https://shop.example/q/"},
    ],
)
async def test_what_cannot_be_a_name_is_bad_user_input_and_no_miss(
    hub: Hub, lookup: dict[str, str], database: Database
) -> None:
    assert await hub.codes(VIEW, await staff(Role.STORE), lookup=lookup) == ["BAD_USER_INPUT"]
    assert await database["rates"].count_documents({}) == 0


async def test_a_member_code_is_made_once_and_stays_also_when_two_ask_at_the_same_time(
    hub: Hub, database: Database
) -> None:
    await hub.identify("ada")
    await hub.identify("bob")

    codes = await asyncio.gather(*(member_code(hub, "ada") for _ in range(5)))

    assert len({*codes}) == 1
    assert await member_code(hub, "bob") != codes[0]
    rows = [row async for row in database["identifiers"].find({"kind": "member"})]
    assert sorted(row["value"] for row in rows) == sorted([codes[0], await member_code(hub, "bob")])
    assert all(row["verified"] for row in rows)


async def test_both_member_codes_of_a_merged_customer_find_them(hub: Hub, admin: str) -> None:
    ids, codes = [], []
    for user in ("ada", "beth"):
        await hub.identify(user, name=user)
        ids.append(await profile_id(hub, user))
        codes.append(await member_code(hub, user))
    merge = """mutation ($into: ID!, $absorb: ID!) {
      mergeProfiles(input: {idempotencyKey: "k", into: $into, absorb: $absorb}) { __typename }
    }"""
    await hub.data(merge, admin, into=ids[0], absorb=ids[1])

    found = [await view(hub, admin, memberCode=code) for code in codes]

    assert [(it["name"], it["memberCode"]) for it in found] == [("ada", codes[0])] * 2
    assert await member_code(hub, "beth") == codes[0]
