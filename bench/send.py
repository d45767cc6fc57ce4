"""`send`: messages a second through decide, render, claim, send and settle, against the bare claim-and-record writes.

Ours is a dispatcher as a worker runs it, with a sender that accepts at once: consent and suppression are asked twice,
and a short e-mail is rendered for each customer. `send_capped` is the same under a contact policy with a cap, so that
every message takes a place of its customer's. The baseline writes to the very same documents in bulks of the same size.
"""

import os
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import product
from typing import Any

from pydantic import SecretStr

from bench.baselines import bare_send
from bench.line import SAMPLES, Line, say
from bench.proc import CpuMeter
from bench.quiet_worker import NullSender
from bench.stage import SECRET, stage
from hub import database
from hub.contact import service as contact
from hub.database import Database
from hub.kit import ids
from hub.messaging import store
from hub.messaging.dispatch import BATCH, Dispatcher
from hub.messaging.model import Message, State
from hub.messaging.ports import Senders
from hub.messaging.store import MessageDocument
from hub.profiles import store as profiles_store
from hub.profiles.model import Channel, Profile
from hub.settings import ConsentPolicy, Settings
from hub.wording.library import Library
from hub.wording.templates import template_of
from runtime import processes, wiring
from runtime.wiring import DOCUMENTS

MESSAGES = 20_000
AT_ONCE = 1_000
CAPPED = "policy: contact\ncaps: [{most: 3, per: 24h}]"
TEXTS = {
    "en/subject": "{{ profile.firstName }}, your cart waits",
    "en/text": "Hello {{ profile.firstName }}, {% if profile.vip %}dear friend, {% endif %}it waits for you.",
}


async def measure() -> AsyncIterator[Line]:
    """Measure ours, with a cap and without, and the baseline in turn, each on a queue of the same messages."""
    wall: defaultdict[str, list[float]] = defaultdict(list)
    cpu: defaultdict[str, list[float]] = defaultdict(list)
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        opted_out = {"consent_email": ConsentPolicy.OPT_OUT, "secret_key": SecretStr(SECRET)}
        settings = on.settings.model_copy(update=opted_out)
        for round_, name in product(range(SAMPLES + 1), ("capped", "uncapped", "bare")):
            bound = await _queued(on.client, capped=name == "capped")
            if name == "bare":
                await bare_send.fill(bound, await MessageDocument.get_pymongo_collection().find().to_list())
            meter, begun = CpuMeter({**on.pids, "self": os.getpid()}), time.perf_counter()
            await (_bare(bound) if name == "bare" else _ours(settings))
            seconds, cpu_seconds = time.perf_counter() - begun, sum(meter.seconds().values())
            say(f"  {name}: {MESSAGES / seconds:.0f} messages/s, {MESSAGES / cpu_seconds:.0f} a second of CPU")
            if round_ > 0:  # the first round only warms up
                wall[name].append(MESSAGES / seconds)
                cpu[name].append(MESSAGES / cpu_seconds)
    for name, bench in (("uncapped", "send"), ("capped", "send_capped")):
        cpu_ratio = statistics.median(cpu[name]) / statistics.median(cpu["bare"])
        beside = {"cpu_ratio": round(cpu_ratio, 3)}
        yield Line(bench, "messages/s", higher_is_better=True, ours=wall[name], baseline=wall["bare"], beside=beside)


async def _ours(settings: Settings) -> None:
    null = NullSender()
    worker = Dispatcher(settings, Senders(email=null, push=null, sms=null), Library(), wiring.clock)
    while await worker.step():
        pass
    _check(await MessageDocument.find({"state": State.SENT}).count())


async def _bare(bound: Database) -> None:
    while await bare_send.send(bound, BATCH):
        pass
    _check(await bound[bare_send.COLLECTION].count_documents({"state": "sent"}))


async def _queued(client: database.Client, *, capped: bool) -> Database:
    """Empty the database, and give each of so many customers one message."""
    bound = client.get_default_database(database.DEFAULT_NAME)
    await client.drop_database(bound)
    bound = await database.migrate(client, DOCUMENTS)
    now = wiring.clock()
    await Library().save(template_of("cart", TEXTS))
    if capped:
        await contact.publish(CAPPED, by="bench", key="k", now=now)
    for start in range(0, MESSAGES, AT_ONCE):
        people = [_person(number) for number in range(start, start + AT_ONCE)]
        await profiles_store.save(people, token=ids.new_id())
        await store.queue([Message(ids.new_id(), it.id, "cart", (Channel.EMAIL,), created_at=now) for it in people])
    return bound


def _person(number: int) -> Profile:
    now = wiring.clock()
    traits: dict[str, Any] = {"firstName": "Ada", "email": f"ada{number}@example.com", "vip": number % 2 == 0}
    return Profile(id=ids.new_id(), traits=traits, first_seen_at=now, last_seen_at=now)


def _check(found: int) -> None:
    """A side that loses messages is not measured."""
    if found != MESSAGES:
        raise RuntimeError(f"{found} of {MESSAGES} messages are sent.")
