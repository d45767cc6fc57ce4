"""Twilio's webhooks: believed only as Twilio signed them, and what its status callbacks mean."""

import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

import orjson
import pytest
from httpx2 import AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from hub.database import Database
from hub.kit import ids
from hub.messaging.reports import Fault, ReportKind
from hub.profiles.keywords import Keyword
from hub.profiles.model import Channel
from hub.settings import Settings
from integrations.twilio import events, signature
from tests.integrations import signing
from tests.integrations.signing import TWILIO_TOKEN
from tests.messaging import posting
from tests.messaging.posting import message

PATH = "/webhooks/twilio"
URL = f"https://hub.example{PATH}?message=0190f5e2-0000-7000-8000-000000000001"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = UUID("0190f5e2-0000-7000-8000-000000000001")
STATUS = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+4915123456789", "Body": "a b&c=ü✓", "Empty": ""}
OFFICIAL = RequestValidator(TWILIO_TOKEN)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
forms = st.lists(st.tuples(texts.filter(bool), texts), max_size=8)
urls = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["hub.example", "127.0.0.1", "hub"]),
    st.sampled_from(["", ":443", ":80", ":8000"]),
    st.sampled_from(["/webhooks/twilio", "/"]),
    st.sampled_from(["", "?message=1", "?a=b&c=%20d"]),
)


class MultiDict(dict[str, list[str]]):
    """A form as the frameworks that the official library knows have it."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def multi(fields: Sequence[tuple[str, str]]) -> MultiDict:
    return MultiDict({name: [value for other, value in fields if other == name] for name, _ in fields})


@given(url=urls, fields=forms)
def test_forms_are_signed_as_the_official_library_signs_them_and_each_believes_the_other(
    url: str, fields: list[tuple[str, str]]
) -> None:
    ours = signature.signature_of(TWILIO_TOKEN, url, fields)
    official = OFFICIAL.compute_signature(url, multi(fields))

    assert ours == official
    assert signature.signs_form(TWILIO_TOKEN, url, fields, official)
    assert OFFICIAL.validate(url, multi(fields), ours)


@given(url=urls, called=urls, fields=forms)
def test_an_address_with_and_without_its_port_is_one_to_both(
    url: str, called: str, fields: list[tuple[str, str]]
) -> None:
    signed = OFFICIAL.compute_signature(called, multi(fields))

    assert signature.signs_form(TWILIO_TOKEN, url, fields, signed) == OFFICIAL.validate(url, multi(fields), signed)


@given(fields=forms)
def test_a_form_is_read_as_it_was_written(fields: list[tuple[str, str]]) -> None:
    assert signature.fields_of(urlencode(fields).encode()) == fields


@given(body=st.text(st.characters(exclude_categories=["Cs"])), url=urls)
def test_json_is_believed_as_the_official_library_believes_it(body: str, url: str) -> None:
    hashed = hashlib.sha256(body.encode()).hexdigest()
    called = f"{url}{'&' if '?' in url else '?'}bodySHA256={hashed}"
    signed = OFFICIAL.compute_signature(called, {})

    assert OFFICIAL.validate(called, body, signed)
    assert signature.signs_json(TWILIO_TOKEN, called, body.encode(), signed)
    assert not signature.signs_json(TWILIO_TOKEN, called, body.encode() + b" ", signed)
    assert not signature.signs_json(TWILIO_TOKEN, url, body.encode(), OFFICIAL.compute_signature(url, {}))


def test_every_change_of_one_byte_of_a_form_that_changes_what_it_says_is_refused() -> None:
    body = urlencode(STATUS).encode()
    signed = OFFICIAL.compute_signature(URL, STATUS)
    chance = random.Random(7)
    refused = 0
    for place in range(len(body)):
        for byte in {*chance.sample(range(256), 12), *b"=&+%;#"} - {body[place]}:
            changed = body[:place] + bytes([byte]) + body[place + 1 :]
            fields = signature.fields_of(changed)
            if fields == list(STATUS.items()):
                continue  # the same in another spelling, as %2b and %2B
            refused += 1
            assert fields is None or not signature.signs_form(TWILIO_TOKEN, URL, fields, signed), changed
    assert refused > 1000


def test_every_change_of_one_byte_of_the_address_or_the_signature_is_refused() -> None:
    signed, fields = OFFICIAL.compute_signature(URL, STATUS), list(STATUS.items())
    for place in range(len(signed)):
        changed = signed[:place] + ("A" if signed[place] != "A" else "B") + signed[place + 1 :]
        assert not signature.signs_form(TWILIO_TOKEN, URL, fields, changed)
    for place in range(len("https://"), len(URL)):
        changed = URL[:place] + ("a" if URL[place] != "a" else "b") + URL[place + 1 :]
        assert not signature.signs_form(TWILIO_TOKEN, changed, fields, signed)
    for nothing in ("", " ", "é", signed[:-1], signed + "="):
        assert not signature.signs_form(TWILIO_TOKEN, URL, fields, nothing)
    assert not signature.signs_form("another token", URL, fields, signed)


def test_every_change_of_one_byte_of_json_is_refused() -> None:
    body = orjson.dumps(STATUS)
    url = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    signed = OFFICIAL.compute_signature(url, {})
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert not signature.signs_json(TWILIO_TOKEN, url, changed, signed)
    assert not signature.signs_json(TWILIO_TOKEN, url.replace("bodySHA256=", "bodySHA256=0"), body, signed)


@pytest.mark.parametrize("body", [b"Body", b"a=1&Body", b"a=1&&b=2", b"\xff=1", "ü=1".encode()])
def test_what_is_no_form_is_read_as_none(body: bytes) -> None:
    assert signature.fields_of(body) is None


@pytest.mark.parametrize(
    ("status", "code", "kind", "fault"),
    [
        ("accepted", "", ReportKind.TAKEN, None),
        ("queued", "", ReportKind.TAKEN, None),
        ("sending", "", ReportKind.TAKEN, None),
        ("sent", "", ReportKind.TAKEN, None),
        ("delivered", "", ReportKind.DELIVERED, None),
        ("read", "", ReportKind.OPENED, None),
        ("undelivered", "30003", ReportKind.BOUNCED, Fault.PASSING),
        ("undelivered", "30005", ReportKind.BOUNCED, Fault.LASTING),
        ("undelivered", "30006", ReportKind.BOUNCED, Fault.LASTING),
        ("undelivered", "30007", ReportKind.BOUNCED, None),
        ("failed", "30005", ReportKind.DROPPED, Fault.LASTING),
        ("failed", "21610", ReportKind.DROPPED, Fault.STOPPED),
        ("canceled", "", ReportKind.DROPPED, None),
        ("delivered", "30005", ReportKind.DELIVERED, None),
    ],
)
def test_each_status_that_twilio_publishes_is_read(
    status: str, code: str, kind: ReportKind, fault: Fault | None
) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": status, "ErrorCode": code, "To": "+4915123456789"}

    report = events.report_of(fields, KEY, now=NOON)

    assert report is not None
    assert (report.kind, report.fault, report.key, report.at) == (kind, fault, KEY, NOON)
    assert (report.event_id, report.provider_id, report.address) == (f"SM1 {status}", "SM1", "+4915123456789")


@pytest.mark.parametrize("fields", [{}, {"MessageStatus": "delivered"}, {"MessageSid": "SM1", "MessageStatus": "new"}])
def test_a_status_that_nobody_has_published_says_nothing(fields: dict[str, str]) -> None:
    assert events.report_of(fields, KEY, now=NOON) is None


def address(settings: Settings, key: UUID) -> str:
    return f"{settings.public_url}{PATH}?message={key}"


async def test_a_status_is_taken_over_http_and_a_repetition_changes_nothing(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    one = await posting.queued(message(await posting.person(), channels=(Channel.SMS,)))
    url = address(lawful, one.id)

    answers = [await web.post(url, **signing.twilio_post(url, STATUS)) for _ in range(2)]

    assert [(it.status_code, it.headers["content-type"]) for it in answers] == [(200, "text/xml; charset=utf-8")] * 2
    assert await database["messages"].count_documents({"state": "delivered"}) == 1
    assert await database["events"].count_documents({"name": "Message Delivered"}) == 1


async def test_a_status_as_json_is_taken_by_its_hash(web: AsyncClient, lawful: Settings, database: Database) -> None:
    one = await posting.queued(message(await posting.person(), channels=(Channel.SMS,)))
    body = orjson.dumps(STATUS)
    url = f"{address(lawful, one.id)}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"X-Twilio-Signature": OFFICIAL.compute_signature(url, {}), "Content-Type": "application/json"}

    assert (await web.post(url, content=body + b" ", headers=headers)).status_code == 401
    assert await database["messages"].count_documents({"state": "delivered"}) == 0
    assert (await web.post(url, content=body, headers=headers)).status_code == 200
    assert await database["messages"].count_documents({"state": "delivered"}) == 1


async def test_what_is_not_signed_for_this_message_changes_nothing(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    one = await posting.queued(message(await posting.person(), channels=(Channel.SMS,)))
    other = signing.twilio_post(address(lawful, ids.new_id()), STATUS)

    answer = await web.post(address(lawful, one.id), **other)

    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert "+49" not in answer.text
    assert await database["messages"].count_documents({"state": "queued"}) == 1


async def test_a_signed_request_that_says_nothing_is_answered_and_changes_nothing(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    url = f"{lawful.public_url}{PATH}?message=another"

    assert (await web.post(url, **signing.twilio_post(url, STATUS))).status_code == 200
    assert await database["events"].count_documents({}) == 0


INBOUND = {
    "MessageSid": "SM7",
    "SmsStatus": "received",
    "From": "+4915123456789",
    "To": "+15005550006",
    "Body": "Stopp!",
}


async def test_a_stop_holds_before_twilio_is_answered_and_twilio_is_told_to_say_nothing(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    url = f"{lawful.public_url}{PATH}"

    answers = [await web.post(url, **signing.twilio_post(url, INBOUND)) for _ in range(2)]

    assert [it.text.partition("?>")[2] for it in answers] == ["<Response/>"] * 2
    assert await database["suppressions"].count_documents({"brands.*.reason": "requested"}) == 1


async def test_a_stop_that_nobody_has_signed_changes_nothing(
    web: AsyncClient, lawful: Settings, database: Database
) -> None:
    url = f"{lawful.public_url}{PATH}"
    forged = signing.twilio_post(url, INBOUND) | {"content": urlencode({**INBOUND, "From": "+4917000000000"}).encode()}

    assert (await web.post(url, **forged)).status_code == 401
    assert await database["suppressions"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("said", "keyword"), [("STOP", Keyword.STOP), ("START", Keyword.START), ("NO", None), ("", None)]
)
def test_what_twilio_takes_an_sms_for_is_read(said: str, keyword: Keyword | None) -> None:
    sms = events.sms_of({**INBOUND, "OptOutType": said})

    assert sms is not None
    assert (sms.said, sms.id, sms.sender, sms.number, sms.text) == (
        keyword,
        "SM7",
        "+4915123456789",
        "+15005550006",
        "Stopp!",
    )


@pytest.mark.parametrize(
    "changed",
    [{"MessageStatus": "received"}, {"MessageSid": ""}, {"From": "whatsapp:+4915123456789"}, {"From": ""}],
)
def test_what_is_no_sms_is_read_as_none(changed: dict[str, str]) -> None:
    assert events.sms_of({**INBOUND, **changed}) is None
    assert events.sms_of({name: value for name, value in INBOUND.items() if name != "Body"}) is None
