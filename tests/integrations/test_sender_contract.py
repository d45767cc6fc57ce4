"""What every sender promises, whatever is behind it: one of three outcomes, and no word about the recipient."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from hub.database import Client, Row
from hub.kit.ids import new_id
from hub.messaging.ports import (
    Accepted,
    Ambiguous,
    CanFind,
    Email,
    Gone,
    NotSent,
    Outgoing,
    Push,
    Refused,
    SendFailed,
    Sms,
)
from hub.settings import Settings
from integrations.console.sender import ConsoleSender
from integrations.console.store import Inbox
from integrations.fcm.sender import FcmSender
from integrations.sendgrid.sender import SendGridSender
from integrations.smtp.sender import SmtpSender
from integrations.twilio.sender import TwilioSender
from tests.docs.pages import ROOT, code_words, section
from tests.integrations import fcm_rules, provider_server, sendgrid_rules, twilio_rules
from tests.integrations.provider_server import Answer, ProviderServer
from tests.integrations.smtp_server import Fault, SmtpServer

SECRET = "Ada.Lovelace"  # stands in every address: whoever repeats an address repeats it
READ_SECONDS = 0.3


def email(key: UUID) -> Email:
    return Email(key, f"{SECRET}@example.com", "Shop <shop@example.com>", "Your cart", "It is still there.")


def push(key: UUID) -> Push:
    return Push(key, f"device-of-{SECRET}", "Your cart", "It is still there.")


def sms(key: UUID) -> Sms:
    return Sms(key, f"+49-{SECRET}", "It is still there.")


def real_sms(key: UUID) -> Sms:
    return Sms(key, "+4915123456789", "It is still there.")


@dataclass
class Subject:
    """One sender under the contract, and how to see what its provider has taken."""

    sender: Any
    message: Callable[[UUID], Outgoing]
    taken: Callable[[], Awaitable[int]]


@pytest.fixture
async def smtp(settings: Settings, mail_server: SmtpServer) -> AsyncIterator[SmtpSender]:
    sender = SmtpSender(quick(settings, mail_server.url))
    yield sender
    await sender.close()


@dataclass
class OverHttp:
    """A sender that posts to a provider, and the server that stands there."""

    sender: Any
    server: ProviderServer
    message: Callable[[UUID], Outgoing]

    async def taken(self) -> int:
        return len(self.server.taken)


OVER_HTTP = ("fcm", "sendgrid", "twilio")


@pytest.fixture
async def over_http(
    settings: Settings, fcm_server: ProviderServer, sendgrid_server: ProviderServer, twilio_server: ProviderServer
) -> AsyncIterator[dict[str, OverHttp]]:
    made = {
        "fcm": OverHttp(FcmSender(at(settings, fcm_server.url)), fcm_server, push),
        "sendgrid": OverHttp(SendGridSender(at(settings, sendgrid_server.url)), sendgrid_server, email),
        "twilio": OverHttp(TwilioSender(at(settings, twilio_server.url)), twilio_server, real_sms),
    }
    await made["fcm"].sender._account._ask()  # what FCM says is the matter here, not when Google gives a token
    fcm_server.taken.clear()
    fcm_server.requests.clear()
    yield made
    for it in made.values():
        await it.sender.close()


@pytest.fixture(params=OVER_HTTP)
def over(request: pytest.FixtureRequest, over_http: dict[str, OverHttp]) -> OverHttp:
    return over_http[request.param]


@pytest.fixture
def subjects(
    settings: Settings, inbox: Inbox, mail_server: SmtpServer, smtp: SmtpSender, over_http: dict[str, OverHttp]
) -> dict[str, Subject]:
    async def rows() -> int:
        return await inbox.count_documents({})

    async def mails() -> int:
        return len(mail_server.accepted)

    console = ConsoleSender(settings, inbox)
    return {
        "console e-mail": Subject(console, email, rows),
        "console push": Subject(console, push, rows),
        "console sms": Subject(console, sms, rows),
        "smtp": Subject(smtp, email, mails),
        **{name: Subject(it.sender, it.message, it.taken) for name, it in over_http.items()},
    }


@pytest.fixture(params=["console e-mail", "console push", "console sms", "smtp", *OVER_HTTP])
def subject(request: pytest.FixtureRequest, subjects: dict[str, Subject]) -> Subject:
    return subjects[request.param]


def quick(settings: Settings, smtp_url: str) -> Settings:
    return settings.model_copy(
        update={"smtp_url": SecretStr(smtp_url), "connect_seconds": 0.2, "read_seconds": READ_SECONDS}
    )


def at(settings: Settings, url: str) -> Settings:
    return quick(settings, "smtp://127.0.0.1:9").model_copy(
        update={
            "connect_seconds": 1.0,
            "read_seconds": 1.2,
            "sendgrid_api_key": SecretStr(sendgrid_rules.KEY),
            "sendgrid_url": url,
            "twilio_account_sid": twilio_rules.ACCOUNT,
            "twilio_auth_token": SecretStr(twilio_rules.TOKEN),
            "twilio_url": url,
            "sms_from": twilio_rules.NUMBER,
            "google_application_credentials": SecretStr(fcm_rules.service_account(url)),
            "fcm_url": url,
        }
    )


async def failure_of(sending: Awaitable[Accepted]) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await sending
    error: BaseException | None = caught.value
    while error is not None:  # what a log would print of it, causes and contexts included
        assert SECRET not in f"{error!r} {error}"
        error = error.__cause__ or error.__context__
    return caught.value


async def test_a_message_that_is_taken_is_accepted(subject: Subject) -> None:
    answer = await subject.sender.send(subject.message(new_id()))

    assert isinstance(answer, Accepted)
    assert await subject.taken() == 1


async def test_a_sender_takes_no_idempotency_key_so_a_repeat_is_seen(subject: Subject) -> None:
    message = subject.message(new_id())

    await subject.sender.send(message)
    await subject.sender.send(message)

    assert await subject.taken() == 2


async def test_many_at_once_all_arrive(subject: Subject) -> None:
    await asyncio.gather(*(subject.sender.send(subject.message(new_id())) for _ in range(20)))

    assert await subject.taken() == 20


async def test_who_can_find_knows_what_it_took_and_nothing_else(subject: Subject) -> None:
    if not isinstance(subject.sender, CanFind):
        assert subject.sender.name in {"smtp", *OVER_HTTP}
        return
    key = new_id()

    answer = await subject.sender.send(subject.message(key))

    assert await subject.sender.find(key) == answer
    assert await subject.sender.find(new_id()) is None


SMTP_OUTCOMES = {
    Fault.BREAKS_BEFORE_GREETING: NotSent,
    Fault.SILENT_BEFORE_GREETING: NotSent,
    Fault.BUSY_GREETING: NotSent,
    Fault.UNWILLING_GREETING: NotSent,
    Fault.REFUSES_SENDER: Refused,
    Fault.WANTS_A_PASSWORD: NotSent,
    Fault.REFUSES_RECIPIENT: Refused,
    Fault.KNOWS_NOBODY: Gone,
    Fault.BUSY_AT_RECIPIENT: NotSent,
    Fault.SILENT_AT_RECIPIENT: NotSent,
    Fault.BREAKS_AT_RECIPIENT: NotSent,
    Fault.BABBLES_AT_RECIPIENT: NotSent,
    Fault.BUSY_AT_DATA: NotSent,
    Fault.BREAKS_IN_DATA: Ambiguous,
    Fault.REFUSES_MESSAGE: Refused,
    Fault.BUSY_AFTER_DOT: NotSent,
    Fault.LEAVES_AFTER_DOT: NotSent,
    Fault.SILENT_AFTER_DOT: Ambiguous,
    Fault.BREAKS_AFTER_DOT: Ambiguous,
    Fault.BABBLES_AFTER_DOT: Ambiguous,
}
TAKEN_ALL_THE_SAME = {Fault.SILENT_AFTER_DOT, Fault.BREAKS_AFTER_DOT, Fault.BABBLES_AFTER_DOT}


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
async def test_smtp_names_the_outcome_of_every_fault_and_sends_the_next_message(
    fault: Fault, smtp: SmtpSender, mail_server: SmtpServer
) -> None:
    mail_server.fault = fault

    failure = await failure_of(smtp.send(email(new_id())))

    assert type(failure) is SMTP_OUTCOMES[fault]
    taken = 1 if fault in TAKEN_ALL_THE_SAME else 0
    assert len(mail_server.accepted) == taken
    await smtp.send(email(new_id()))
    assert len(mail_server.accepted) == taken + 1


async def test_smtp_without_a_server_has_not_sent(settings: Settings) -> None:
    nobody = SmtpSender(quick(settings, "smtp://127.0.0.1:9"))

    assert type(await failure_of(nobody.send(email(new_id())))) is NotSent


async def test_the_console_without_mongodb_has_not_sent() -> None:
    async with AsyncMongoClient[Row](
        "mongodb://127.0.0.1:9", serverSelectionTimeoutMS=200, uuidRepresentation="standard"
    ) as nowhere:
        sender = ConsoleSender(Settings(), nowhere["hub"]["inbox"])

        assert type(await failure_of(sender.send(email(new_id())))) is NotSent
        assert type(await failure_of(find(sender, new_id()))) is Ambiguous


async def find(sender: ConsoleSender, key: UUID) -> Accepted:
    found = await sender.find(key)
    assert found is not None
    return found


@contextlib.asynccontextmanager
async def line_to(client: Client) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A port that leads to MongoDB. Once the event is set, what is asked passes, and what is answered does not."""
    host, port = await client.address or ("", 0)
    deaf = asyncio.Event()
    lines: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if not (answers and deaf.is_set()):
                    writer.write(data)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader_there, writer_there = await asyncio.open_connection(host, port)
        lines.extend((writer, writer_there))
        await asyncio.gather(carry(reader, writer_there, answers=False), carry(reader_there, writer, answers=True))

    listening = await asyncio.start_server(connect, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], deaf
    for line in lines:
        line.close()
        with contextlib.suppress(ConnectionError):
            await line.wait_closed()


async def test_the_console_is_ambiguous_when_mongodb_takes_the_row_and_its_answer_is_lost(
    client: Client, inbox: Inbox
) -> None:
    async with (
        line_to(client) as (port, deaf),
        AsyncMongoClient[Row](
            f"mongodb://127.0.0.1:{port}/?directConnection=true&socketTimeoutMS=300&retryWrites=false",
            uuidRepresentation="standard",
        ) as far,
    ):
        sender = ConsoleSender(Settings(), far[inbox.database.name]["inbox"])
        await sender.send(sms(new_id()))
        deaf.set()

        failure = await failure_of(sender.send(sms(new_id())))

    assert type(failure) is Ambiguous
    assert await inbox.count_documents({}) == 2


@pytest.mark.parametrize("fault", provider_server.Fault, ids=lambda fault: fault.name.lower())
async def test_a_request_that_was_written_and_not_answered_is_ambiguous_and_the_next_one_is_sent(
    fault: provider_server.Fault, over: OverHttp
) -> None:
    over.server.fault = fault

    failure = await failure_of(over.sender.send(over.message(new_id())))

    assert type(failure) is Ambiguous
    taken = 1 if fault in provider_server.TAKEN_ALL_THE_SAME else 0
    assert len(over.server.taken) == taken
    await over.sender.send(over.message(new_id()))
    assert len(over.server.taken) == taken + 1


OUTCOMES = {"refused": Refused, "not sent": NotSent, "ambiguous": Ambiguous}


def published(provider: str) -> list[tuple[int, str]]:
    """The statuses that a provider's page explains, and what it says that they mean."""
    rows = section((ROOT / "docs" / "providers" / f"{provider}.md").read_text(encoding="utf-8"), "## Answers")
    return [
        (int(status), meaning.strip().partition(":")[0])
        for _, statuses, meaning, _ in (line.split("|", 3) for line in rows.splitlines() if line.startswith("| `"))
        for status in code_words(statuses)
    ]


@pytest.mark.parametrize(("name", "status", "meaning"), [(name, *row) for name in OVER_HTTP for row in published(name)])
async def test_an_answer_means_what_the_page_of_its_provider_says_and_its_body_is_not_repeated(
    name: str, status: int, meaning: str, over_http: dict[str, OverHttp]
) -> None:
    over = over_http[name]
    if meaning == "accepted":
        assert isinstance(await over.sender.send(over.message(new_id())), Accepted)
        return
    said = f"{SECRET}@example.com is bad"
    over.server.answer = Answer(status, {"errors": [{"message": said, "field": SECRET}], "message": said})

    failure = await failure_of(over.sender.send(over.message(new_id())))

    assert type(failure) is OUTCOMES[meaning]
    assert len(over.server.requests) == 1


@pytest.mark.parametrize("status", [204, 302, 599])
async def test_an_answer_that_nobody_has_explained_is_ambiguous(status: int, over: OverHttp) -> None:
    over.server.answer = Answer(status)

    assert type(await failure_of(over.sender.send(over.message(new_id())))) is Ambiguous


async def test_a_provider_that_is_not_there_has_not_sent(settings: Settings, over: OverHttp) -> None:
    nobody = type(over.sender)(at(settings, "http://127.0.0.1:9"))

    assert type(await failure_of(nobody.send(over.message(new_id())))) is NotSent
    await nobody.close()
