"""Reviews over the API: customers write them, the staff decide, and each sees what is theirs to see."""

from collections.abc import Mapping
from typing import Any

import pytest

from hub.access import audit
from hub.access.audit import EntryDocument
from hub.access.grants import KeyKind
from hub.database import Database
from tests.hub_api.conftest import Hub
from tests.hub_api.test_questions import id_of

RULES = "{reviews: rules, hold: {words: [scam]}, refuse: {shorter_than: 5}, approve: {score_from: 0}}"
TAKEN = "__typename ... on %sPayload { review { id state by reason text } }"
NOT_TAKEN = "... on ReviewNotTaken { code message path faults standing } ... on UserError { code }"
PUBLISH = """
mutation ($input: PublishReviewRulesInput!) { publishReviewRules(input: $input) {
  __typename
  ... on PublishReviewRulesPayload { version isNew rules { version source } }
  ... on InvalidDefinition { problems { line column code } }
} }
"""
QUEUE = """query ($filter: ReviewFilter, $first: Int, $after: String) {
  reviews(filter: $filter, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { productId state faults score }
  }
}"""


async def does(hub: Hub, name: str, key: str, **given: Any) -> dict[str, Any]:
    title = name[0].upper() + name[1:]
    query = f"mutation ($input: {title}Input!) {{ {name}(input: $input) {{ {TAKEN % title} {NOT_TAKEN} }} }}"
    hub.said += 1
    answer = await hub.data(query, key, input={"idempotencyKey": f"k{hub.said}", **given})
    result: dict[str, Any] = answer[name]
    return result


async def submit(hub: Hub, key: str, **given: Any) -> dict[str, Any]:
    said = {"productId": "P-1", "stars": 4, "text": "Tastes of plums", "consentVersion": "v1"}
    return await does(hub, "submitReview", key, **{**said, **given})


async def buys(hub: Hub, user: str, *products: str) -> None:
    lines = [{"product_id": it, "quantity": 1, "price": 5} for it in products]
    order = {"order_id": f"{user}-1", "total": 5 * len(lines), "currency": "EUR", "products": lines}
    await hub.track(user, "Order Completed", **order)


@pytest.fixture
async def shop(hub: Hub, admin: str) -> Hub:
    """Ada and Bob have bought something, and most reviews approve themselves."""
    await hub.data(PUBLISH, admin, input={"idempotencyKey": "rules", "source": RULES})
    await buys(hub, "ada", "P-1", "P-2")
    await buys(hub, "bob", "P-1")
    return hub


async def test_a_customer_reviews_what_they_bought_and_sees_what_becomes_of_it(shop: Hub) -> None:
    ada = shop.token("ada")

    shown, held = await submit(shop, ada), await submit(shop, ada, productId="P-2", text="It is a scam")

    assert (shown["review"]["state"], held["review"]["state"]) == ("APPROVED", "HELD")
    seen = "{ me { reviews { nodes { productId state } } } }"
    assert (await shop.data(seen, ada))["me"]["reviews"]["nodes"] == [
        {"productId": "P-2", "state": "HELD"},
        {"productId": "P-1", "state": "APPROVED"},
    ]
    one = "query ($id: ID!) { review(id: $id) { text stars orderSource orderId line language consentVersion } }"
    assert (await shop.data(one, ada, id=shown["review"]["id"]))["review"] == {
        "text": "Tastes of plums",
        "stars": 4,
        "orderSource": "shop",
        "orderId": "ada-1",
        "line": 0,
        "language": "en",
        "consentVersion": "v1",
    }
    assert await shop.data(one, shop.token("bob"), id=shown["review"]["id"]) == {"review": None}


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"productId": "P-9"}, "NOT_BOUGHT", "productId"),
        ({"text": "Bad"}, "TEXT_REFUSED", "text"),
        ({"text": " \n "}, "BAD_REVIEW", "text"),
        ({"text": "x" * 5001}, "BAD_REVIEW", "text"),
        ({"title": "x" * 201}, "BAD_REVIEW", "title"),
        ({"stars": 0}, "BAD_REVIEW", "stars"),
        ({"stars": 6}, "BAD_REVIEW", "stars"),
        ({"photos": -1}, "BAD_REVIEW", "photos"),
        ({"language": "German"}, "BAD_REVIEW", "language"),
        ({"productId": ""}, "BAD_REVIEW", "productId"),
        ({"consentVersion": ""}, "BAD_REVIEW", "consentVersion"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_its_place_and_nothing_is_kept(
    shop: Hub, database: Database, given: Mapping[str, Any], code: str, path: str
) -> None:
    refused = await submit(shop, shop.token("ada"), **given)

    assert (refused["__typename"], refused["code"], refused["path"]) == ("ReviewNotTaken", code, ["input", path])
    assert refused["faults"] == (["TOO_SHORT"] if code == "TEXT_REFUSED" else [])
    assert await database["reviews"].count_documents({}) == 0


async def test_a_second_review_names_the_first_and_takes_its_place_only_if_it_says_so(shop: Hub) -> None:
    ada = shop.token("ada")
    first = (await submit(shop, ada))["review"]

    refused, replaced = await submit(shop, ada, text="Not so good"), await submit(shop, ada, text="No!!!", replace=True)

    assert (refused["code"], refused["standing"]) == ("ALREADY_REVIEWED", first["id"])
    assert (replaced["review"]["id"], replaced["review"]["text"]) == (first["id"], "No!!!")


async def test_the_staff_approve_refuse_and_remove_with_a_reason_and_find_what_waits_by_pages(
    shop: Hub, admin: str
) -> None:
    held = [
        (await submit(shop, shop.token(user), productId=product, text="It is a scam"))["review"]["id"]
        for user, product in (("ada", "P-1"), ("ada", "P-2"), ("bob", "P-1"))
    ]
    first = (await shop.data(QUEUE, admin, first=2))["reviews"]
    rest = (await shop.data(QUEUE, admin, first=2, after=first["pageInfo"]["endCursor"]))["reviews"]
    assert [it["productId"] for it in (*first["nodes"], *rest["nodes"])] == ["P-1", "P-2", "P-1"]
    assert first["nodes"][0] == {"productId": "P-1", "state": "HELD", "faults": ["BANNED_WORD"], "score": 11}
    assert len((await shop.data(QUEUE, admin, filter={"productId": "P-2"}))["reviews"]["nodes"]) == 1

    approved = await does(shop, "approveReview", admin, id=held[0])
    without = await does(shop, "refuseReview", admin, id=held[1], reason=" ")
    refused = await does(shop, "refuseReview", admin, id=held[1], reason="This is about the parcel.")
    wrong = await does(shop, "refuseReview", admin, id=held[0], reason="Too late.")
    removed = await does(shop, "removeReview", admin, id=held[0], reason="Copied from elsewhere.")

    assert approved["review"]["state"] == "APPROVED"
    assert (without["code"], without["path"]) == ("BAD_REVIEW", ["input", "reason"])
    assert (refused["review"]["state"], refused["review"]["reason"]) == ("REFUSED", "This is about the parcel.")
    assert wrong["code"] == "WRONG_STATE"
    assert (removed["review"]["state"], removed["review"]["by"]) == ("REMOVED", "STAFF")
    assert [it["state"] for it in (await shop.data(QUEUE, admin))["reviews"]["nodes"]] == ["HELD"]
    gone = (await shop.data(QUEUE, admin, filter={"states": ["REFUSED", "REMOVED"]}))["reviews"]["nodes"]
    assert [it["state"] for it in gone] == ["REFUSED", "REMOVED"]


async def test_a_customer_takes_away_what_they_wrote_and_nothing_of_anybody_else(shop: Hub) -> None:
    mine = (await submit(shop, shop.token("ada")))["review"]["id"]
    remove = "mutation ($input: RemoveReviewInput!) { removeReview(input: $input) { __typename } }"
    given = {"idempotencyKey": "r", "id": mine}

    assert await shop.codes(remove, shop.token("bob"), input=given) == ["FORBIDDEN"]
    assert await shop.codes(remove, shop.token("ada"), input={**given, "id": "x"}) == ["BAD_USER_INPUT"]
    assert (await does(shop, "removeReview", shop.token("ada"), id=mine))["review"] == {
        "id": mine,
        "state": "REMOVED",
        "by": "AUTHOR",
        "reason": None,
        "text": "",
    }


async def test_no_key_of_a_client_and_no_customer_approves(shop: Hub) -> None:
    held = (await submit(shop, shop.token("ada"), text="It is a scam"))["review"]["id"]
    approve = "mutation ($input: ApproveReviewInput!) { approveReview(input: $input) { __typename } }"
    given = {"idempotencyKey": "a", "id": held}

    for key in (shop.token("ada"), await shop.key(KeyKind.CLIENT)):
        assert await shop.codes(approve, key, input=given) == ["FORBIDDEN"]
    assert (await does(shop, "approveReview", await shop.key(KeyKind.SERVER), id=held))["review"]["state"] == "APPROVED"


async def test_a_server_submits_for_a_customer_it_names_and_the_audit_holds_no_word_of_it(
    shop: Hub, admin: str, database: Database
) -> None:
    bob = await id_of(shop, admin, "bob")

    taken = await submit(shop, await shop.key(KeyKind.SERVER), id=bob, text="Words of a person")

    assert taken["review"]["state"] == "APPROVED"
    row = await EntryDocument.get_pymongo_collection().find_one({"what": "submit review"}) or {}
    assert row["after"] == {"product": "P-1", "state": "approved"}
    async for entry in database["audit"].find({}):
        assert "Words of a person" not in str(entry)
    assert (await audit.verify()).fault is None


async def test_rules_are_published_in_versions_and_refused_with_their_places(hub: Hub, admin: str) -> None:
    published = await hub.data(PUBLISH, admin, input={"idempotencyKey": "a", "source": RULES})
    refused = await hub.data(PUBLISH, admin, input={"idempotencyKey": "b", "source": "{reviews: rules, hold: 3}"})

    assert published["publishReviewRules"] == {
        "__typename": "PublishReviewRulesPayload",
        "version": 1,
        "isNew": True,
        "rules": {"version": 1, "source": RULES},
    }
    assert refused["publishReviewRules"]["problems"] == [{"line": 1, "column": 24, "code": "wrong_type"}]
    assert (await hub.data("{ reviewRules { version } }", admin))["reviewRules"] == {"version": 1}


async def test_a_product_shows_its_approved_reviews_by_pages_and_their_stars_and_nobody_who_wrote_them(
    shop: Hub, admin: str
) -> None:
    names = {"productId": "P-1", "names": [{"language": "en", "text": "Beans"}], "variants": [{"sku": "A-1"}]}
    upsert = "mutation ($input: UpsertProductsInput!) { upsertProducts(input: $input) { __typename } }"
    given = {**names, "updatedAt": "2026-11-01T12:00:00Z"}
    await shop.data(upsert, admin, input={"idempotencyKey": "p", "products": [given, {**given, "productId": "P-2"}]})
    await shop.identify("ada", firstName="Augusta", lastName="Byron")
    await submit(shop, shop.token("ada"), showName=True)
    await submit(shop, shop.token("ada"), productId="P-2", text="It is a scam", stars=1)
    await submit(shop, shop.token("bob"), stars=2, title="Well")

    asked = """query ($first: Int, $after: String) { products { nodes { productId
      rating { average count byStars { stars count } }
      reviews(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { stars title text author language photos }
      }
    } } }"""
    device = await shop.key(KeyKind.SERVER)
    found = {it["productId"]: it for it in (await shop.data(asked, device, first=1))["products"]["nodes"]}

    assert found["P-1"]["rating"] == {
        "average": "3.00",
        "count": 2,
        "byStars": [{"stars": it, "count": 1 if it in {2, 4} else 0} for it in (5, 4, 3, 2, 1)],
    }
    assert found["P-2"]["rating"]["count"] == 0
    assert found["P-2"]["rating"]["average"] is None
    first = found["P-1"]["reviews"]
    assert first["nodes"] == [
        {"stars": 2, "title": "Well", "text": "Tastes of plums", "author": None, "language": "en", "photos": 0}
    ]
    after = await shop.data(asked, device, first=1, after=first["pageInfo"]["endCursor"])
    rest = {it["productId"]: it["reviews"] for it in after["products"]["nodes"]}["P-1"]
    assert [(it["author"], it["text"]) for it in rest["nodes"]] == [("Augusta B.", "Tastes of plums")]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert await EntryDocument.find({"what": audit.READ}).count() == 0
