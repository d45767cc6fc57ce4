"""SendGrid's event webhook: believed only as SendGrid signed it, and what its events mean."""

import base64
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from httpx2 import AsyncClient
from sendgrid.helpers.eventwebhook import EventWebhook

from hub.database import Database
from hub.kit import ids
from hub.messaging import reports_keeper
from hub.messaging.reports import Fault, ReportKind
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from integrations.sendgrid import events
from integrations.sendgrid.signature import InvalidVerificationKey, Verifier
from integrations.webhooks import NotSigned, Unreadable
from tests.integrations import signing
from tests.messaging import posting
from tests.messaging.posting import message

PATH = "/webhooks/sendgrid"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = UUID("0190f5e2-0000-7000-8000-000000000001")
BODY = orjson.dumps([{"event": "delivered", "email": "ada@example.com", "hub_message": str(KEY), "sg_event_id": "e1"}])
SIGNATURE, TIMESTAMP = "X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp"


def verify(body: bytes = BODY, *, now: datetime = NOON, **changed: str) -> None:
    headers = {**signing.sendgrid(BODY, at=NOON), **changed}
    Verifier(signing.SENDGRID_PUBLIC).check(body, signature=headers[SIGNATURE], timestamp=headers[TIMESTAMP], now=now)


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event": kind,
        "email": "ada@example.com",
        "timestamp": int(NOON.timestamp()),
        "hub_message": str(KEY),
        "sg_event_id": f"id of {kind}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.recvd-1",
        **more,
    }


def test_what_sendgrid_signed_is_believed_by_its_own_verifier_and_by_ours() -> None:
    headers = signing.sendgrid(BODY, at=NOON)

    assert EventWebhook(signing.SENDGRID_PUBLIC).verify_signature(BODY.decode(), headers[SIGNATURE], headers[TIMESTAMP])
    verify()


def test_every_change_of_one_byte_of_the_body_is_refused() -> None:
    chance = random.Random(5)
    for place in range(len(BODY)):
        byte = chance.choice([it for it in range(256) if it != BODY[place]])
        with pytest.raises(NotSigned):
            verify(BODY[:place] + bytes([byte]) + BODY[place + 1 :])
        with pytest.raises(NotSigned):
            verify(BODY[:place] + BODY[place + 1 :])


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
def test_every_change_of_one_character_of_a_header_is_refused(name: str) -> None:
    value = signing.sendgrid(BODY, at=NOON)[name]
    headers = signing.sendgrid(BODY, at=NOON)
    chance = random.Random(6)
    spellings = 0
    for place in range(len(value)):
        for character in [*chance.sample([chr(it) for it in range(256)], 8), "=", " ", "\n", "-", "٣"]:
            if character == value[place]:
                continue
            spellings += 1
            changed = value[:place] + character + value[place + 1 :]
            with pytest.raises(NotSigned):
                Verifier(signing.SENDGRID_PUBLIC).check(
                    BODY, **{**_headers(headers), _argument(name): changed}, now=NOON
                )
    assert spellings > 100


def _headers(headers: dict[str, str]) -> dict[str, str]:
    return {_argument(name): headers[name] for name in (SIGNATURE, TIMESTAMP)}


def _argument(name: str) -> str:
    return "signature" if name == SIGNATURE else "timestamp"


def test_a_second_spelling_of_the_same_signature_is_refused() -> None:
    signature = signing.sendgrid(BODY, at=NOON)[SIGNATURE]

    for spelling in (
        f"{signature}\n",
        f" {signature}",
        signature.rstrip("=") + "====",
        signature.replace("A", "A\n", 1),
    ):
        if spelling != signature:
            with pytest.raises(NotSigned):
                verify(**{SIGNATURE: spelling})


def test_the_signature_of_another_key_is_refused() -> None:
    other = Verifier(base64.b64encode(base64.b64decode(signing.SENDGRID_PUBLIC)).decode())
    headers = signing.sendgrid(b"[]", at=NOON)

    with pytest.raises(NotSigned):
        other.check(BODY, signature=headers[SIGNATURE], timestamp=headers[TIMESTAMP], now=NOON)


@pytest.mark.parametrize("age", [timedelta(hours=25, seconds=1), timedelta(days=400), -timedelta(minutes=5, seconds=1)])
def test_what_was_signed_long_ago_or_is_ahead_is_refused(age: timedelta) -> None:
    with pytest.raises(NotSigned, match=r"^The timestamp is too old, or ahead of the time here\.$"):
        verify(now=NOON + age)


@pytest.mark.parametrize("age", [timedelta(hours=24), timedelta(0), -timedelta(minutes=4)])
def test_what_sendgrid_repeats_for_a_day_is_taken(age: timedelta) -> None:
    verify(now=NOON + age)
    with pytest.raises(NotSigned):
        verify(BODY + b" ", now=NOON + age)


def test_a_body_that_is_no_text_is_refused() -> None:
    body = b"\xff[]"
    headers = signing.sendgrid(body, at=NOON)

    with pytest.raises(NotSigned, match=r"^The body is no text\.$"):
        verify(body, **headers)


@pytest.mark.parametrize("key", ["no key", "MFkw", base64.b64encode(b"no key").decode()])
def test_a_key_that_is_none_is_refused_at_start(key: str) -> None:
    with pytest.raises(InvalidVerificationKey):
        Verifier(key)


@pytest.mark.parametrize(
    ("told", "kind", "fault"),
    [
        (event("processed"), ReportKind.TAKEN, None),
        (event("deferred", response="400 try again later", attempt="5"), ReportKind.TAKEN, None),
        (event("delivered", response="250 OK"), ReportKind.DELIVERED, None),
        (event("bounce", type="bounce", status="5.1.1", reason="500 unknown"), ReportKind.BOUNCED, Fault.LASTING),
        (event("bounce", type="blocked", status="4.2.2"), ReportKind.BOUNCED, Fault.PASSING),
        (event("dropped", reason="Bounced Address", status="5.0.0"), ReportKind.DROPPED, Fault.LASTING),
        (event("dropped", reason="Invalid"), ReportKind.DROPPED, Fault.LASTING),
        (event("dropped", reason="Spam Reporting Address"), ReportKind.DROPPED, Fault.UNWILLING),
        (event("dropped", reason="Unsubscribed Address"), ReportKind.DROPPED, Fault.STOPPED),
        (event("dropped", reason="Recipient List over Package Quota"), ReportKind.DROPPED, None),
        (event("open", useragent="Mozilla", ip="255.255.255.255"), ReportKind.OPENED, None),
        (event("open", sg_machine_open=False), ReportKind.OPENED, None),
        (event("click", url="https://shop.example/"), ReportKind.CLICKED, None),
        (event("spamreport"), ReportKind.COMPLAINED, Fault.UNWILLING),
    ],
    ids=lambda it: it["event"] if isinstance(it, dict) else None,
)
def test_each_event_that_sendgrid_publishes_is_read(
    told: dict[str, Any], kind: ReportKind, fault: Fault | None
) -> None:
    read = events.read(orjson.dumps([told]))

    (report,) = read.reports
    assert (report.kind, report.fault) == (kind, fault)
    assert (report.key, report.at, report.event_id) == (KEY, NOON, told["sg_event_id"])
    assert (report.address, report.provider_id) == ("ada@example.com", "14c5d75ce93.dfd.64b469.recvd-1")
    assert read.others == 0


@pytest.mark.parametrize(
    "told",
    [
        event("open", sg_machine_open=True),
        event("unsubscribe"),
        event("group_resubscribe"),
        event("account_status_change"),
        event("delivered", hub_message="another system's"),
        {name: value for name, value in event("delivered").items() if name != "hub_message"},
        event("delivered", sg_event_id=""),
        event("delivered", timestamp="yesterday"),
        event("delivered", timestamp=10**18),
        event("delivered", timestamp=True),
        event("delivered", event=7),
        "delivered",
        None,
    ],
)
def test_an_event_that_says_nothing_to_the_hub_spoils_none_of_its_neighbours(told: object) -> None:
    read = events.read(orjson.dumps([event("processed"), told, event("delivered")]))

    assert [it.kind for it in read.reports] == [ReportKind.TAKEN, ReportKind.DELIVERED]
    assert read.others == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[", b'"delivered"', b"7"])
def test_a_body_that_is_no_list_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        events.read(body)


async def test_events_are_taken_over_http_and_a_repetition_changes_nothing(
    web: AsyncClient, settings: Settings, database: Database
) -> None:
    one = await posting.queued(message(await posting.person()))
    told = {**event("delivered"), "hub_message": str(one.id)}
    request = signing.sendgrid_post(told, {**told, "hub_message": str(ids.new_id())}, event("unsubscribe"))

    answers = []
    for _ in range(2):
        answers.append(await web.post(PATH, **request))
        assert await database["reports"].count_documents({"told": 2}) == 1
        assert await reports_keeper.step(Suppressions(settings), now=datetime.now(UTC)) == 2

    assert [(it.status_code, it.json()) for it in answers] == [(200, {"taken": 2, "ignored": 1})] * 2
    assert await database["reports"].count_documents({}) == 0
    assert await database["messages"].count_documents({"state": "delivered", "delivered_at": NOON}) == 1
    assert await database["events"].count_documents({"name": "Message Delivered"}) == 1


async def test_what_is_not_signed_changes_nothing(web: AsyncClient, database: Database) -> None:
    one = await posting.queued(message(await posting.person()))
    request = signing.sendgrid_post({**event("delivered"), "hub_message": str(one.id)})
    forged = request["content"].replace(b"delivered", b"processed")

    answers = [
        await web.post(PATH, content=forged, headers=request["headers"]),
        await web.post(PATH, content=request["content"]),
    ]

    assert [(it.status_code, it.json()["code"]) for it in answers] == [(401, "UNAUTHENTICATED")] * 2
    assert await database["messages"].count_documents({"state": "queued"}) == 1
    assert await database["events"].count_documents({}) == 0


async def test_a_signed_body_that_is_no_list_is_a_bad_request(web: AsyncClient) -> None:
    answer = await web.post(PATH, content=b"{}", headers=signing.sendgrid(b"{}"))

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


async def test_a_batch_may_be_as_large_as_sendgrid_makes_it(web: AsyncClient) -> None:
    large = signing.sendgrid_post(*(event("processed", category="x" * 760) for _ in range(768)))
    too_large = signing.sendgrid_post(event("processed", category="x" * 1024 * 1024))

    assert len(large["content"]) > 700 * 1024
    assert (await web.post(PATH, **large)).status_code == 200
    assert (await web.post(PATH, **too_large)).status_code == 413
