import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from hub.kit.ids import new_id
from hub.messaging.ports import Email, Gone, NotSent, Refused
from hub.settings import Settings
from integrations.mail_addresses import InvalidSenderAddress
from integrations.smtp import mail
from integrations.smtp.mail import InvalidSmtpUrl, Server
from integrations.smtp.sender import SmtpSender
from tests.integrations.smtp_server import Fault, SmtpServer, smtp_server

KEY = UUID("0190f5e2-0000-7000-8000-000000000001")

CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""Made for 127.0.0.1 and these tests, with its key; nobody trusts it who is not told to."""


def settings_for(url: str) -> Settings:
    return Settings(smtp_url=SecretStr(url), connect_seconds=0.3, read_seconds=0.6)


def email(*, to: str = "ada@example.com", subject: str = "Your cart", text: str = "Hello", key: UUID = KEY) -> Email:
    return Email(key, to, '"Shöp, the" <hub@shop.example>', subject, text)


def message_of(server: SmtpServer) -> EmailMessage:
    message = message_from_bytes(server.accepted[-1], policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
async def sender(mail_server: SmtpServer) -> AsyncIterator[SmtpSender]:
    sender = SmtpSender(settings_for(mail_server.url))
    yield sender
    await sender.close()


async def test_a_mail_arrives_as_it_was_written(sender: SmtpSender, mail_server: SmtpServer) -> None:
    text = "Grüße,\n.\n..two dots\n" + "a long line " * 200 + "\n🛒"

    await sender.send(email(subject="Dein Körbchen 🛒", text=text))

    message = message_of(mail_server)
    assert message.get_content().replace("\r\n", "\n").rstrip("\n") == text
    assert message["Subject"] == "Dein Körbchen 🛒"
    assert message["From"].addresses[0].addr_spec == "hub@shop.example"
    assert message["To"] == "ada@example.com"


async def test_the_key_goes_along_and_nothing_else_about_the_person(
    sender: SmtpSender, mail_server: SmtpServer
) -> None:
    await sender.send(email())

    message = message_of(mail_server)
    assert message["Message-ID"] == f"<{KEY}@shop.example>"
    assert message["X-Hub-Message"] == str(KEY)
    assert [name for name, value in message.items() if "ada" in value.lower()] == ["To"]
    assert mail_server.commands[:3] == ["EHLO [127.0.0.1]", "MAIL FROM:<hub@shop.example>", "RCPT TO:<ada@example.com>"]


async def test_a_mail_one_can_be_rid_of_tells_the_mail_program_how(sender: SmtpSender, mail_server: SmtpServer) -> None:
    link = f"https://shop.example/m/u/{'a' * 120}"

    await sender.send(replace(email(), unsubscribe=link))

    lines = mail_server.accepted[-1].decode("ascii").splitlines()
    assert f"List-Unsubscribe: <{link}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


async def test_a_domain_in_other_letters_is_written_in_ascii(sender: SmtpSender, mail_server: SmtpServer) -> None:
    await sender.send(email(to="ada@bücher.example"))

    assert "RCPT TO:<ada@xn--bcher-kva.example>" in mail_server.commands


@pytest.mark.parametrize(
    "to",
    ["", "ada", "@example.com", "ada@", "ada\r\nDATA@example.com", "ädä@example.com", "a b@example.com", "<>", "a@b@c"],
)
async def test_what_is_no_address_is_refused_before_anything_is_written(
    to: str, sender: SmtpSender, mail_server: SmtpServer
) -> None:
    with pytest.raises(Refused):
        await sender.send(email(to=to))

    assert mail_server.connections == 0


async def test_a_header_cannot_be_smuggled_in_by_a_subject(sender: SmtpSender, mail_server: SmtpServer) -> None:
    with pytest.raises(Refused):
        await sender.send(email(subject="Hello\r\nBcc: all@example.com"))

    assert mail_server.connections == 0


async def test_one_connection_carries_many_messages_and_a_refused_one_between(
    sender: SmtpSender, mail_server: SmtpServer
) -> None:
    await sender.send(email())
    mail_server.fault = Fault.REFUSES_RECIPIENT
    with pytest.raises(Refused):
        await sender.send(email())
    await sender.send(email())

    assert (len(mail_server.accepted), mail_server.connections) == (2, 1)


async def test_only_a_server_that_knows_nobody_there_tells_that_the_address_is_dead(
    sender: SmtpSender, mail_server: SmtpServer
) -> None:
    mail_server.fault = Fault.KNOWS_NOBODY
    with pytest.raises(Gone, match=r"^The SMTP server answered 550: there is nobody at this address\.$"):
        await sender.send(email())
    mail_server.fault = Fault.REFUSES_RECIPIENT
    with pytest.raises(Refused) as refused:
        await sender.send(email())

    assert not isinstance(refused.value, Gone)


async def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(
    sender: SmtpSender, mail_server: SmtpServer
) -> None:
    await sender.send(email())
    mail_server.hang_up()
    await sender.send(email())

    assert (len(mail_server.accepted), mail_server.connections) == (2, 2)


async def test_who_waits_longer_than_a_connection_may_take_has_not_sent(
    sender: SmtpSender, mail_server: SmtpServer
) -> None:
    mail_server.fault = Fault.SILENT_AT_RECIPIENT  # holds the one connection for 0.6 s

    answers = await asyncio.gather(*(sender.send(email(key=new_id())) for _ in range(3)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [NotSent] * 3
    assert mail_server.accepted == []


async def test_a_cancelled_call_leaves_no_half_conversation_behind(sender: SmtpSender, mail_server: SmtpServer) -> None:
    mail_server.fault = Fault.SILENT_AFTER_DOT
    call = asyncio.create_task(sender.send(email()))
    await mail_server.took_one.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await sender.send(email(text="Next"))
    assert message_of(mail_server).get_content() == "Next\r\n"


async def test_a_password_is_never_written_to_a_server_without_tls(mail_server: SmtpServer) -> None:
    sender = SmtpSender(settings_for(f"smtp://user:s3cret@127.0.0.1:{mail_server.port}"))

    with pytest.raises(NotSent):
        await sender.send(email())

    assert [command.split()[0] for command in mail_server.commands] == ["EHLO"]


@pytest.fixture
def certificate() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_smtps_is_tls_from_the_first_byte(certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    async with smtp_server(certificate) as server:
        sender = SmtpSender(settings_for(f"smtps://127.0.0.1:{server.port}"))
        await sender.send(email())
        await sender.close()

    assert len(server.accepted) == 1


async def test_smtp_turns_to_tls_where_the_server_offers_it(
    mail_server: SmtpServer, sender: SmtpSender, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    mail_server.starttls = certificate

    await sender.send(email())

    assert [command.split()[0] for command in mail_server.commands] == [
        "EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA"
    ]  # fmt: skip
    assert len(mail_server.accepted) == 1


async def test_a_server_with_an_untrusted_certificate_gets_nothing(
    mail_server: SmtpServer, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    mail_server.starttls = certificate
    # It is not the time that decides here, however busy the machine is.
    patient = {"connect_seconds": 5, "read_seconds": 10}
    sender = SmtpSender(settings_for(mail_server.url).model_copy(update=patient))

    with pytest.raises(NotSent):
        await sender.send(email())

    assert [command.split()[0] for command in mail_server.commands] == ["EHLO", "STARTTLS"]


def test_a_sender_address_that_is_none_is_found_at_the_start_and_not_by_every_customer() -> None:
    with pytest.raises(InvalidSenderAddress):
        SmtpSender(settings_for("smtp://127.0.0.1").model_copy(update={"email_from": "Shop, the <hub@shop.example>"}))


def test_the_server_is_read_from_its_url() -> None:
    assert mail.server_of("smtp://mail.example") == Server("mail.example", 25, tls=False, user=None, password=None)
    assert mail.server_of("smtps://mail.example") == Server("mail.example", 465, tls=True, user=None, password=None)
    assert mail.server_of("smtp://me%40x:p%2Fw@[::1]:2525") == Server(
        "::1", 2525, tls=False, user="me@x", password="p/w"
    )


@pytest.mark.parametrize(
    "url", ["", "mail.example", "https://u:s3cret@mail.example", "smtp://u:s3cret@h:port", "smtp://"]
)
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidSmtpUrl) as caught:
        SmtpSender(settings_for(url))

    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_mail_with_html_carries_its_text_first_and_the_html_as_the_better_one(
    sender: SmtpSender, mail_server: SmtpServer
) -> None:
    html = "<!doctype html><p>Grüße 🛒</p>" + "<p>a long line</p>" * 200

    await sender.send(replace(email(text="Grüße 🛒"), html=html))

    message = message_of(mail_server)
    assert message.get_content_type() == "multipart/alternative"
    parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
    assert [(it.get_content_type(), it.get_content().strip()) for it in parts] == [
        ("text/plain", "Grüße 🛒"),
        ("text/html", html),
    ]
    assert max(len(line) for line in mail_server.accepted[-1].splitlines()) <= 998
