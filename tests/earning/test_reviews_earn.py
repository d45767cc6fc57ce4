"""Row 85: points for a review, once for each product and member, taken back when it is removed, whatever its stars."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from hub.database import Database
from hub.events.model import Source
from hub.intake import merging
from hub.kit import ids
from hub.ledger import flushing, verifying
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Spend
from hub.ledger.service import Request, fixed
from hub.programs import service as programs
from hub.reviews import lifecycle, store
from hub.reviews import service as reviews
from hub.reviews.model import By, Review
from tests.commerce.ordering import profile_id_of, sale
from tests.earning.ordering import written
from tests.earning.shop import activate, available, balance, moved, told
from tests.intake.inflow import APP, NOW, SHOP, route_all, track

EACH = "event: {name: Review Approved, points: 25}"
BY = "event: {name: Review Approved, points: 25, once_by: properties.product_id}"
ONCE = "event: {name: Review Approved, points: 25, once: true}"
LINES = [{"product_id": it, "quantity": 1, "price": 5} for it in ("P-1", "P-2")]


async def reviewed(user: str = "ada", product: str = "P-1", *, stars: int = 4, text: str = "Tastes of plums") -> None:
    said = {"product_id": product, "rating": stars, "review_body": text, "review_id": f"{user} {product} {text}"}
    before = (NOW - timedelta(hours=2 if user == "ada" else 1)).isoformat()
    await told(track("Product Reviewed", userId=user, messageId=said["review_id"], properties=said, timestamp=before))


async def shop(rule: str, *users: str, approve: str = ", approve: {score_from: 0}") -> None:
    await activate(written(rule))
    await reviews.publish(f"{{reviews: rules{approve}}}", by="t", key=approve, now=NOW)
    for user in users or ("ada",):
        await told(sale("Completed", user, f"{user}-1", message=f"{user}-1", total=0, products=LINES))


async def the_review(product: str = "P-1", **where: Any) -> Review:
    (found,) = await store.ReviewDocument.get_pymongo_collection().find({"product_id": product, **where}).to_list()
    return store.review_of(found)


async def removed(review: Review, by: By = By.STAFF) -> None:
    await _decided(review, lambda it: lifecycle.removed(it, by=by, reason="no", now=NOW))


async def approved(review: Review) -> None:
    await _decided(review, lambda it: lifecycle.approved(it, by=By.STAFF, reason=None, now=NOW))


async def _decided(review: Review, move: Any) -> None:
    await reviews.decide(review.id, move, key=ids.new_id(), now=NOW)
    await route_all()


@pytest.mark.parametrize("rule", [EACH, BY, ONCE])
async def test_row_85_points_only_on_the_first_approved_review_per_product_and_member_and_a_removed_one_reverses_them(
    database: Database, rule: str
) -> None:
    await shop(rule, approve="")
    await reviewed()
    assert await balance(database, "ada") == 0  # it waits for the staff

    review = await the_review()
    await approved(review)
    assert await balance(database, "ada") == 25
    await reviewed(text="A second opinion")  # refused: she has reviewed it
    await approved(review)
    assert await balance(database, "ada") == 25

    for by in (By.STAFF, By.STAFF):
        await removed(review, by)
        assert await balance(database, "ada") == 0
    for _ in range(2):
        await approved(review)
        assert await balance(database, "ada") == 25

    assert [points for _, points in await moved(database, "ada")] == [25, -25, 25]
    await flushing.flush([await profile_id_of(database, "ada")])
    assert not (await verifying.verify()).differences


async def test_row_85_points_do_not_depend_on_the_stars(database: Database) -> None:
    users = [f"user-{stars}" for stars in range(1, 6)]
    await shop(BY, *users)

    for stars, user in enumerate(users, start=1):
        await reviewed(user, stars=stars)

    assert [await balance(database, user) for user in users] == [25] * 5


@pytest.mark.parametrize(("rule", "points"), [(EACH, 50), (BY, 50), (ONCE, 25)])
async def test_each_product_earns_or_only_the_first_as_the_rule_says(
    database: Database, rule: str, points: int
) -> None:
    await shop(rule)

    for product in ("P-1", "P-2"):
        await reviewed(product=product)

    assert await balance(database, "ada") == points


async def test_where_there_are_points_once_the_removal_of_another_review_takes_none(database: Database) -> None:
    await shop(ONCE)
    for product in ("P-1", "P-2"):
        await reviewed(product=product)

    await removed(await the_review("P-2"))
    assert await balance(database, "ada") == 25
    await removed(await the_review("P-1"))
    assert await balance(database, "ada") == 0
    await approved(await the_review("P-2"))
    assert await balance(database, "ada") == 25


async def test_what_was_earned_is_taken_back_also_after_the_rule_was_changed_or_left_out(database: Database) -> None:
    await shop(BY)
    for product in ("P-1", "P-2"):
        await reviewed(product=product)
    await activate(written(BY.replace("25", "40")), key="l", at=NOW)
    await removed(await the_review("P-1"))
    assert await balance(database, "ada") == 25

    await activate(written("visit: {points: 1}"), key="m", at=NOW)
    await removed(await the_review("P-2"))

    assert await balance(database, "ada") == 0


async def test_a_text_that_takes_the_place_of_another_earns_nothing_again(database: Database) -> None:
    await shop(BY)
    await reviewed()
    before = await the_review()

    for text in ("A scam", "Even better"):
        said = {"product_id": "P-1", "rating": 1, "review_body": text, "review_id": before.review_id}
        later = (NOW - timedelta(minutes=30 - len(text))).isoformat()
        await told(track("Product Reviewed", userId="ada", messageId=text, properties=said, timestamp=later))

    assert (await the_review()).said.written.text == "Even better"
    assert await balance(database, "ada") == 25


async def test_of_two_who_turn_out_to_be_one_the_points_of_one_review_stay(database: Database) -> None:
    await shop(BY, "ada", "bob")
    for user in ("ada", "bob"):
        await reviewed(user)
    ada, bob = [await profile_id_of(database, it) for it in ("ada", "bob")]

    await merging.merge(ada, bob, key=ids.new_id(), now=NOW)
    await route_all()

    held: Mapping[str, int] = {it: await balance(database, it) for it in ("ada", "bob")}
    assert held["ada"] == 25
    assert await database["reviews"].count_documents({"state": "approved"}) == 1
    assert await total(database) == 25


async def test_what_was_spent_already_is_taken_back_as_the_program_says(database: Database) -> None:
    await shop(BY)
    await reviewed()
    owner = await profile_id_of(database, "ada")
    spent = Request("club", owner, "spent", fixed(Spend("points", 20, "spent")), About("t"), NOW)
    await ledger.post_one(spent, now=NOW)

    await removed(await the_review())

    assert (await balance(database, "ada"), await available(database, "ada")) == (0, 0)


async def test_a_cap_holds_for_reviews_too_and_what_is_shown_again_has_what_it_was_granted(database: Database) -> None:
    await shop(f"{EACH}, cap: {{month: 40}}")
    for product in ("P-1", "P-2"):
        await reviewed(product=product)
    assert await balance(database, "ada") == 40

    review = await the_review("P-2")
    await removed(review)
    assert await balance(database, "ada") == 25
    await approved(review)

    assert await balance(database, "ada") == 40


@pytest.mark.parametrize("source", [SHOP, APP])
async def test_only_the_hub_itself_says_that_a_review_is_approved(database: Database, source: Source) -> None:
    await shop(EACH)
    said = {"product_id": "P-1", "review_id": str(ids.new_id())}

    await told(track("Review Approved", userId="ada", messageId="m", properties=said), source=source)

    assert await database["wallets"].count_documents({}) == 0
    found = await database["decisions"].find({"question": "earn club"}).to_list()
    assert [it["reason"] for it in found] == ["untrusted_source"]


async def test_an_event_that_is_worked_on_again_moves_nothing(database: Database) -> None:
    await shop(BY)
    await reviewed()
    await removed(await the_review())
    await approved(await the_review())

    await database["events"].update_many({}, {"$set": {"routed": False}})
    await route_all()

    assert [points for _, points in await moved(database, "ada")] == [25, -25, 25]


async def test_a_program_that_asks_for_stars_is_refused(database: Database) -> None:
    del database
    source = written(f"{EACH}, where: properties.stars >= 4")

    with pytest.raises(Exception, match="does not depend on its stars"):
        await programs.draft(source, by="t", key="k", now=NOW)


async def total(database: Database) -> int:
    rows = await database["wallets"].find({}).to_list()
    return sum(lot["left"] for row in rows for wallet in row["wallets"].values() for lot in wallet["lots"])
