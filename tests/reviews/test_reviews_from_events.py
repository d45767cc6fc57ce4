"""Reviews that outside systems tell of: believed of servers, each once, in whatever order and however often."""

from datetime import timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.decisions.store import DecisionDocument
from hub.events.model import IMPORT, Source, Trust
from hub.reviews import store
from hub.reviews.model import By, Fault, Review, State
from tests.reviews.stage import DESK, removes, states, told, writes
from tests.rollups.stage import Shop

PAGE = Source("page", Trust.CLIENT)


async def reviewed(
    shop: Shop, *, event: str = "Product Reviewed", source: Source = DESK, user: str = "ada", **properties: Any
) -> None:
    said = {"product_id": "P-1", "review_id": "R-1", "rating": 4, "review_body": "Tastes of plums"}
    shop.now += timedelta(seconds=1)
    when = {"timestamp": shop.now.isoformat()}
    await shop.say(event, user=user, source=source, properties={**said, **properties}, **when)
    await shop.route()


async def withdrawn(shop: Shop, source: Source = DESK, **properties: Any) -> None:
    await reviewed(shop, event="Review Withdrawn", source=source, **properties)


async def the_one() -> Review:
    (found,) = [store.review_of(it) async for it in store.ReviewDocument.get_pymongo_collection().find()]
    return found


async def reasons() -> list[str]:
    return [str(it.reason) async for it in DecisionDocument.find({"question": "review"}).sort("at")]


async def test_a_server_tells_of_a_review_in_segments_words_and_the_hub_announces_it(
    ada: Shop, database: Database
) -> None:
    await reviewed(ada, order_id="ada-0", order_source="shop", consent_version="v1", show_name=True, photos=2)

    review = await the_one()
    assert (review.source, review.review_id, review.state) == ("desk", "R-1", State.APPROVED)
    assert (review.said.stars, review.said.written.text, review.said.written.photos) == (4, "Tastes of plums", 2)
    assert (review.said.consent_version, review.said.show_name, review.purchase.order_id) == ("v1", True, "ada-0")
    assert await told(database) == [("Review Received", "P-1", "approved"), ("Review Approved", "P-1", "approved")]


async def test_who_says_review_received_has_said_it(ada: Shop, database: Database) -> None:
    await reviewed(ada, event="Review Received", stars=5, text="In our words", rating=None, review_body=None)

    assert (await the_one()).said.written.text == "In our words"
    assert await told(database) == [("Review Approved", "P-1", "approved")]


async def test_a_client_brings_no_review_approves_none_and_removes_none(ada: Shop, database: Database) -> None:
    await reviewed(ada, source=PAGE)
    assert await states(await ada.profile("ada")) == {}

    await reviewed(ada, review_body="It is a scam")
    for event in ("Review Approved", "Review Removed", "Review Withdrawn", "Review Received"):
        await reviewed(ada, event=event, source=PAGE)

    assert (await the_one()).state is State.HELD
    assert await reasons() == ["untrusted_source"] * 3
    assert await told(database) == [("Review Received", "P-1", "held")]


async def test_what_a_source_says_later_under_the_same_id_takes_the_place_of_what_it_said_before(ada: Shop) -> None:
    await reviewed(ada)
    before = ada.now
    await reviewed(ada, rating=2)
    assert (await the_one()).said.stars == 2

    late = {"product_id": "P-1", "review_id": "R-1", "rating": 5, "review_body": "It was better"}
    await ada.say("Product Reviewed", source=DESK, properties=late, timestamp=before.isoformat())
    await ada.route()

    assert (await the_one()).said.stars == 2


async def test_another_review_of_the_same_product_leaves_a_decision(ada: Shop) -> None:
    await writes(ada)
    await reviewed(ada)

    assert (await the_one()).source == "hub"
    assert await reasons() == ["already_reviewed"]


async def test_a_review_of_what_they_have_not_bought_leaves_a_decision(ada: Shop) -> None:
    await reviewed(ada, product_id="P-9")
    await reviewed(ada, user="bob")

    assert await reasons() == ["not_bought"] * 2
    assert await store.ReviewDocument.count() == 0


@pytest.mark.parametrize(
    ("properties", "part"),
    [
        ({"product_id": None}, "product_id"),
        ({"rating": 4.5}, "stars"),
        ({"rating": "4"}, "stars"),
        ({"review_body": 7}, "text"),
        ({"photos": 21}, "photos"),
        ({"language": "?"}, "language"),
        ({"order_id": ["A"]}, "order_id"),
    ],
)
async def test_a_review_that_cannot_be_read_is_a_dead_letter_that_names_the_place(
    ada: Shop, database: Database, properties: dict[str, Any], part: str
) -> None:
    await reviewed(ada, **properties)

    letter = await database["dead_letters"].find_one({}) or {}
    assert (letter["code"], letter["message"].split("`")[1]) == ("bad_review", part)
    assert await store.ReviewDocument.count() == 0


async def test_what_the_rules_refuse_is_kept_as_refused_for_nobody_waits_for_the_answer(
    ada: Shop, database: Database
) -> None:
    await reviewed(ada, review_body="Bad")

    assert ((await the_one()).state, (await the_one()).faults) == (State.REFUSED, (Fault.TOO_SHORT,))
    assert await told(database) == [("Review Received", "P-1", "refused")]


async def test_what_its_source_withdraws_is_gone_and_comes_back_only_from_there(ada: Shop, database: Database) -> None:
    await withdrawn(ada)  # nobody knows of it yet
    await reviewed(ada)
    await withdrawn(ada, source=Source("another desk", Trust.SERVER))
    assert (await the_one()).state is State.APPROVED

    for _ in range(2):
        await withdrawn(ada, reason="Its author left us")
    assert await states(await ada.profile("ada")) == {"P-1": "removed by source"}
    assert (await the_one()).reason == "Its author left us"

    await reviewed(ada, rating=3)
    assert (await the_one()).state is State.APPROVED
    assert [name for name, _, _ in await told(database)] == [
        "Review Received",
        "Review Approved",
        "Review Removed",
        "Review Received",
        "Review Approved",
    ]


async def test_what_the_staff_removed_no_source_brings_back(ada: Shop) -> None:
    await reviewed(ada)
    await removes(ada, await the_one())

    await reviewed(ada, rating=3)

    assert (await the_one()).state is State.RECEIVED


async def test_a_review_in_a_file_is_kept_and_announced_to_nobody(ada: Shop, database: Database) -> None:
    await reviewed(ada, source=IMPORT)

    assert (await the_one()).state is State.APPROVED
    assert await told(database) == []


async def test_an_event_that_is_worked_on_again_changes_nothing(ada: Shop, database: Database) -> None:
    await reviewed(ada)
    before = await the_one()
    await removes(ada, before)

    await database["events"].update_many({"name": "Product Reviewed"}, {"$set": {"routed": False}})
    await ada.route()

    assert (await the_one()).state is State.REMOVED
    assert len(await told(database)) == 3


async def test_what_its_author_took_away_no_source_brings_back(ada: Shop) -> None:
    await reviewed(ada)
    await removes(ada, await the_one(), By.AUTHOR)

    await reviewed(ada, rating=3)

    assert await states(await ada.profile("ada")) == {"P-1": "removed by author"}
    assert await reasons() == ["already_reviewed"]


async def test_what_a_device_reviewed_before_its_owner_was_known_is_no_second_review(ada: Shop) -> None:
    line = {"product_id": "P-1", "quantity": 1, "price": 5}
    bought = {"order_id": "D-1", "total": 5, "currency": "EUR", "products": [line]}
    said = {"product_id": "P-1", "review_id": "R-2", "rating": 4, "review_body": "From a device"}
    await writes(ada)
    for name, properties in (("Order Completed", bought), ("Product Reviewed", said)):
        ada.now += timedelta(seconds=1)
        await ada.say(name, userId=None, anonymousId="phone", source=DESK, properties=properties)
    await ada.route()
    assert await store.ReviewDocument.find({"state": "approved"}).count() == 2

    await ada.identify(user="ada", anonymousId="phone")
    await ada.route()

    assert await states(await ada.profile("ada")) == {"P-1": "removed by merge"}
    assert await store.ReviewDocument.find({"state": "approved"}).count() == 1
