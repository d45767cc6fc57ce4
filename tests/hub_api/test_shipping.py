"""Shipping over the API: rules are published as versions, and a cart is told what it costs to send it."""

from typing import Any

from hub.access.grants import KeyKind
from hub.database import Database
from tests.hub_api.conftest import Hub

RULES = """\
shipping: standard
currency: EUR
rules:
  - {name: free-from-50, methods: [standard], value: {from: 50}, free: true}
  - {name: small, methods: [standard], value: {from: 10}, flat: 4.90}
  - {name: heavy, methods: [freight], by_weight: {base: 5, per_kilogram: 2}}
"""
PUBLISH = """
mutation ($input: PublishShippingRulesInput!) { publishShippingRules(input: $input) {
  __typename
  ... on PublishShippingRulesPayload { version isNew warnings { line column code } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line code } }
} }
"""
SHIPPING = """
query ($input: ShippingInput!) { shipping(input: $input) { method rule basis price { amount currencyCode } } }
"""
UPSERT = "mutation ($input: UpsertProductsInput!) { upsertProducts(input: $input) { __typename } }"


async def publish(hub: Hub, key: str, source: str = RULES, idempotency_key: str = "k") -> dict[str, Any]:
    data = await hub.data(PUBLISH, key, input={"idempotencyKey": idempotency_key, "source": source})
    result: dict[str, Any] = data["publishShippingRules"]
    return result


async def stock_up(hub: Hub, key: str) -> None:
    """A shirt of 500 g at 19.90, and a stove whose weight nobody knows."""

    def product(sku: str, amount: str, grams: int | None) -> dict[str, Any]:
        prices = [{"amount": amount, "currencyCode": "EUR"}]
        return {
            "productId": sku,
            "names": [{"language": "en", "text": sku}],
            "updatedAt": "2026-04-01T12:00:00Z",
            "variants": [{"sku": sku, "weightGrams": grams, "prices": prices}],
        }

    given = [product("shirt", "19.90", 500), product("stove", "60", None)]
    await hub.data(UPSERT, key, input={"idempotencyKey": "k", "products": given})


async def options(hub: Hub, key: str, *lines: tuple[str, int], **more: Any) -> dict[str, tuple[str, str, str]]:
    asked = {"country": "DE", "currencyCode": "EUR", **more}
    if lines:
        asked["lines"] = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    found = (await hub.data(SHIPPING, key, input=asked))["shipping"]
    return {it["method"]: (it["rule"], it["basis"], it["price"]["amount"]) for it in found}


async def test_the_rules_in_force_say_what_it_costs_to_send_lines(hub: Hub, admin: str) -> None:
    ada = hub.token("ada")
    await stock_up(hub, admin)
    assert await options(hub, ada, ("shirt", 1)) == {}  # nothing is published

    await publish(hub, admin)

    freight = ("heavy", "BY_WEIGHT", "7.00")
    assert await options(hub, ada, ("shirt", 1)) == {"standard": ("small", "FLAT", "4.90"), "freight": freight}
    assert await options(hub, ada, ("shirt", 3)) == {
        "standard": ("free-from-50", "FREE", "0.00"),
        "freight": ("heavy", "BY_WEIGHT", "9.00"),
    }
    assert await options(hub, ada, ("shirt", 1), method="freight") == {"freight": freight}
    assert await options(hub, ada, ("stove", 1)) == {"standard": ("free-from-50", "FREE", "0.00")}


async def test_shipping_of_a_customers_own_cart_and_of_no_other(hub: Hub, admin: str) -> None:
    await stock_up(hub, admin)
    await publish(hub, admin)
    await hub.track("ada", "Product Added", sku="shirt", quantity=2, price=1, currency="EUR")
    await hub.track("bob", "Product Added", sku="stove")

    assert (await options(hub, hub.token("ada"), cartId="cart"))["standard"] == ("small", "FLAT", "4.90")
    assert (await options(hub, hub.token("bob"), cartId="cart"))["standard"] == ("free-from-50", "FREE", "0.00")
    asked = {"country": "DE", "currencyCode": "EUR", "cartId": "cart"}
    for nobody in (hub.token("eve"), admin):
        assert await hub.codes(SHIPPING, nobody, input=asked) == ["BAD_USER_INPUT"]


async def test_what_cannot_be_priced_has_no_shipping(hub: Hub, admin: str) -> None:
    await stock_up(hub, admin)
    await publish(hub, admin)
    asked = {"country": "DE", "currencyCode": "EUR", "lines": [{"sku": "shirt"}]}

    for changed in (
        {"lines": [{"sku": "shirt"}, {"sku": "unknown"}]},
        {"currencyCode": "USD"},
        {"currencyCode": "Euro"},
        {"lines": []},
        {"lines": [{"sku": "shirt", "quantity": 0}]},
        {"lines": [{"sku": "shirt", "quantity": 2_000_000_000}]},
        {"lines": None},
        {"cartId": "cart"},
    ):
        assert await hub.codes(SHIPPING, admin, input={**asked, **changed}) == ["BAD_USER_INPUT"], changed


async def test_rules_are_published_as_versions_and_warn_of_a_fee_that_is_too_much(hub: Hub, admin: str) -> None:
    warning = {"line": 5, "column": 65, "code": "fee_above_share"}
    first = await publish(hub, admin)

    assert first == {
        "__typename": "PublishShippingRulesPayload",
        "version": 1,
        "isNew": True,
        "warnings": [warning],
    }
    assert await publish(hub, admin) == first
    assert await publish(hub, admin, idempotency_key="k2") == {**first, "isNew": False}
    cheap = RULES.replace("4.90", "2")
    assert await publish(hub, admin, cheap, "k3") == {**first, "version": 2, "warnings": []}
    assert (await publish(hub, admin, cheap, "k2"))["code"] == "IDEMPOTENCY_KEY_REUSED"
    rules = await hub.data("{ shippingRules { version name source } }", admin)
    assert rules == {"shippingRules": {"version": 2, "name": "standard", "source": cheap}}


async def test_rules_with_problems_are_not_published(hub: Hub, admin: str, database: Database) -> None:
    refused = await publish(hub, admin, RULES.replace("free: true", "free: false"))

    assert refused == {
        "__typename": "InvalidDefinition",
        "code": "INVALID_DEFINITION",
        "path": ["input", "source"],
        "problems": [{"line": 4, "code": "wrong_type"}],
    }
    assert await database["shipping_versions"].count_documents({}) == 0


async def test_neither_customer_nor_server_publishes_rules(hub: Hub, database: Database) -> None:
    for key in (hub.token("ada"), await hub.key(KeyKind.SERVER)):
        given = {"idempotencyKey": "k", "source": RULES}
        assert await hub.codes(PUBLISH, key, input=given) == ["FORBIDDEN"]
    assert await database["shipping_versions"].count_documents({}) == 0


async def test_a_customer_sees_their_carts_at_the_prices_of_the_catalogue_and_nobody_elses(
    hub: Hub, admin: str
) -> None:
    await stock_up(hub, admin)
    await hub.track("ada", "Product Added", sku="shirt", quantity=2, price=1, currency="EUR", name="Shirt")
    await hub.track("ada", "Product Added", sku="bag", price=5, currency="EUR", cart_id="later")
    await hub.track("bob", "Product Added", sku="stove")
    asked = "carts { cartId itemCount value { amount } lines { sku quantity price { amount } product { productId } } }"

    mine = await hub.data(f"{{ me {{ {asked} }} }}", hub.token("ada"))

    shirt = {"sku": "shirt", "quantity": 2, "price": {"amount": "19.90"}, "product": {"productId": "shirt"}}
    bag = {"sku": "bag", "quantity": 1, "price": {"amount": "5.00"}, "product": None}
    assert mine == {
        "me": {
            "carts": [
                {"cartId": "later", "itemCount": 1, "value": {"amount": "5.00"}, "lines": [bag]},
                {"cartId": "cart", "itemCount": 2, "value": {"amount": "39.80"}, "lines": [shirt]},
            ]
        }
    }
    staff = await hub.data(f'{{ profiles(filter: {{userId: "bob"}}) {{ nodes {{ {asked} }} }} }}', admin)
    assert [cart["cartId"] for cart in staff["profiles"]["nodes"][0]["carts"]] == ["cart"]
