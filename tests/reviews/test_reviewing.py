"""Reviews: one for each product and person, for ever; each fact of one is told once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from hub.database import Database
from hub.intake import merging
from hub.kit import ids
from hub.reviews import lifecycle, service, store
from hub.reviews.model import (
    AlreadyReviewed,
    By,
    Fault,
    NoSuchReview,
    NotBought,
    Review,
    State,
    TextRefused,
    WrongState,
)
from tests.reviews.stage import approves, buys, refuses, removes, rules, states, told, writes
from tests.rollups.stage import Shop


async def test_a_review_rests_on_a_purchase_of_theirs(ada: Shop) -> None:
    await buys(ada, "P-9", user="bob")

    review = await writes(ada)
    with pytest.raises(NotBought):
        await writes(ada, product="P-9")
    with pytest.raises(NotBought):
        await writes(ada, product="P-2", order=ids.new_id())

    assert (review.state, review.purchase.order_id, review.purchase.line) == (State.APPROVED, "ada-0", 0)
    assert await states(await ada.profile("ada")) == {"P-1": "approved by rule"}


async def test_what_was_given_back_cannot_be_reviewed(ada: Shop) -> None:
    line = {"product_id": "P-1", "quantity": 1, "price": 5}
    await ada.say("Order Refunded", properties={"order_id": "ada-0", "currency": "EUR", "products": [line]})
    await ada.route()

    with pytest.raises(NotBought):
        await writes(ada)
    assert (await writes(ada, product="P-2")).purchase.line == 1


async def test_who_brings_the_goods_back_later_keeps_their_review_and_may_write_it_anew(ada: Shop) -> None:
    first = await writes(ada)
    line = {"product_id": "P-1", "quantity": 1, "price": 5}
    await ada.say("Order Refunded", properties={"order_id": "ada-0", "currency": "EUR", "products": [line]})
    await ada.route()

    anew = await writes(ada, "It broke after a week", replace=True)
    assert (anew.id, anew.state, anew.purchase) == (first.id, State.APPROVED, first.purchase)

    await removes(ada, anew, by=By.AUTHOR)
    with pytest.raises(NotBought):
        await writes(ada, "And yet I write again")


async def test_a_review_in_the_same_words_under_the_same_key_is_one(ada: Shop, database: Database) -> None:
    first = await writes(ada, key="k")
    again = await writes(ada, key="k")

    assert again == await store_one(first.id)
    assert await told(database) == [("Review Received", "P-1", "approved"), ("Review Approved", "P-1", "approved")]


async def test_a_second_review_of_a_product_is_refused_or_takes_the_place_of_the_first(
    ada: Shop, database: Database
) -> None:
    first = await writes(ada)
    with pytest.raises(AlreadyReviewed) as refused:
        await writes(ada, "Another opinion")
    assert refused.value.standing == first.id
    assert (await store_one(first.id)).said.written.text == "Tastes of plums"

    second = await writes(ada, "Another opinion", replace=True)

    assert (second.id, second.said.written.text, second.at) == (first.id, "Another opinion", first.at)
    assert await told(database) == [
        ("Review Received", "P-1", "approved"),
        ("Review Approved", "P-1", "approved"),
        ("Review Received", "P-1", "approved"),
    ]


async def test_a_text_that_takes_the_place_of_one_that_was_shown_is_shown_when_it_is_approved(
    ada: Shop, database: Database
) -> None:
    await writes(ada)
    held = await writes(ada, "No, it is a scam", replace=True)
    assert (held.state, held.faults) == (State.HELD, (Fault.BANNED_WORD,))

    await approves(ada, held)

    assert await told(database) == [
        ("Review Received", "P-1", "approved"),
        ("Review Approved", "P-1", "approved"),
        ("Review Received", "P-1", "held"),
        ("Review Removed", "P-1", "held"),
        ("Review Approved", "P-1", "approved"),
    ]


async def test_a_text_that_the_rules_refuse_is_told_at_once_and_nothing_is_kept(ada: Shop, database: Database) -> None:
    with pytest.raises(TextRefused) as refused:
        await writes(ada, "Bad")

    assert refused.value.faults == (Fault.TOO_SHORT,)
    assert await states(await ada.profile("ada")) == {}
    assert await told(database) == []


async def test_a_review_is_approved_removed_and_approved_again_and_each_is_told_once(
    ada: Shop, database: Database
) -> None:
    review = await writes(ada)

    for _ in range(2):
        await removes(ada, review)
    for _ in range(2):
        await approves(ada, review)

    assert await told(database) == [
        ("Review Received", "P-1", "approved"),
        ("Review Approved", "P-1", "approved"),
        ("Review Removed", "P-1", "removed"),
        ("Review Approved", "P-1", "approved"),
    ]
    assert (await store_one(review.id)).state is State.APPROVED


async def test_a_decision_under_its_key_is_made_once_also_when_another_one_followed(ada: Shop) -> None:
    review = await writes(ada)
    key = ids.new_id()

    async def again() -> State:
        move = lambda it: lifecycle.removed(it, by=By.STAFF, reason="no", now=ada.now)  # noqa: E731
        return (await service.decide(review.id, move, key=key, now=ada.now)).state

    assert await again() is State.REMOVED
    await approves(ada, review)
    assert await again() is State.APPROVED


async def test_what_waits_can_be_refused_and_what_is_shown_only_removed(ada: Shop) -> None:
    held = await writes(ada, "It is a scam")
    shown = await writes(ada, product="P-2")

    assert (await refuses(ada, held)).state is State.REFUSED
    with pytest.raises(WrongState):
        await refuses(ada, shown)
    with pytest.raises(NoSuchReview):
        await service.decide(ids.new_id(), lambda it: it, key=ids.new_id(), now=ada.now)

    assert await states(await ada.profile("ada")) == {"P-1": "refused by staff", "P-2": "approved by rule"}


async def test_what_its_author_took_away_only_they_bring_back_and_their_words_are_gone(ada: Shop) -> None:
    review = await removes(ada, await writes(ada), by=By.AUTHOR)
    assert review.said.written.text == ""
    with pytest.raises(WrongState):
        await approves(ada, review)

    again = await writes(ada, "Better than I thought")

    assert (again.id, again.state) == (review.id, State.APPROVED)


async def test_what_the_staff_took_away_comes_back_only_by_them_whatever_its_author_does(ada: Shop) -> None:
    review = await removes(ada, await writes(ada))
    with pytest.raises(AlreadyReviewed):
        await writes(ada, "And yet it is good")

    anew = await writes(ada, "And yet it is good", replace=True)
    assert anew.state is State.RECEIVED
    await removes(ada, anew, by=By.AUTHOR)
    assert (await writes(ada, "And yet it is good")).state is State.RECEIVED

    assert (await approves(ada, review)).state is State.APPROVED
    assert (await writes(ada, "As I said", replace=True)).state is State.APPROVED


async def test_of_many_who_write_at_the_same_time_one_writes(ada: Shop, database: Database) -> None:
    found = await asyncio.gather(*(writes(ada, key=f"k{it}") for it in range(8)), return_exceptions=True)

    assert sum(isinstance(it, AlreadyReviewed) for it in found) == 7
    assert await told(database) == [("Review Received", "P-1", "approved"), ("Review Approved", "P-1", "approved")]


async def test_the_same_text_earns_the_same_whatever_its_stars(ada: Shop) -> None:
    for stars, product in ((1, "P-1"), (5, "P-2")):
        review = await writes(ada, product=product, stars=stars)
        assert (review.said.stars, review.state, review.score) == (stars, State.APPROVED, 9)


async def test_two_who_turn_out_to_be_one_have_one_review_of_a_product_and_two_again_when_they_are_divided(
    ada: Shop, database: Database
) -> None:
    await buys(ada, "P-1", user="bob")
    first, second = await writes(ada), await writes(ada, user="bob")
    head, other = await ada.profile("ada"), await ada.profile("bob")

    ada.now += timedelta(seconds=1)
    await merging.merge(head.id, other.id, key=ids.new_id(), now=ada.now)
    await ada.route()

    assert (await store_one(first.id)).state is State.APPROVED
    assert ((await store_one(second.id)).state, (await store_one(second.id)).by) == (State.REMOVED, By.MERGE)
    with pytest.raises(AlreadyReviewed):
        await writes(ada, user="bob")
    with pytest.raises(WrongState):
        await approves(ada, second)

    ada.now += timedelta(seconds=1)
    await merging.unmerge(other.id, key=ids.new_id(), now=ada.now)
    await ada.route()

    assert (await store_one(second.id)).state is State.APPROVED
    assert [name for name, _, _ in await told(database)] == [
        *("Review Received", "Review Approved") * 2,
        "Review Removed",
        "Review Approved",
    ]


async def test_without_rules_all_waits(shop: Shop) -> None:
    await buys(shop, "P-1")

    assert (await writes(shop)).state is State.RECEIVED
    await rules(shop)
    assert (await writes(shop, "Tastes of plums still", replace=True)).state is State.APPROVED


async def store_one(review_id: UUID) -> Review:
    return (await store.load([review_id]))[review_id]
