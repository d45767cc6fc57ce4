from datetime import UTC, datetime
from typing import Any

import pytest

from hub.bulk.rows import BadRow, RowKind, call_of

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
ORDER = {"userId": "ada", "order_id": "1", "timestamp": "2026-03-01T09:00:00Z", "total": "10.50", "currency": "EUR"}


def made(kind: RowKind, **row: Any) -> dict[str, Any]:
    return call_of(kind, row, key="i/1")


def refused(kind: RowKind, **row: Any) -> tuple[str, str]:
    with pytest.raises(BadRow) as raised:
        made(kind, **row)
    return raised.value.reason, raised.value.message


def test_a_profile_s_columns_are_its_traits() -> None:
    call = made(RowKind.PROFILES, user_id="ada", email="ada@example.com", vip=True, city=None, traits={"plan": "gold"})

    assert call == {
        "type": "identify",
        "userId": "ada",
        "messageId": "profile/i/1",
        "traits": {"email": "ada@example.com", "vip": True, "plan": "gold"},
    }


def test_an_event_s_columns_are_its_properties_and_addresses_only_say_whose_it_is() -> None:
    call = made(
        RowKind.EVENTS, event="Store Visited", timestamp="2026-03-01T09:00:00Z", email="ada@example.com", store_id="b-1"
    )

    assert call.pop("messageId").startswith("events/")
    assert call == {
        "type": "track",
        "event": "Store Visited",
        "timestamp": AT,
        "context": {"traits": {"email": "ada@example.com"}},
        "properties": {"store_id": "b-1"},
    }


def test_an_order_is_a_completed_order() -> None:
    call = call_of(RowKind.ORDERS, ORDER, key="i/1")

    assert (call["type"], call["event"], call["timestamp"]) == ("track", "Order Completed", AT)
    assert call["properties"] == {"order_id": "1", "total": "10.50", "currency": "EUR"}


def test_a_consent_says_what_an_event_would_say() -> None:
    at = "2026-03-01T09:00:00Z"

    granted = made(RowKind.CONSENTS, userId="ada", state="Granted", channel="email", timestamp=at, version="v2")
    withdrawn = made(RowKind.CONSENTS, userId="ada", state="withdrawn", timestamp=at)

    assert (granted["event"], granted["properties"]) == (
        "Consent Granted",
        {"brand": "default", "topic": "marketing", "channel": "email", "version": "v2"},
    )
    assert (withdrawn["event"], withdrawn["properties"]) == (
        "Consent Withdrawn",
        {"brand": "*", "topic": "*", "channel": "*"},
    )


def test_the_same_row_has_the_same_key_and_another_one_has_not() -> None:
    one, same = (call_of(RowKind.ORDERS, ORDER, key=key)["messageId"] for key in ("i/1", "j/2"))
    other = call_of(RowKind.ORDERS, {**ORDER, "total": "10.51"}, key="i/1")["messageId"]

    assert one == same != other
    assert call_of(RowKind.ORDERS, {**ORDER, "message_id": "m1"}, key="i/1")["messageId"] == "m1"


def test_a_profile_that_is_said_again_is_said_anew() -> None:
    assert (
        call_of(RowKind.PROFILES, {"userId": "ada"}, key="i/1")["messageId"]
        != (call_of(RowKind.PROFILES, {"userId": "ada"}, key="j/1")["messageId"])
    )


def test_what_only_the_hub_says_is_left_out() -> None:
    assert made(RowKind.PROFILES, userId="ada", hub={"stage": "new"})["traits"] == {}


@pytest.mark.parametrize(
    ("kind", "changes", "code", "sentence"),
    [
        (RowKind.EVENTS, {"event": None}, "missing_event", "`event` is missing: the name of what happened."),
        (
            RowKind.EVENTS,
            {"timestamp": None},
            "missing_timestamp",
            "`timestamp` is missing: when it happened, as ISO 8601 writes it.",
        ),
        (
            RowKind.PROFILES,
            {"timestamp": "yesterday"},
            "bad_timestamp",
            "`timestamp` must be a time as ISO 8601 writes it.",
        ),
        (RowKind.EVENTS, {"properties": "none"}, "invalid", "`properties` must be an object."),
        (RowKind.ORDERS, {"order_id": None}, "bad_order", "`order_id` is missing."),
        (RowKind.REVIEWS, {"product_id": "P-1", "stars": 6}, "bad_review", "`stars` is a whole number from 1 to 5."),
        (RowKind.CONSENTS, {"state": "maybe"}, "bad_consent", "`state` must be one of granted, withdrawn."),
        (
            RowKind.CONSENTS,
            {"state": "granted", "channel": "fax"},
            "bad_consent",
            "A channel is one of email, push, sms, inbox.",
        ),
        (RowKind.CONSENTS, {"state": "withdrawn", "colour": 1}, "unknown_column", "A consent has no column `colour`."),
    ],
)
def test_a_row_that_cannot_be_used_says_which_column_and_why(
    kind: RowKind, changes: dict[str, Any], code: str, sentence: str
) -> None:
    row = {"userId": "ada", "event": "X", "timestamp": "2026-03-01T09:00:00Z"}
    if kind is RowKind.CONSENTS:
        del row["event"]

    assert refused(kind, **{**row, **changes}) == (code, sentence)
