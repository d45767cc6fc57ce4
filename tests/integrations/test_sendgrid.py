import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from pydantic import SecretStr

from hub.kit.ids import new_id
from hub.messaging.ports import Accepted, Ambiguous, Email, NotSent, Refused
from hub.settings import Settings
from integrations.calling import InvalidProviderUrl, NotSetUp
from integrations.mail_addresses import InvalidSenderAddress
from integrations.sendgrid.sender import SendGridSender
from tests.integrations.provider_server import Answer, ProviderServer
from tests.integrations.sendgrid_rules import KEY, errors

ID = UUID("0190f5e2-0000-7000-8000-000000000001")


def settings_for(url: str) -> Settings:
    return Settings(sendgrid_api_key=SecretStr(KEY), sendgrid_url=url, connect_seconds=2, read_seconds=3)


def email(*, to: str = "ada@example.com", subject: str = "Your cart", text: str = "Hello") -> Email:
    return Email(ID, to, '"Shöp, the" <hub@shop.example>', subject, text)


@pytest.fixture
async def sender(sendgrid_server: ProviderServer) -> AsyncIterator[SendGridSender]:
    sender = SendGridSender(settings_for(sendgrid_server.url))
    yield sender
    await sender.close()


async def test_a_mail_is_written_with_the_fields_that_sendgrid_publishes(
    sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    await sender.send(email(subject="Dein Körbchen 🛒", text="Grüße\n"))

    (request,) = sendgrid_server.taken
    assert request.json == {
        "from": {"email": "hub@shop.example", "name": "Shöp, the"},
        "personalizations": [{"to": [{"email": "ada@example.com"}]}],
        "subject": "Dein Körbchen 🛒",
        "content": [{"type": "text/plain", "value": "Grüße\n"}],
        "custom_args": {"hub_message": str(ID)},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            "subscription_tracking": {"enable": False},
        },
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_the_answer_names_the_message_at_sendgrid(sender: SendGridSender) -> None:
    assert await sender.send(email()) == Accepted(provider_id=f"sg-{ID}")


async def test_a_mail_one_can_be_rid_of_tells_the_mail_program_how(
    sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    link = f"https://shop.example/m/u/{'a' * 120}"

    await sender.send(replace(email(), unsubscribe=link))

    assert sendgrid_server.taken[0].json["headers"] == {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize("to", ["", "ada", "@example.com", "ada@", "a b@example.com", "ädä@example.com", "a@b@c"])
async def test_what_is_no_address_is_refused_before_anything_is_written(
    to: str, sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    with pytest.raises(Refused):
        await sender.send(email(to=to))

    assert sendgrid_server.connections == 0


async def test_a_header_cannot_be_smuggled_in_by_a_subject(
    sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    with pytest.raises(Refused):
        await sender.send(email(subject="Hello\r\nBcc: all@example.com"))

    assert sendgrid_server.connections == 0


async def test_a_domain_in_other_letters_is_written_in_ascii(
    sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    await sender.send(email(to="ada@bücher.example"))

    assert sendgrid_server.taken[0].json["personalizations"] == [{"to": [{"email": "ada@xn--bcher-kva.example"}]}]


async def test_a_mail_without_text_is_refused_as_sendgrid_says(sender: SendGridSender) -> None:
    with pytest.raises(Refused, match=r"^SendGrid answered 400\.$"):
        await sender.send(email(text=""))


async def test_a_key_that_sendgrid_does_not_know_has_not_sent_for_it_can_be_corrected(
    sendgrid_server: ProviderServer,
) -> None:
    settings = settings_for(sendgrid_server.url).model_copy(update={"sendgrid_api_key": SecretStr("SG.another")})
    sender = SendGridSender(settings)

    with pytest.raises(NotSent, match=r"^SendGrid answered 401\.$"):
        await sender.send(email())
    await sender.close()


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, 0),
        ({"Retry-After": "3", "X-RateLimit-Reset": "1"}, 3),
        ({}, None),
    ],
)
async def test_too_many_requests_are_tried_again_when_sendgrid_says(
    headers: dict[str, str], after: float | None, sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    sendgrid_server.answer = Answer(429, errors("too many requests"), headers)

    with pytest.raises(NotSent) as caught:
        await sender.send(email())

    assert caught.value.after == after


async def test_the_time_at_which_the_limit_begins_anew_is_waited_for(
    sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    reset = str(int(time.time()) + 42)
    sendgrid_server.answer = Answer(429, errors("too many requests"), {"X-RateLimit-Reset": reset})

    with pytest.raises(NotSent) as caught:
        await sender.send(email())

    assert caught.value.after == pytest.approx(42, abs=5)


async def test_a_mail_that_was_only_checked_is_no_sent_mail(
    sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    sendgrid_server.answer = Answer(200)  # what SendGrid's sandbox mode says

    with pytest.raises(Ambiguous):
        await sender.send(email())


async def test_one_connection_carries_many_messages_and_is_made_anew_when_it_was_closed(
    sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    await sender.send(email())
    await sender.send(replace(email(), key=new_id()))
    assert sendgrid_server.connections == 1
    sendgrid_server.hang_up()
    await asyncio.sleep(0.05)  # until this side has heard of it
    await sender.send(replace(email(), key=new_id()))

    assert (len(sendgrid_server.taken), sendgrid_server.connections) == (3, 2)


def test_without_a_key_nothing_starts() -> None:
    with pytest.raises(NotSetUp, match=r"^HUB_EMAIL_PROVIDER=sendgrid needs SENDGRID_API_KEY, which is not set\.$"):
        SendGridSender(Settings(email_provider="sendgrid"))


@pytest.mark.parametrize("url", ["", "api.sendgrid.com", "ftp://u:s3cret@x", "https://", "https://u:s3cret@h:port"])
def test_an_address_of_sendgrid_that_is_none_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidProviderUrl) as caught:
        SendGridSender(settings_for(url))

    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_sender_that_is_no_address_is_refused_at_once() -> None:
    with pytest.raises(InvalidSenderAddress):
        SendGridSender(settings_for("http://127.0.0.1").model_copy(update={"email_from": "nobody"}))


async def test_html_goes_behind_the_text_as_sendgrid_wants_it(
    sender: SendGridSender, sendgrid_server: ProviderServer
) -> None:
    await sender.send(replace(email(text="Hello"), html="<p>Hello</p>"))

    assert sendgrid_server.taken[0].json["content"] == [
        {"type": "text/plain", "value": "Hello"},
        {"type": "text/html", "value": "<p>Hello</p>"},
    ]
