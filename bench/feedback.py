"""`feedback`: a provider's events a second taken in by the webhook, against an endpoint that only inserts them.

Both answer when the events are durable, and each once. Ours verifies each body's signature and brings its events into
the hub's words; settling messages, telling the customers' timelines and suppressing addresses is a keeper's work later
on, in another process. `settled` says how many a second it is with that work, done after the last answer, and
`settled_ratio` what that is of the baseline, which has nothing to do then. Bodies hold the events of a hundred
messages, as SendGrid sends them: that it has them, that they were delivered, and of every third that it was opened.
One in a hundred bodies comes twice.
"""

import asyncio
import base64
import os
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import product
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr
from starlette.types import ASGIApp

from bench.baselines import bare_feedback
from bench.line import SAMPLES, Line, say
from bench.proc import CpuMeter
from bench.stage import SECRET, stage
from hub import database
from hub.database import Database
from hub.kit import ids
from hub.messaging import reports_keeper, store
from hub.messaging.model import Message, State
from hub.profiles.model import Channel
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from integrations.sendgrid.signature import SIGNATURE, TIMESTAMP
from runtime import http, logs, processes, wiring

MESSAGES = 10_000
OF_A_BODY = 100
OPENED_OF = 3
SECONDS = 10
"""Over how long the events of a body have happened: a provider tells in seconds when."""
CONNECTIONS = 8
TWICE_OF = 100
_EVENTS = 2 * MESSAGES + -(-OF_A_BODY // OPENED_OF) * (MESSAGES // OF_A_BODY)
"""How many there are, each once."""
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


async def measure() -> AsyncIterator[Line]:
    """Measure ours and the baseline in turn, each with the same bodies about messages that are sent."""
    wall: defaultdict[str, list[float]] = defaultdict(list)
    cpu: defaultdict[str, list[float]] = defaultdict(list)
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        keys = {"sendgrid_webhook_key": PUBLIC, "secret_key": SecretStr(SECRET)}
        settings = on.settings.model_copy(update=keys)
        logs.configure(settings, process="bench")
        ours = await http.application(settings, on.client)
        for round_, name in product(range(SAMPLES + 1), ("ours", "bare")):
            bound, messages = await _sent(on.client)
            bodies = list(_bodies(messages))
            events = sum(count for _, count in bodies)
            meter, begun = CpuMeter({**on.pids, "self": os.getpid()}), time.perf_counter()
            await _post(ours if name == "ours" else bare_feedback.application(bound), [body for body, _ in bodies])
            seconds, cpu_seconds = time.perf_counter() - begun, sum(meter.seconds().values())
            say(f"  {name}: {events / seconds:.0f} events/s, {events / cpu_seconds:.0f} a second of CPU")
            if name == "ours":
                await _settle(bound, settings)
                settled = time.perf_counter() - begun
                say(
                    f"  settled: {events / settled:.0f}/s, {events / sum(meter.seconds().values()):.0f} a second of CPU"
                )
                wall["settled"] += [events / settled] if round_ > 0 else []
            await _check(bound, name)
            if round_ > 0:  # the first round only warms up
                wall[name].append(events / seconds)
                cpu[name].append(events / cpu_seconds)
    cpu_ratio = statistics.median(cpu["ours"]) / statistics.median(cpu["bare"])
    settled_median = statistics.median(wall["settled"])
    yield Line(
        "feedback",
        "events/s",
        higher_is_better=True,
        ours=wall["ours"],
        baseline=wall["bare"],
        beside={
            "cpu_ratio": round(cpu_ratio, 3),
            "settled": round(settled_median),
            "settled_ratio": round(settled_median / statistics.median(wall["bare"]), 3),
        },
    )


async def _settle(bound: Database, settings: Settings) -> None:
    told = await bound["reports"].aggregate([{"$group": {"_id": None, "told": {"$sum": "$told"}}}])
    if [row["told"] async for row in told] != [_EVENTS]:
        raise RuntimeError("Events are missing, or are there twice.")
    suppressions = Suppressions(settings)
    while await reports_keeper.step(suppressions, now=wiring.clock()):
        pass


async def _sent(client: database.Client) -> tuple[Database, list[UUID]]:
    """Empty the database, and store so many messages that a provider has taken."""
    bound = client.get_default_database(database.DEFAULT_NAME)
    await client.drop_database(bound)
    bound = await database.migrate(client, wiring.DOCUMENTS)
    await bare_feedback.clear(bound)
    now = wiring.clock()
    messages = [
        Message(ids.new_id(), ids.new_id(), "cart", (Channel.EMAIL,), created_at=now, state=State.SENT)
        for _ in range(MESSAGES)
    ]
    for start in range(0, MESSAGES, 1_000):
        await store.queue(messages[start : start + 1_000])
    return bound, [it.id for it in messages]


def _bodies(messages: Sequence[UUID]) -> Iterator[tuple[bytes, int]]:
    """Make the bodies, and tell how many events each holds."""
    for place, start in enumerate(range(0, len(messages), OF_A_BODY)):
        some = messages[start : start + OF_A_BODY]
        events = [
            *(_event("processed", it) for it in some),
            *(_event("delivered", it, response="250 OK") for it in some),
            *(_event("open", it, useragent="Mozilla/5.0", ip="192.0.2.1") for it in some[::OPENED_OF]),
        ]
        body = orjson.dumps(events)
        for _ in range(2 if place % TWICE_OF == 0 else 1):
            yield body, len(events)


def _event(kind: str, key: UUID, **more: str) -> dict[str, Any]:
    return {
        "email": f"{key.hex}@example.com",
        "timestamp": int(time.time()) - key.int % SECONDS,
        "smtp-id": f"<{key.hex}@ismtpd>",
        "event": kind,
        "sg_event_id": f"{kind}-{key.hex}",
        "sg_message_id": f"{key.hex}.recvd-1",
        "hub_message": str(key),
        **more,
    }


async def _post(app: ASGIApp, bodies: Sequence[bytes]) -> None:
    waiting = iter(bodies)

    async def one_after_another(client: AsyncClient) -> None:
        for body in waiting:
            answer = await client.post("/webhooks/sendgrid", content=body, headers=_signed(body))
            answer.raise_for_status()

    async with AsyncClient(transport=ASGITransport(app), base_url="http://hub") as client:
        await asyncio.gather(*(one_after_another(client) for _ in range(CONNECTIONS)))


def _signed(body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    signature = KEY.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}


async def _check(bound: Database, name: str) -> None:
    """A side that loses events, or counts one twice, is not measured."""
    if name == "bare":
        found = await bound[bare_feedback.COLLECTION].count_documents({})
    else:
        delivered = await bound["messages"].count_documents({"state": State.DELIVERED})
        found = delivered + await bound["events"].count_documents({})
    if found != _EVENTS:
        raise RuntimeError(f"{_EVENTS} are expected, {found} are stored.")
