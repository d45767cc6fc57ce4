from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from pydantic import SecretStr

from hub.messaging.ports import Accepted, Ambiguous, CanFind, NotSent, OptedOut, Refused, SendFailed, Sms
from hub.settings import Settings
from integrations.calling import NotSetUp
from integrations.twilio import addresses
from integrations.twilio.sender import TwilioSender
from tests.docs.pages import ROOT, code_words, section
from tests.integrations import twilio_rules
from tests.integrations.provider_server import Answer, ProviderServer
from tests.integrations.twilio_rules import ACCOUNT, NUMBER, SERVICE, TOKEN

ID = UUID("0190f5e2-0000-7000-8000-000000000001")
OUTCOMES: dict[str, type[SendFailed]] = {"refused": Refused, "opted out": OptedOut, "not sent": NotSent}


def settings_for(url: str, sender: str = NUMBER) -> Settings:
    return Settings(
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=SecretStr(TOKEN),
        sms_from=sender,
        twilio_url=url,
        public_url="https://hub.shop.example",
        connect_seconds=2,
        read_seconds=3,
    )


def sms(to: str = "+4915123456789", text: str = "Ihr Paket ist da. ✓") -> Sms:
    return Sms(ID, to, text)


@pytest.fixture
async def sender(twilio_server: ProviderServer) -> AsyncIterator[TwilioSender]:
    sender = TwilioSender(settings_for(twilio_server.url))
    yield sender
    await sender.close()


async def test_an_sms_is_written_with_the_fields_that_twilio_publishes(
    sender: TwilioSender, twilio_server: ProviderServer
) -> None:
    assert await sender.send(sms()) == Accepted(provider_id="SM" + "0" * 32)

    (request,) = twilio_server.taken
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sorted(request.form) == [
        ("Body", "Ihr Paket ist da. ✓"),
        ("From", NUMBER),
        ("StatusCallback", f"https://hub.shop.example/webhooks/twilio?message={ID}"),
        ("To", "+4915123456789"),
    ]


async def test_a_messaging_service_sends_where_one_is_named(twilio_server: ProviderServer) -> None:
    sender = TwilioSender(settings_for(twilio_server.url, SERVICE))
    await sender.send(sms())
    await sender.close()

    form = dict(twilio_server.taken[0].form)
    assert form["MessagingServiceSid"] == SERVICE
    assert "From" not in form


async def test_who_has_answered_stop_is_refused_for_good(sender: TwilioSender) -> None:
    with pytest.raises(OptedOut, match=r"^Twilio answered 400, 21610\.$"):
        await sender.send(sms(twilio_rules.STOPPED))


async def test_a_queue_that_is_full_has_not_sent(sender: TwilioSender) -> None:
    with pytest.raises(NotSent, match=r"^Twilio answered 400, 21611\.$"):
        await sender.send(sms(twilio_rules.FULL))


@pytest.mark.parametrize(
    ("to", "code"), [("+49-no number", 21211), (twilio_rules.UNROUTABLE, 21612), (twilio_rules.LANDLINE, 21614)]
)
async def test_a_number_that_no_sms_reaches_is_refused(to: str, code: int, sender: TwilioSender) -> None:
    with pytest.raises(Refused, match=f"{code}"):
        await sender.send(sms(to))


def published() -> list[tuple[int, str]]:
    """The codes that the page explains, and what it says that they mean."""
    page = (ROOT / "docs" / "providers" / "twilio.md").read_text(encoding="utf-8")
    return [
        (int(code), meaning.strip().partition(":")[0])
        for line in section(page, "## Codes").splitlines()
        if line.startswith("| `")
        for _, codes, meaning, _ in [line.split("|", 3)]
        for code in sorted(code_words(codes))
    ]


@pytest.mark.parametrize(("code", "meaning"), published())
async def test_a_code_means_what_the_page_says(
    code: int, meaning: str, sender: TwilioSender, twilio_server: ProviderServer
) -> None:
    twilio_server.answer = twilio_rules.error(400, code)

    with pytest.raises(OUTCOMES[meaning]) as caught:
        await sender.send(sms())

    assert caught.value.message == f"Twilio answered 400, {code}."


async def test_a_fault_of_twilios_is_ambiguous_whatever_code_it_names(
    sender: TwilioSender, twilio_server: ProviderServer
) -> None:
    twilio_server.answer = twilio_rules.error(503, 20429)

    with pytest.raises(Ambiguous):
        await sender.send(sms())


async def test_too_many_requests_are_tried_again_when_twilio_says(
    sender: TwilioSender, twilio_server: ProviderServer
) -> None:
    twilio_server.answer = replace(twilio_rules.error(429, 20429), headers={"Retry-After": "7"})

    with pytest.raises(NotSent) as caught:
        await sender.send(sms())

    assert caught.value.after == 7


@pytest.mark.parametrize("body", [None, [], {"status": "accepted"}, {"sid": 7}])
async def test_a_yes_without_an_id_is_ambiguous(
    body: object, sender: TwilioSender, twilio_server: ProviderServer
) -> None:
    twilio_server.answer = Answer(201, body)

    with pytest.raises(Ambiguous):
        await sender.send(sms())


def test_twilio_cannot_be_asked_for_a_message_by_anything_of_ours() -> None:
    assert not isinstance(TwilioSender(settings_for("https://twilio.example")), CanFind)


@pytest.mark.parametrize(
    ("field", "variable"),
    [
        ("twilio_account_sid", "TWILIO_ACCOUNT_SID"),
        ("twilio_auth_token", "TWILIO_AUTH_TOKEN"),
        ("sms_from", "HUB_SMS_FROM"),
    ],
)
def test_without_an_account_its_token_and_a_sender_nothing_starts(field: str, variable: str) -> None:
    empty = SecretStr("") if field == "twilio_auth_token" else ""
    settings = settings_for("https://twilio.example").model_copy(update={field: empty})

    with pytest.raises(NotSetUp, match=f"^HUB_SMS_PROVIDER=twilio needs {variable}, which is not set\\.$"):
        TwilioSender(settings)


def test_the_address_that_twilio_calls_holds_our_key_and_gives_it_back() -> None:
    assert addresses.status_callback("https://hub.example/", ID) == f"https://hub.example/webhooks/twilio?message={ID}"
    assert addresses.key_in({"message": str(ID)}) == ID
    assert addresses.key_in({"message": "another"}) is None
    assert addresses.key_in({}) is None
