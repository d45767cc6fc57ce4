"""A SendGrid that has bad days: it is busy, hangs up, and tells things twice and in another order."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import httpx2

from tests.integrations import sendgrid_rules, signing
from tests.integrations.provider_server import Answer, Fault, ProviderServer, Request, provider_server

BUSY, MUTE, GARBLED, LATE = 0.05, 0.02, 0.01, 0.25
"""How often it is busy, takes a mail without an answer, tells twice; how often it tells of those without one late."""
TELLS_WITHIN_SECONDS = 1.5
AGAIN_SECONDS = 0.3


@dataclass
class MailProvider:
    """What it has taken by key, when by the monotonic clock, and what it told of too late.

    Args:
        random: decides its moods.
        late_seconds: when it tells of a mail that it tells of late.
    """

    random: Random
    late_seconds: float
    server: ProviderServer = field(init=False)
    taken: Counter[UUID] = field(default_factory=Counter)
    taken_at: defaultdict[UUID, list[float]] = field(default_factory=lambda: defaultdict(list))
    late: set[UUID] = field(default_factory=set)
    busy: int = 0
    mute: int = 0
    _telling: list[dict[str, Any]] = field(default_factory=list)
    _reports: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def rules(self, request: Request) -> Answer:
        """Answer a request as it feels."""
        answer = sendgrid_rules.sendgrid(request)
        if not answer.taken:
            return answer
        mood = self.random.random()
        if mood < BUSY:
            self.busy += 1
            return Answer(self.random.choice([429, 503]), headers={"Retry-After": "1"})
        key = UUID(request.json["custom_args"]["hub_message"])
        self.taken[key] += 1
        self.taken_at[key].append(time.monotonic())
        is_mute = mood < BUSY + MUTE
        if is_mute:
            self.mute += 1
            self.server.fault = Fault.TAKES_IT_AND_HANGS_UP
        is_late = is_mute and self.late_seconds > 0 and self.random.random() < LATE
        if is_late:
            self.late.add(key)
        mail_id = f"mail-{sum(self.taken.values())}"
        self._will_tell(key, mail_id, after=self.late_seconds if is_late else 0.0)
        return Answer(202, headers={"X-Message-Id": mail_id})

    async def tell(self, hub: httpx2.AsyncClient) -> None:
        """Tell what became of mails, each again and again until the hub has heard it, until cancelled."""
        while True:
            now = time.monotonic()
            self._telling = due = [event for at, event in self._reports if at <= now]
            self._reports = [it for it in self._reports if it[0] > now]
            for start in range(0, len(due), 200):
                await self._post(hub, due[start : start + 200])
            self._telling = []
            await asyncio.sleep(0.1)

    async def has_told_all(self) -> bool:
        """Tell whether there is nothing left to tell."""
        return not self._reports and not self._telling

    def _will_tell(self, key: UUID, mail_id: str, *, after: float) -> None:
        now, garbled = time.monotonic() + after, self.random.random() < GARBLED
        for kind in ("processed", "delivered", *(["delivered", "processed"] if garbled else [])):
            event = {
                "event": kind,
                "email": "nobody@example.com",
                "timestamp": int(time.time()),
                "hub_message": str(key),
                "sg_event_id": f"{mail_id} {kind}",
                "sg_message_id": f"{mail_id}.filter-1",
            }
            self._reports.append((now + self.random.uniform(0, TELLS_WITHIN_SECONDS), event))

    async def _post(self, hub: httpx2.AsyncClient, events: list[dict[str, Any]]) -> None:
        while True:
            with suppress(httpx2.TransportError):
                answer = await hub.post("/webhooks/sendgrid", **signing.sendgrid_post(*events))
                if answer.status_code == 200:
                    return
            await asyncio.sleep(AGAIN_SECONDS)


@asynccontextmanager
async def mail_provider(random: Random, *, late_seconds: float) -> AsyncIterator[MailProvider]:
    """Open it for business."""
    provider = MailProvider(random, late_seconds)
    async with provider_server(provider.rules) as server:
        provider.server = server
        yield provider
