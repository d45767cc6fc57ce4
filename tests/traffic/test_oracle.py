from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.traffic import generator, oracle
from tests.traffic.day import Message
from tests.traffic.oracle import Told

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
ADA = {"userId": "ada"}
EMAIL = "ada@example.com"


def call(minute: float, who: dict[str, str], **fields: Any) -> Message:
    at = NOON + timedelta(minutes=minute)
    return {"messageId": f"{who}-{minute}", "timestamp": at.isoformat(), "context": {}, **who, **fields}


def identify(minute: float, who: dict[str, str] = ADA, **traits: Any) -> Message:
    return call(minute, who, type="identify", traits=traits)


def checkout(minute: float, who: dict[str, str] = ADA, order: str = "A-1", value: float = 10) -> Message:
    return call(minute, who, type="track", event="Checkout Started", properties={"order_id": order, "value": value})


def order(minute: float, who: dict[str, str] = ADA, order: str = "A-1") -> Message:
    return call(minute, who, type="track", event="Order Completed", properties={"order_id": order})


def told_to_ada(*messages: Message) -> list[tuple[str, str, str, str]]:
    people = oracle.expected(messages)
    assert len(people) == 1
    return [(told.template, told.order_id, told.channel, told.to) for told in next(iter(people.values()))]


REMINDER = ("cart-reminder", "A-1", "email", EMAIL)
LAST_CALL = ("cart-last-call", "A-1", "email", EMAIL)


def test_who_leaves_gets_the_reminder_and_the_last_call() -> None:
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0)) == [REMINDER, LAST_CALL]


def test_who_buys_before_the_reminder_is_left_alone() -> None:
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0), order(40)) == []


def test_who_buys_after_the_reminder_gets_no_last_call() -> None:
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0), order(90)) == [REMINDER]


def test_who_buys_after_the_last_call_got_both() -> None:
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0), order(150)) == [REMINDER, LAST_CALL]


def test_an_order_under_another_id_ends_nothing() -> None:
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0), order(40, order="A-2")) == [REMINDER, LAST_CALL]


def test_of_two_checkouts_the_paid_one_is_left_alone() -> None:
    messages = (identify(-5, email=EMAIL), checkout(0), checkout(1, order="A-2"), order(40, order="A-2"))

    assert told_to_ada(*messages) == [REMINDER, LAST_CALL]


def test_a_checkout_started_again_is_the_same_run() -> None:
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0), checkout(30)) == [REMINDER, LAST_CALL]


def test_a_checkout_started_again_after_its_run_is_another_run() -> None:
    messages = (identify(-5, email=EMAIL), checkout(0), order(10), checkout(30), order(100))

    assert told_to_ada(*messages) == [REMINDER]


def test_a_checkout_worth_nothing_starts_nothing() -> None:
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0, value=0)) == []


def test_a_message_sent_twice_counts_once() -> None:
    started = checkout(0)

    assert told_to_ada(identify(-5, email=EMAIL), started, started) == [REMINDER, LAST_CALL]


def test_a_vip_gets_the_offer_by_the_traits_of_that_moment() -> None:
    offer = ("cart-vip-offer", "A-1", "email", EMAIL)

    assert told_to_ada(identify(-5, email=EMAIL, vip=True), checkout(0)) == [REMINDER, offer]
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0), identify(90, vip=True)) == [REMINDER, offer]
    assert told_to_ada(identify(-5, email=EMAIL), checkout(0), identify(150, vip=True)) == [REMINDER, LAST_CALL]
    lost = (identify(-5, email=EMAIL, vip=True), checkout(0), identify(90, vip=False))
    assert told_to_ada(*lost) == [REMINDER, LAST_CALL]


def test_the_first_channel_that_reaches_the_customer_is_taken() -> None:
    phone, device = "+447700900001", {"device": {"token": "token-1"}}
    by_phone = [("cart-reminder", "A-1", "sms", phone)]

    assert told_to_ada(identify(-5, phone=phone), checkout(0)) == by_phone
    assert told_to_ada(identify(-5), checkout(0) | {"context": device}) == [("cart-reminder", "A-1", "push", "token-1")]
    assert told_to_ada(identify(-5, vip=True, phone=phone), checkout(0)) == [
        *by_phone,
        ("cart-vip-offer", "A-1", "sms", phone),
    ]


def test_who_has_no_address_gets_nothing() -> None:
    assert told_to_ada(identify(-5, firstName="Ada"), checkout(0)) == []


@pytest.mark.parametrize(
    ("minute", "told"), [(20, [REMINDER, LAST_CALL]), (90, [LAST_CALL]), (150, [])], ids=["within", "late", "too late"]
)
def test_who_signs_in_is_reached_from_then_on(minute: float, told: list[tuple[str, str, str, str]]) -> None:
    sign_in = identify(minute, {"anonymousId": "a", "userId": "ada"}, email=EMAIL)

    assert told_to_ada(checkout(0, {"anonymousId": "a"}), sign_in) == told


def test_an_order_under_the_user_ends_the_run_of_the_anonymous_visitor() -> None:
    unknown, both = {"anonymousId": "a"}, {"anonymousId": "a", "userId": "ada"}

    assert told_to_ada(checkout(0, unknown), identify(20, both, email=EMAIL), order(40)) == []


def test_a_sign_in_that_joins_two_known_people_is_not_judged() -> None:
    messages = (checkout(0, {"anonymousId": "a"}), identify(1, email=EMAIL))

    with pytest.raises(oracle.TwoCustomersBecomeOne):
        oracle.expected([*messages, identify(20, {"anonymousId": "a", "userId": "ada"})])


def test_a_day_asks_every_template_and_every_channel_of_the_hub() -> None:
    lines = generator.make(customers=1000, seed=7)

    told = [told for customer in oracle.expected(line.message for line in lines).values() for told in customer]

    assert {(one.template, one.channel) for one in told} == {
        ("cart-reminder", "email"),
        ("cart-reminder", "push"),
        ("cart-reminder", "sms"),
        ("cart-vip-offer", "email"),
        ("cart-vip-offer", "sms"),
        ("cart-last-call", "email"),
    }
    assert len(told) == len(set(told))


def test_no_address_of_a_day_belongs_to_two_customers() -> None:
    lines = generator.make(customers=1000, seed=7)
    midnight = NOON + timedelta(days=1)

    customers = oracle.by_customer(line.message for line in lines)
    known = [oracle.addresses(heard, midnight) for heard in customers.values()]
    every = [address for channels in known for address in channels.values()]
    assert len(customers) == 1000
    assert len(every) == len(set(every))


def test_each_kind_ends_as_its_story_says() -> None:
    lines = generator.make(customers=1000, seed=7)
    kinds = {line.message["messageId"]: line.kind for line in lines}
    templates: dict[str, set[str]] = {}
    for heard in oracle.by_customer(line.message for line in lines).values():
        told: list[Told] = next(iter(oracle.expected(heard).values()))
        templates.setdefault(kinds[heard[0]["messageId"]], set()).update(one.template for one in told)

    nothing, everything = set[str](), {"cart-reminder", "cart-vip-offer", "cart-last-call"}
    assert templates == {
        "browses": nothing,
        "buys_at_once": nothing,
        "leaves": everything,
        "leaves_no_address": nothing,
        "comes_back": nothing,
        "buys_when_reminded": {"cart-reminder"},
        "buys_at_last": everything,
        "leaves_unknown": nothing,
        "signs_in": everything,
        "signs_in_and_buys": nothing,
        "signs_in_late": {"cart-vip-offer", "cart-last-call"},
        "signs_in_too_late": nothing,
        "opens_two_checkouts": everything,
        "checks_out_again": everything,
        "orders_a_sample": nothing,
        "becomes_vip": {"cart-reminder", "cart-vip-offer"},
    }
