from collections import Counter
from itertools import islice
from typing import Any

import msgspec
import pytest

from hub.events.model import Call
from runtime import starter
from runtime.demo import shop
from runtime.demo.regulars import REGULARS
from runtime.demo.shop import Step

HOUR = 5_000


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return list(islice(shop.script(seed=7), HOUR))


def checkouts(steps: list[Step]) -> dict[str, float]:
    return moments(steps, "Checkout Started")


def orders(steps: list[Step]) -> dict[str, float]:
    return moments(steps, "Order Completed")


def moments(steps: list[Step], event: str) -> dict[str, float]:
    found: dict[str, float] = {}
    now = 0.0
    for step in steps:
        now += step.pause
        if step.call.get("event") == event:
            found[step.call["properties"]["order_id"]] = now
    return found


def test_the_same_seed_tells_the_same_story(steps: list[Step]) -> None:
    assert list(islice(shop.script(seed=7), HOUR)) == steps


def test_two_openings_share_no_message_and_no_order(steps: list[Step]) -> None:
    again = list(islice(shop.script(seed=8), HOUR))

    assert {it.call["messageId"] for it in steps}.isdisjoint(it.call["messageId"] for it in again)
    assert checkouts(steps).keys().isdisjoint(checkouts(again))


def test_no_message_has_the_id_of_another(steps: list[Step]) -> None:
    assert len({step.call["messageId"] for step in steps}) == HOUR


def test_the_shop_makes_one_or_two_calls_a_second_and_never_goes_back(steps: list[Step]) -> None:
    assert all(step.pause >= 0 for step in steps)
    assert 1 <= HOUR / sum(step.pause for step in steps) <= 2


def test_the_first_call_comes_at_once_and_the_first_customer_to_be_reminded_within_ten_seconds() -> None:
    for seed in range(50):
        first = list(islice(shop.script(seed), 60))
        order_id = f"{seed}-0"
        assert first[0].pause == 0
        assert checkouts(first)[order_id] < 10
        assert order_id not in orders(first)
        assert "email" in REGULARS[0].traits


def test_some_leave_for_good_some_come_back_in_time_and_some_when_reminded(steps: list[Step]) -> None:
    started, paid = checkouts(steps), orders(steps)
    kinds = Counter(round(paid[order] - at) if order in paid else 0 for order, at in list(started.items())[:-20])

    assert set(kinds) == {0, 2, 12, 30}
    assert all(50 < many < 400 for many in kinds.values())


def test_every_call_is_one_of_the_segment_spec(steps: list[Step]) -> None:
    names: set[Any] = {msgspec.convert(step.call, Call).event for step in steps}

    assert names == {None, "Product Viewed", "Product Added", "Checkout Started", "Order Completed"}


def test_a_checkout_is_worth_what_lies_in_the_basket(steps: list[Step]) -> None:
    for step in steps:
        if step.call.get("event") == "Checkout Started":
            order = step.call["properties"]
            assert order["value"] == pytest.approx(sum(it["price"] * it["quantity"] for it in order["products"]))
            assert order["value"] > 0


def test_no_two_regulars_share_a_name_or_an_address() -> None:
    names = {(it.traits["firstName"], it.traits["lastName"]) for it in REGULARS}
    reached = [(it.traits.get("email"), it.traits.get("phone"), str(it.context.get("device"))) for it in REGULARS]
    addresses = [address for addresses in reached for address in addresses if address not in {None, "None"}]

    assert len(names) == len({it.user_id for it in REGULARS}) == len(REGULARS) == 120
    assert len(addresses) == len(set(addresses)) == 110
    assert all(it.traits["email"].endswith("@example.com") for it in REGULARS if "email" in it.traits)


def test_the_regulars_are_few_vips_and_of_both_languages() -> None:
    assert Counter(it.traits["vip"] for it in REGULARS) == {True: 17, False: 103}
    assert Counter(it.traits["locale"] for it in REGULARS) == {"en-GB": 80, "de-DE": 40}


def test_the_first_visitor_is_the_customer_whose_token_a_newcomer_holds() -> None:
    assert REGULARS[0].user_id == starter.DEMO_CUSTOMER


def test_every_regular_agrees_to_be_written_to_on_the_channels_that_reach_them_and_no_other() -> None:
    calls = shop.ledger()
    agreed = {(it["userId"], it["properties"]["channel"]) for it in calls if it.get("event") == "Consent Granted"}
    reached = {
        (it.user_id, channel)
        for it in REGULARS
        for channel, is_reached in (
            ("email", "email" in it.traits),
            ("push", "device" in it.context),
            ("sms", "phone" in it.traits),
        )
        if is_reached
    }

    assert agreed == reached
    assert len({it["messageId"] for it in calls}) == len(calls)
    assert shop.ledger() == calls
