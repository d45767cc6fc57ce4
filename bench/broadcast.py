"""`broadcast`: messages a second of a broadcast to everybody in a segment, from its start until nothing of it waits.

Ours lists the recipients, stores their messages, decides, renders, claims, sends and settles: a broadcast's activity
and a dispatcher side by side, as a worker runs them, with a sender that accepts at once. The baseline stores, claims
and records the very same messages in bulks of the same size (`bare_send.py` says why that is fair).
`HUB_BENCH_RECIPIENTS` says how many: 20,000 if nothing is said. `memory_mb` is the growth of ours over the second half
of a run: flat, if it does not follow the number.
"""

import asyncio
import os
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import product
from typing import Any, Final
from uuid import UUID

from pydantic import SecretStr

from bench.baselines import bare_send
from bench.line import SAMPLES, Line, say
from bench.proc import CpuMeter, memory_megabytes
from bench.quiet_worker import NullSender
from bench.stage import SECRET, stage
from hub import database
from hub.broadcasts import service, store
from hub.broadcasts.advance import BATCH, Advancer
from hub.broadcasts.model import Definition
from hub.database import Database, Row
from hub.kit import ids
from hub.messaging import store as messages_store
from hub.messaging.dispatch import BATCH as SENT_TOGETHER
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import Message
from hub.messaging.model import State as MessageState
from hub.messaging.ports import Senders
from hub.messaging.store import MessageDocument
from hub.profiles import store as profiles_store
from hub.profiles.model import Channel, Profile
from hub.segments import service as segments
from hub.settings import ConsentPolicy, Settings
from hub.wording.library import Library
from hub.wording.templates import template_of
from runtime import processes, wiring
from runtime.wiring import DOCUMENTS

RECIPIENTS: Final = int(os.environ.get("HUB_BENCH_RECIPIENTS", "20000"))
AT_ONCE: Final = 1_000
SALE: Final = Definition(name="Sale", segment="vips", template="sale")
TEXTS: Final = {
    "en/subject": "{{ profile.firstName }}, the sale begins",
    "en/text": "Hello {{ profile.firstName }}, {% if profile.vip %}dear friend, {% endif %}it begins. "
    "{{ links.unsubscribe }}",
}


async def measure() -> AsyncIterator[Line]:
    """Measure ours and the baseline in turn, each on as many recipients."""
    wall: defaultdict[str, list[float]] = defaultdict(list)
    cpu: defaultdict[str, list[float]] = defaultdict(list)
    grown: list[float] = []
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        opted_out = {"consent_email": ConsentPolicy.OPT_OUT, "secret_key": SecretStr(SECRET)}
        settings = on.settings.model_copy(update=opted_out)
        for round_, name in product(range(SAMPLES + 1), ("ours", "bare")):
            bound = await _peopled(on.client)
            rows = await _rows() if name == "bare" else []
            meter, begun = CpuMeter({**on.pids, "self": os.getpid()}), time.perf_counter()
            growth = await _ours(settings) if name == "ours" else await _bare(bound, rows)
            seconds, cpu_seconds = time.perf_counter() - begun, sum(meter.seconds().values())
            say(f"  {name}: {RECIPIENTS / seconds:.0f} messages/s, {RECIPIENTS / cpu_seconds:.0f} a second of CPU")
            if round_ > 0:  # the first round only warms up
                wall[name].append(RECIPIENTS / seconds)
                cpu[name].append(RECIPIENTS / cpu_seconds)
                grown += [growth] if name == "ours" else []
    beside = {
        "recipients": RECIPIENTS,
        "cpu_ratio": round(statistics.median(cpu["ours"]) / statistics.median(cpu["bare"]), 3),
        "memory_mb": round(statistics.median(grown), 1),
    }
    ours, bare = wall["ours"], wall["bare"]
    yield Line("broadcast", "messages/s", higher_is_better=True, ours=ours, baseline=bare, beside=beside)


async def _ours(settings: Settings) -> float:
    """Broadcast, and give by how many megabytes this process has grown since the first half."""
    null = NullSender()
    worker = Dispatcher(settings, Senders(email=null, push=null, sms=null), Library(), wiring.clock)
    made = await service.create(SALE, by="bench", key=ids.new_id().hex, now=wiring.clock())
    sending = asyncio.create_task(worker.run())
    try:
        halfway = await _advance(made.broadcast.id, worker)
    finally:
        sending.cancel()
        await asyncio.wait([sending])
    _check(await MessageDocument.find({"state": MessageState.SENT}).count())
    return memory_megabytes(os.getpid()) - halfway


async def _advance(broadcast_id: UUID, worker: Dispatcher) -> float:
    """Advance a broadcast until nothing of it waits, and give this process's megabytes at its half."""
    advancer, halfway = Advancer(), 0.0
    while True:
        step = await advancer.step(broadcast_id, wiring.clock())
        if step.queued:
            worker.nudge()
        if step.idle is None:
            return halfway
        if step.idle:
            # The last messages are looked for oftener than an activity does: it is they that end the measurement.
            await asyncio.sleep(min(step.idle.total_seconds(), 0.1))
            if not halfway and (await store.find(broadcast_id)).queued > RECIPIENTS / 2:
                halfway = memory_megabytes(os.getpid())


async def _bare(bound: Database, rows: list[Row]) -> float:
    await bare_send.fill(bound, rows, together=BATCH)
    while await bare_send.send(bound, SENT_TOGETHER):
        pass
    _check(await bound[bare_send.COLLECTION].count_documents({"state": "sent"}))
    return 0.0


async def _rows() -> list[Row]:
    """Make the messages that a broadcast would store, for the baseline to find ready-made."""
    now = wiring.clock()
    ready = [Message(ids.new_id(), ids.new_id(), "sale", (Channel.EMAIL,), created_at=now) for _ in range(RECIPIENTS)]
    await messages_store.queue(ready)
    collection = MessageDocument.get_pymongo_collection()
    rows = await collection.find().to_list()
    await collection.delete_many({})
    return rows


async def _peopled(client: database.Client) -> Database:
    """Empty the database, and put so many customers into a segment."""
    bound = client.get_default_database(database.DEFAULT_NAME)
    await client.drop_database(bound)
    bound = await database.migrate(client, DOCUMENTS)
    now = wiring.clock()
    await Library().save(template_of("sale", TEXTS))
    await segments.publish("segment: vips\nwhen: profile.vip = true\n", by="bench", key="k", now=now)
    for start in range(0, RECIPIENTS, AT_ONCE):
        people = [_person(number) for number in range(start, start + AT_ONCE)]
        await profiles_store.save(people, token=ids.new_id())
    return bound


def _person(number: int) -> Profile:
    now = wiring.clock()
    traits: dict[str, Any] = {"firstName": "Ada", "email": f"ada{number}@example.com", "vip": True}
    segment = {"name": "vips", "since": now, "cause": "bench"}
    standing = {"edition": 1, "in": [segment]}
    return Profile(id=ids.new_id(), traits=traits, first_seen_at=now, last_seen_at=now, segments=standing)


def _check(found: int) -> None:
    """A side that loses messages is not measured."""
    if found != RECIPIENTS:
        raise RuntimeError(f"{found} of {RECIPIENTS} messages are sent.")
