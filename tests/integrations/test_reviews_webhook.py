"""`/webhooks/reviews`: believed only as it was signed, durable before the answer, the same told twice is one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from hub.database import Client, Database
from hub.settings import Settings
from integrations.reviews import signature, wire
from integrations.webhooks import NotSigned, Unreadable
from runtime import http
from tests.hub_api.conftest import browser
from tests.integrations import signing

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATH = "/webhooks/reviews"
SECRETS = [signing.REVIEWS_SECRET]
REVIEW = {
    "id": "R-1",
    "productId": "P-1",
    "stars": 4,
    "text": "Tastes of plums",
    "email": "ada@example.com",
    "at": "2026-11-20T09:00:00Z",
    "orderId": "A-1",
    "orderSource": "shop",
    "consentVersion": "v1",
    "showName": True,
}


def check(request: dict[str, Any], *, now: datetime = NOON, secrets: list[str] = SECRETS) -> None:
    signature.check(secrets, request["content"], request["headers"]["Hub-Signature"], now=now)


def test_every_change_of_the_body_the_time_or_the_signature_is_refused() -> None:
    request = signing.reviews_post(REVIEW, at=NOON)
    body, header = request["content"], request["headers"]["Hub-Signature"]
    check(request)

    for place in range(0, len(body), 7):
        with pytest.raises(NotSigned):
            signature.check(SECRETS, body[:place] + b"\x00" + body[place + 1 :], header, now=NOON)
    for place in range(len(header)):
        for character in "0f=,t \n٣":
            if header[place] != character:
                with pytest.raises(NotSigned):
                    signature.check(SECRETS, body, header[:place] + character + header[place + 1 :], now=NOON)
    for bad in ("", header.upper(), f"{header}\n", header.partition(",")[0], header.replace("v1", "v0")):
        with pytest.raises(NotSigned):
            signature.check(SECRETS, body, bad, now=NOON)


def test_what_was_signed_long_ago_or_is_ahead_is_refused() -> None:
    request = signing.reviews_post(REVIEW, at=NOON)

    for minutes in (0, 4, -4):
        check(request, now=NOON + timedelta(minutes=minutes))
    for minutes in (6, -6):
        with pytest.raises(NotSigned, match="too old, or ahead"):
            check(request, now=NOON + timedelta(minutes=minutes))


def test_while_a_secret_is_changed_both_are_believed_and_either_side_may_be_first() -> None:
    old, new = (signing.reviews_post(REVIEW, at=NOON, secret=it) for it in ("old", "new"))
    both = {**old, "headers": {"Hub-Signature": f"{old['headers']['Hub-Signature']},{_v1(new)}"}}

    for request in (old, new):
        check(request, secrets=["new", "old"])
    for secret in ("old", "new"):
        check(both, secrets=[secret])
    with pytest.raises(NotSigned):
        check(old, secrets=["new"])


def _v1(request: dict[str, Any]) -> str:
    return str(request["headers"]["Hub-Signature"]).partition(",")[2]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"reviews": 7}', b'{"reviews": ["x"]}', b"\xff"])
def test_a_body_that_is_no_list_of_reviews_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.read(body)


async def test_reviews_become_events_and_a_bad_one_is_told_by_its_place(
    settings: Settings, client: Client, database: Database
) -> None:
    gone = {"id": "R-9", "withdrawn": True, "reason": "Asked for", "email": "ada@example.com"}
    bad = [{**REVIEW, "stars": 6}, {key: it for key, it in REVIEW.items() if key != "email"}]
    async with browser(await http.application(settings, client)) as web:
        first = await web.post(PATH, **signing.reviews_post(bad[0], REVIEW, bad[1], gone))
        again = await web.post(PATH, **signing.reviews_post(REVIEW))
        unsigned = await web.post(PATH, json={"reviews": [REVIEW]})

    assert (first.status_code, first.json()["taken"]) == (200, 2)
    assert [(it["index"], it["code"]) for it in first.json()["refused"]] == [(0, "bad_review"), (2, "missing_identity")]
    assert again.json() == {"taken": 1, "refused": []}
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "UNAUTHENTICATED")
    rows = await database["events"].find({}).sort("place", 1).to_list()
    assert [(it["source"], it["trust"], it["name"]) for it in rows] == [
        ("reviews", "server", "Product Reviewed"),
        ("reviews", "server", "Review Withdrawn"),
    ]
    assert rows[0]["properties"] == {
        "review_id": "R-1",
        "product_id": "P-1",
        "stars": 4,
        "text": "Tastes of plums",
        "order_id": "A-1",
        "order_source": "shop",
        "consent_version": "v1",
        "show_name": True,
    }


async def test_without_a_secret_there_is_no_such_address(settings: Settings, client: Client) -> None:
    without = settings.model_copy(update={"reviews_webhook_secret": SecretStr("")})
    async with browser(await http.application(without, client)) as web:
        answer = await web.post(PATH, **signing.reviews_post(REVIEW))

    assert answer.status_code == 404
