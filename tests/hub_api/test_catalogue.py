"""Products, stores and stock over the API: whole versions, the newest wins, and who may read and change them."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.access.grants import KeyKind
from hub.access.model import Caller, CallerKind, Scope
from hub.commerce import products, stock, stores
from hub.commerce.checks import OutOfReach
from hub.database import Database
from hub.kit.local_time import Weekday
from tests.hub_api.conftest import Hub

UPSERT = """
mutation ($input: UpsertProductsInput!) { upsertProducts(input: $input) {
  __typename ... on UpsertProductsPayload { upserted outdated } ... on UserError { code }
} }
"""
UPSERT_STORES = """
mutation ($input: UpsertStoresInput!) { upsertStores(input: $input) {
  __typename ... on UpsertStoresPayload { upserted outdated } ... on UserError { code }
} }
"""
SET_STOCK = """
mutation ($input: SetStockInput!) { setStock(input: $input) {
  __typename ... on SetStockPayload { outdated { sku location } } ... on UserError { code }
} }
"""
WHOLE = """
fragment Whole on Product {
  productId name(language: "de-AT") status category imageUrl updatedAt
  variants {
    sku name weightGrams price(currencyCode: "EUR") { brand price { amount currencyCode } compareAt { amount } }
  }
}
"""
BY_SKU = WHOLE + "query ($sku: String!) { product(sku: $sku) { ...Whole } }"
keys = itertools.count()

SPRING = datetime(2026, 4, 1, 12, tzinfo=UTC)
"""Long ago by the clock of any machine: the application tells the time by its own."""


def product(version: int, **changed: Any) -> dict[str, Any]:
    """A product of which every field names its version."""
    return {
        "productId": "shirt",
        "names": [{"language": "en", "text": f"Shirt {version}"}, {"language": "de", "text": f"Hemd {version}"}],
        "category": f"category {version}",
        "imageUrl": f"https://shop.example/{version}.jpg",
        "updatedAt": (SPRING + timedelta(minutes=version)).isoformat(),
        "variants": [
            {
                "sku": "shirt-m",
                "names": [{"language": "en", "text": f"M {version}"}],
                "weightGrams": version,
                "prices": [{"amount": f"{version}.90", "currencyCode": "EUR", "compareAt": f"{version + 1}.90"}],
            }
        ],
        **changed,
    }


def whole(version: int) -> dict[str, Any]:
    """What a reader sees of that product."""
    return {
        "productId": "shirt",
        "name": f"Hemd {version}",
        "status": "ACTIVE",
        "category": f"category {version}",
        "imageUrl": f"https://shop.example/{version}.jpg",
        "updatedAt": (SPRING + timedelta(minutes=version)).isoformat(),
        "variants": [
            {
                "sku": "shirt-m",
                "name": f"M {version}",
                "weightGrams": version,
                "price": {
                    "brand": "default",
                    "price": {"amount": f"{version}.90", "currencyCode": "EUR"},
                    "compareAt": {"amount": f"{version + 1}.90"},
                },
            }
        ],
    }


async def upsert(hub: Hub, key: str, *given: dict[str, Any], idempotency_key: str = "") -> dict[str, Any]:
    data = await hub.data(
        UPSERT, key, input={"idempotencyKey": idempotency_key or f"k{next(keys)}", "products": list(given)}
    )
    result: dict[str, Any] = data["upsertProducts"]
    return result


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_after_an_upsert_app_and_till_show_the_newest_version_whole_whatever_the_order_of_arrival(
    hub: Hub, admin: str, order: tuple[int, ...]
) -> None:
    for version in order:
        await upsert(hub, admin, product(version))

    app, till = hub.token("ada"), await hub.key(KeyKind.SERVER)
    assert await hub.data(BY_SKU, app, sku="shirt-m") == {"product": whole(3)}
    assert await hub.data(BY_SKU, till, sku="shirt-m") == {"product": whole(3)}


async def test_an_older_version_changes_nothing_and_is_named(hub: Hub, admin: str, database: Database) -> None:
    await upsert(hub, admin, product(2))
    before = await database["products"].find().to_list()

    answer = await upsert(hub, admin, product(1), product(1, productId="trousers"))

    assert answer == {"__typename": "UpsertProductsPayload", "upserted": ["trousers"], "outdated": ["shirt"]}
    assert await database["products"].find({"product_id": "shirt"}).to_list() == before


async def test_two_versions_of_one_time_leave_the_same_one_in_either_order(
    hub: Hub, admin: str, database: Database
) -> None:
    versions = [product(1, category="red"), product(1, category="blue")]
    standing = []
    for order in (versions, versions[::-1]):
        await database["products"].delete_many({})
        for it in order:
            await upsert(hub, admin, it)
        standing.append([row["category"] async for row in database["products"].find()])

    assert standing[0] == standing[1]


async def test_the_same_call_again_answers_the_same_and_another_input_is_refused(hub: Hub, admin: str) -> None:
    first = await upsert(hub, admin, product(1), idempotency_key="once")
    await upsert(hub, admin, product(2))

    assert first == {"__typename": "UpsertProductsPayload", "upserted": ["shirt"], "outdated": []}
    assert await upsert(hub, admin, product(1), idempotency_key="once") == first
    refused = await upsert(hub, admin, product(3), idempotency_key="once")
    assert refused == {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}
    assert await hub.data(BY_SKU, admin, sku="shirt-m") == {"product": whole(2)}


VARIANT = product(1)["variants"][0]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"productId": ""}, "products[0].productId"),
        ({"names": []}, "products[0].names"),
        ({"names": [{"language": "German", "text": "Hemd"}]}, "products[0].names"),
        ({"imageUrl": "http://shop.example/1.jpg"}, "products[0].imageUrl"),
        ({"imageUrl": "https://ada:secret@shop.example/"}, "products[0].imageUrl"),
        ({"imageUrl": 'https://shop.example/"><script>'}, "products[0].imageUrl"),
        ({"imageUrl": "https://["}, "products[0].imageUrl"),
        ({"variants": []}, "products[0].variants"),
        ({"variants": [VARIANT, VARIANT]}, "products[0].variants"),
        ({"variants": [{**VARIANT, "weightGrams": -1}]}, "products[0].variants[0].weightGrams"),
        ({"variants": [{**VARIANT, "prices": [{"amount": "1.999", "currencyCode": "EUR"}]}]}, "…prices[0]"),
        ({"variants": [{**VARIANT, "prices": [{"amount": "NaN", "currencyCode": "EUR"}]}]}, "…prices[0]"),
        ({"variants": [{**VARIANT, "prices": [{"amount": "1e999999", "currencyCode": "EUR"}]}]}, "…prices[0]"),
        ({"variants": [{**VARIANT, "prices": [{"amount": 1, "currencyCode": "EURO"}]}]}, "…prices[0]"),
        ({"variants": [{**VARIANT, "prices": [{"amount": -1, "currencyCode": "EUR"}]}]}, "…prices[0].amount"),
        (
            {"variants": [{**VARIANT, "prices": [{"amount": 2, "currencyCode": "EUR", "compareAt": 1}]}]},
            "…prices[0].compareAt",
        ),
        ({"updatedAt": "2999-01-01T00:00:00Z"}, "products"),
        ({"updatedAt": "1969-01-01T00:00:00Z"}, "products"),
        ({"updatedAt": "0001-01-01T00:00:00+01:00"}, "updatedAt"),
    ],
)
async def test_a_product_that_cannot_be_is_refused_by_its_place_and_stores_none_of_the_call(
    hub: Hub, admin: str, database: Database, changed: dict[str, Any], place: str
) -> None:
    given = [product(1, **changed), product(1, productId="trousers")]

    answer = await hub.answer(UPSERT, admin, input={"idempotencyKey": "k", "products": given})

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].partition(": ")[0].endswith(place.removeprefix("…"))
    assert await database["products"].count_documents({}) == 0


async def test_products_are_found_by_id_sku_category_brand_and_page(hub: Hub, admin: str) -> None:
    club = {**VARIANT, "sku": "cap-1", "prices": [{"amount": 5, "currencyCode": "EUR", "brand": "club"}]}
    await upsert(
        hub,
        admin,
        product(1, category="tops"),
        product(2, productId="cap", category="hats", variants=[club]),
        product(3, productId="scarf", category="hats", variants=[{**VARIANT, "sku": "scarf-1"}]),
    )
    page = """query ($filter: ProductFilter, $after: String) {
      products(filter: $filter, first: 2, after: $after) { nodes { productId } pageInfo { endCursor hasNextPage } } }"""

    async def found(**asked: Any) -> list[str]:
        return [it["productId"] for it in (await hub.data(page, admin, **asked))["products"]["nodes"]]

    first = (await hub.data(page, admin))["products"]
    assert [it["productId"] for it in first["nodes"]] == ["scarf", "cap"]
    assert await found(after=first["pageInfo"]["endCursor"]) == ["shirt"]
    assert await found(filter={"category": "hats"}) == ["scarf", "cap"]
    assert await found(filter={"brand": "club"}) == ["cap"]
    one = await hub.data('{ product(productId: "cap") { id productId } }', admin)
    assert one["product"]["productId"] == "cap"
    node = "query ($id: ID!) { node(id: $id) { ... on Product { productId } } }"
    assert await hub.data(node, admin, id=one["product"]["id"]) == {"node": {"productId": "cap"}}
    assert await hub.data('{ product(productId: "hat") { id } }', admin) == {"product": None}
    assert await hub.codes('{ product(productId: "cap", sku: "cap-1") { id } }', admin) == ["BAD_USER_INPUT"]


async def test_a_draft_is_seen_by_staff_and_by_no_customer(hub: Hub, admin: str) -> None:
    await upsert(hub, admin, product(1, status="DRAFT"), product(1, productId="cap", variants=[{"sku": "cap-1"}]))
    asked = '{ product(productId: "shirt") { status } products { nodes { productId } } }'

    assert await hub.data(asked, admin) == {
        "product": {"status": "DRAFT"},
        "products": {"nodes": [{"productId": it} for it in await _by_age(hub, admin)]},
    }
    assert await hub.data(asked, hub.token("ada")) == {"product": None, "products": {"nodes": [{"productId": "cap"}]}}


async def _by_age(hub: Hub, admin: str) -> list[str]:
    found = await hub.data("{ products(last: 100) { nodes { productId } } }", admin)
    names = [it["productId"] for it in found["products"]["nodes"]]
    assert sorted(names) == ["cap", "shirt"]
    return names


async def test_a_customer_changes_no_product_store_or_stock(hub: Hub, database: Database) -> None:
    ada = hub.token("ada")

    for mutation, given in (
        (UPSERT, {"products": [product(1)]}),
        (UPSERT_STORES, {"stores": [store()]}),
        (SET_STOCK, {"levels": [level("shirt-m", "mitte", 1)]}),
    ):
        assert await hub.codes(mutation, ada, input={"idempotencyKey": "k", **given}) == ["FORBIDDEN"]

    for name in ("products", "stores", "stock"):
        assert await database[name].count_documents({}) == 0


def store(**changed: Any) -> dict[str, Any]:
    return {
        "storeId": "mitte",
        "name": "Mitte",
        "address": {"street": "Torstr. 1", "postalCode": "10119", "city": "Berlin", "country": "DE"},
        "timeZone": "Europe/Berlin",
        "updatedAt": SPRING.isoformat(),
        "weekly": [{"day": "MONDAY", "hours": [{"opens": "09:00", "closes": "20:00"}]}],
        "exceptions": [{"day": "2026-12-28", "hours": []}],
        "channels": ["CURBSIDE", "PICKUP"],
        **changed,
    }


ALWAYS = [{"day": day.name, "hours": [{"opens": "00:00", "closes": "24:00"}]} for day in Weekday]


async def test_a_store_has_address_hours_zone_and_channels_and_says_whether_it_is_open(hub: Hub, admin: str) -> None:
    given = {"idempotencyKey": "k", "stores": [store(), store(storeId="west", name="West", channels=[], weekly=ALWAYS)]}
    stored = await hub.data(UPSERT_STORES, admin, input=given)
    assert stored["upsertStores"] == {
        "__typename": "UpsertStoresPayload",
        "upserted": ["mitte", "west"],
        "outdated": [],
    }

    found = await hub.data(
        """{ store(storeId: "mitte") {
          name brand timeZone channels address { street postalCode city country }
          weekly { day hours { opens closes } } exceptions { day hours { opens } }
          monday: open(at: "2026-11-23T08:00:00Z") shut: open(at: "2026-12-28T12:00:00Z")
        } west: store(storeId: "west") { open } stores(channel: PICKUP) { nodes { storeId } } }""",
        hub.token("ada"),
    )

    assert found == {
        "store": {
            "name": "Mitte",
            "brand": "default",
            "timeZone": "Europe/Berlin",
            "channels": ["CURBSIDE", "PICKUP"],
            "address": {"street": "Torstr. 1", "postalCode": "10119", "city": "Berlin", "country": "DE"},
            "weekly": [{"day": "MONDAY", "hours": [{"opens": "09:00", "closes": "20:00"}]}],
            "exceptions": [{"day": "2026-12-28", "hours": []}],
            "monday": True,
            "shut": False,
        },
        "west": {"open": True},
        "stores": {"nodes": [{"storeId": "mitte"}]},
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"timeZone": "Berlin"},
        {"name": ""},
        {"address": {"street": "x", "postalCode": "x", "city": "x", "country": "Germany"}},
        {"weekly": [{"day": "MONDAY", "hours": [{"opens": "24:00", "closes": "09:00"}]}]},
        {"weekly": [{"day": "MONDAY", "hours": [{"opens": "9", "closes": "20"}]}]},
        {"weekly": [{"day": "MONDAY", "hours": []}, {"day": "MONDAY", "hours": []}]},
        {"weekly": [{"day": "MONDAY", "hours": [{"opens": "09:00", "closes": "20:00"}] * 11}]},
    ],
)
async def test_a_store_that_cannot_be_is_refused(
    hub: Hub, admin: str, database: Database, changed: dict[str, Any]
) -> None:
    given = {"idempotencyKey": "k", "stores": [store(**changed)]}

    assert await hub.codes(UPSERT_STORES, admin, input=given) == ["BAD_USER_INPUT"]
    assert await database["stores"].count_documents({}) == 0


def level(sku: str, location: str, on_hand: int, minute: int = 0) -> dict[str, Any]:
    at = (SPRING + timedelta(minutes=minute)).isoformat()
    return {"sku": sku, "location": location, "onHand": on_hand, "updatedAt": at}


async def set_stock(hub: Hub, key: str, *levels: dict[str, Any]) -> list[dict[str, str]]:
    data = await hub.data(SET_STOCK, key, input={"idempotencyKey": f"k{next(keys)}", "levels": list(levels)})
    outdated: list[dict[str, str]] = data["setStock"]["outdated"]
    return outdated


async def test_availability_of_a_sku_is_the_newest_count_of_each_location_and_their_total(hub: Hub, admin: str) -> None:
    await hub.data(UPSERT_STORES, admin, input={"idempotencyKey": "k", "stores": [store()]})

    assert await set_stock(hub, admin, level("shirt-m", "mitte", 3, 5), level("shirt-m", "hall", 40, 1)) == []
    late = await set_stock(hub, admin, level("shirt-m", "mitte", 9, 4), level("shirt-m", "hall", 41, 2))

    assert late == [{"sku": "shirt-m", "location": "mitte"}]
    asked = """{ availability(sku: "shirt-m") { total locations { location onHand store { name } } }
                 none: availability(sku: "shirt-l") { total locations { location } } }"""
    assert await hub.data(asked, hub.token("ada")) == {
        "availability": {
            "total": 44,
            "locations": [
                {"location": "hall", "onHand": 41, "store": None},
                {"location": "mitte", "onHand": 3, "store": {"name": "Mitte"}},
            ],
        },
        "none": {"total": 0, "locations": []},
    }


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [level("", "mitte", 1)],
        [level("shirt-m", "", 1)],
        [level("shirt-m", "mitte", -1)],
        [level("shirt-m", "mitte", 1), level("shirt-m", "mitte", 2)],
        [{**level("shirt-m", "mitte", 1), "updatedAt": "2999-01-01T00:00:00Z"}],
    ],
)
async def test_a_count_that_cannot_be_is_refused(
    hub: Hub, admin: str, database: Database, wrong: list[dict[str, Any]]
) -> None:
    given = {"idempotencyKey": "k", "levels": [level("cap-1", "mitte", 1), *wrong] if wrong else []}

    assert await hub.codes(SET_STOCK, admin, input=given) == ["BAD_USER_INPUT"]
    assert await database["stock"].count_documents({}) == 0


def limited(*, brands: str = "", stores: str = "") -> Caller:
    return Caller(
        CallerKind.STAFF,
        "eve",
        frozenset({Scope.COMMERCE_WRITE}),
        brands=frozenset(brands.split()),
        stores=frozenset(stores.split()),
    )


async def test_staff_limited_to_a_brand_or_store_changes_nothing_of_another(hub: Hub, admin: str) -> None:
    own = {"amount": 1, "currencyCode": "EUR", "brand": "club"}
    await upsert(hub, admin, product(1), product(1, productId="cap", variants=[{"sku": "cap-1", "prices": [own]}]))
    await hub.data(UPSERT_STORES, admin, input={"idempotencyKey": "k", "stores": [store(brand="club")]})
    found = await products.load(["shirt", "cap"])
    (mitte,) = (await stores.load(["mitte"])).values()
    counted = [("cap-1", stock.Level("mitte", 1, SPRING))]

    assert (await products.upsert(limited(brands="club"), [found["cap"]], now=hub.now)).kept == ("cap",)
    assert (await stores.upsert(limited(brands="club", stores="mitte"), [mitte], now=hub.now)).kept == ("mitte",)
    assert await stock.count(limited(stores="mitte"), counted, now=hub.now) == []
    for refused in (
        products.upsert(limited(brands="club"), [found["shirt"]], now=hub.now),
        products.upsert(limited(stores="mitte"), [found["cap"]], now=hub.now),
        stores.upsert(limited(stores="west"), [mitte], now=hub.now),
        stores.upsert(limited(brands="default"), [mitte], now=hub.now),
        stock.count(limited(stores="west"), counted, now=hub.now),
        stock.count(limited(brands="default"), counted, now=hub.now),
    ):
        with pytest.raises(OutOfReach):
            await refused
