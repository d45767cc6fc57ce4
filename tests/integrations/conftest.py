"""What the tests of senders and pages share."""

from collections.abc import AsyncIterator

import pytest
from httpx2 import ASGITransport, AsyncClient

import hub.database
from hub.database import Client, Database
from hub.settings import ConsentPolicy, Settings
from integrations.console.store import Inbox, InboxDocument
from tests.integrations.fcm_rules import fcm
from tests.integrations.provider_server import ProviderServer, provider_server
from tests.integrations.sendgrid_rules import sendgrid
from tests.integrations.smtp_server import SmtpServer, smtp_server
from tests.integrations.twilio_rules import twilio


@pytest.fixture
async def inbox(client: Client, database: Database) -> Inbox:
    """The empty inbox."""
    await hub.database.migrate(client, [InboxDocument])
    collection = database["inbox"]
    await collection.delete_many({})
    return collection


@pytest.fixture
async def mail_server() -> AsyncIterator[SmtpServer]:
    async with smtp_server() as server:
        yield server


@pytest.fixture
async def sendgrid_server() -> AsyncIterator[ProviderServer]:
    async with provider_server(sendgrid) as server:
        yield server


@pytest.fixture
async def twilio_server() -> AsyncIterator[ProviderServer]:
    async with provider_server(twilio) as server:
        yield server


@pytest.fixture
async def fcm_server() -> AsyncIterator[ProviderServer]:
    async with provider_server(fcm) as server:
        yield server


@pytest.fixture
def lawful(settings: Settings) -> Settings:
    """The settings of a hub that writes to nobody unasked."""
    unsaid = dict.fromkeys(("consent_email", "consent_push", "consent_sms"), ConsentPolicy.OPT_IN)
    return settings.model_copy(update=unsaid)


@pytest.fixture
async def web(lawful: Settings, client: Client, database: Database) -> AsyncIterator[AsyncClient]:
    """A browser at that hub."""
    del database
    from runtime import http  # noqa: PLC0415  pytest_configure speaks before it imports graphql-core

    app = await http.application(lawful, client)
    async with AsyncClient(transport=ASGITransport(app), base_url=lawful.public_url) as web:
        yield web
