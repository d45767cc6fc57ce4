"""A shop in a real database, asked through the real application."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.types import ASGIApp

from hub.access import keys, tokens
from hub.access.grants import KeyKind
from hub.database import Client, Database
from hub.events.model import Source, Trust
from hub.intake.accept import accept
from hub.intake.ringer import Ringer
from hub.intake.router import Router
from hub.journeys import service
from hub.journeys.advance import Advancer
from hub.messaging.dispatch import Dispatcher
from hub.settings import Environment, Settings
from hub.wording.library import Library
from hub.wording.templates import template_of
from runtime import http, wiring

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
"""Yesterday, whatever the day: the application tells the time by the machine's clock, and windows end today."""
SERVER = Source("shop", Trust.SERVER)
JOURNEY = """\
journey: cart
enter: {event: Checkout Started, key: properties.order_id}
steps:
  - send: {template: reminder, channels: [email, sms]}
  - wait: 1h
"""


class NoBell:
    """Nobody listens: the tests advance cohorts themselves."""

    async def ring(self, cohort: str, /) -> None:
        del cohort


@dataclass
class Hub:
    """What a test does to the hub, and how it asks."""

    settings: Settings
    http: AsyncClient
    now: datetime = NOON
    said: int = 0
    router: Router = field(init=False)

    def __post_init__(self) -> None:
        self.router = Router("test", Ringer(NoBell()), self.clock)

    def clock(self) -> datetime:
        return self.now

    async def key(self, kind: KeyKind) -> str:
        return await keys.create(kind, SERVER.id, env=Environment.DEV, now=NOON)

    def token(self, user_id: str) -> str:
        return tokens.issue(self.settings, user_id, now=datetime.now(UTC))

    async def say(self, *calls: Mapping[str, Any]) -> None:
        """Accept calls of the server source, a second apart, and route them."""
        for call in calls:
            self.said += 1
            self.now += timedelta(seconds=1)
            body = {"messageId": f"m{self.said}", **call}
            receipt = await accept(SERVER, [orjson.dumps(body)], now=self.now)
            assert not receipt.refused
        while await self.router.step():
            pass

    async def identify(self, user_id: str, **traits: Any) -> None:
        await self.say({"type": "identify", "userId": user_id, "traits": traits})

    async def track(self, user_id: str, event: str, **properties: Any) -> None:
        await self.say({"type": "track", "userId": user_id, "event": event, "properties": properties})

    async def publish(self, source: str = JOURNEY) -> None:
        await Library().save(
            template_of(
                "reminder",
                {"en/subject": "Your cart", "en/text": "Still there. {{ links.unsubscribe }}", "en/sms": "Hi"},
            )
        )
        await service.publish(source, templates={"reminder"}, by="test", key=f"publish {len(source)}", now=self.now)

    async def advance(self) -> None:
        """Advance the runs of the cart journey, and send what they have to say."""
        advancer = Advancer()
        while await advancer.advance("cart/1/0", self.clock):
            pass
        dispatcher = Dispatcher(self.settings, wiring.senders(self.settings), Library(), self.clock)
        while await dispatcher.step():
            pass

    async def post(self, query: str, key: str | None = None, *, accept: str = "", **rest: Any) -> Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if accept:
            headers["Accept"] = accept
        return await self.http.post("/graphql", json={"query": query, **rest}, headers=headers)

    async def answer(self, query: str, key: str | None = None, **variables: Any) -> dict[str, Any]:
        response = await self.post(query, key, variables=variables)
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, query: str, key: str | None = None, **variables: Any) -> dict[str, Any]:
        """Ask, and fail on any error."""
        answer = await self.answer(query, key, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def codes(self, query: str, key: str | None = None, **variables: Any) -> list[str]:
        """Ask what must fail, and give the codes of the errors."""
        return codes_of(await self.answer(query, key, **variables))


def codes_of(answer: Mapping[str, Any]) -> list[str]:
    errors: Sequence[Mapping[str, Any]] = answer["errors"]
    return [error["extensions"]["code"] for error in errors]


@pytest.fixture(scope="session")
async def app(settings: Settings, client: Client) -> ASGIApp:
    return await http.application(settings, client)


def browser(app: ASGIApp) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app), base_url="http://hub")


@pytest.fixture
async def hub(settings: Settings, app: ASGIApp, database: Database) -> AsyncIterator[Hub]:
    assert await database["profiles"].count_documents({}) == 0
    async with browser(app) as web:
        yield Hub(settings, web)


@pytest.fixture
async def admin(hub: Hub) -> str:
    return await hub.key(KeyKind.STAFF)
