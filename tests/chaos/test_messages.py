"""Messages go out through a provider that has bad days while every part of the hub is killed, and all are counted.

Half of them must arrive, half must never come twice. A few customers unsubscribe meanwhile or are erased, and then hear
nothing.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import httpx2
import pytest
from pydantic import SecretStr
from pymongo.errors import PyMongoError
from strawberry.relay import GlobalID

import hub.database
from hub.kit import ids
from hub.messaging import store
from hub.messaging.model import Message, MessageClass, State
from hub.messaging.reports_waiting import WaitingReportsDocument
from hub.messaging.sending import FRESH_SECONDS
from hub.messaging.store import MessageDocument
from hub.profiles import store as profiles_store
from hub.profiles.consent import DEFAULT_BRAND, Subject
from hub.profiles.links import Links
from hub.profiles.model import Channel, Profile
from hub.profiles.topics import MARKETING
from hub.settings import Settings
from hub.wording.library import Library
from hub.wording.templates import template_of
from runtime.wiring import DOCUMENTS
from tests.chaos import killer
from tests.chaos.killer import PARTS, Killer
from tests.chaos.mail_provider import MailProvider, mail_provider
from tests.chaos.stage import QUICK
from tests.integrations import sendgrid_rules, signing
from tests.traffic.running import UNASKED, RunningHub, hub_up, until

MESSAGES = int(os.environ.get("HUB_CHAOS_MESSAGES", "400"))
KILLS = int(os.environ.get("HUB_CHAOS_KILLS", "4"))
SEED = int(os.environ.get("HUB_CHAOS_SEED") or Random().randrange(10**9))
KILL_EVERY_SECONDS = 1.8
GRACE_SECONDS = 6.0
LATE_SECONDS = GRACE_SECONDS + float(QUICK["HUB_LEASE_SECONDS"]) * 2 + 2
"""When a report comes late: behind lease, the pause of whoever settles, and grace."""
IS_CAMPAIGN = KILLS >= 50
SETTLED_SECONDS = 120
QUITS = 0.05
SLACK_SECONDS = 1.0
"""What passes at most, on a busy machine, between the start of a call and the provider's reading of it."""
BATCH = 50
DOORS = 8
"""How many customers may go at the same time: it is not the API's strength that is tested."""
HESITATES_SECONDS = 1.0
ERASE = "mutation ($input: EraseProfileInput!) { eraseProfile(input: $input) { __typename } }"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@dataclass(frozen=True, slots=True)
class Stage:
    """A hub that sends through the provider, and what its processes know."""

    hub: RunningHub
    killer: Killer
    http: httpx2.AsyncClient
    links: Links


@asynccontextmanager
async def stage(folder: Path, provider: MailProvider) -> AsyncIterator[Stage]:
    environment = {
        **QUICK,
        **UNASKED,
        "HUB_EMAIL_PROVIDER": "sendgrid",
        "HUB_SENDGRID_URL": provider.server.url,
        "SENDGRID_API_KEY": sendgrid_rules.KEY,
        "HUB_SENDGRID_WEBHOOK_KEY": signing.SENDGRID_PUBLIC,
        "HUB_SENDGRID_GRACE_SECONDS": str(GRACE_SECONDS),
    }
    async with hub_up(folder, **environment) as running:
        secret = (folder / "data" / "secret_key").read_text(encoding="ascii")
        settings = Settings(
            mongo_url=SecretStr(running.facts["mongo_url"]),
            mongo_timeout_ms=30_000,
            public_url=running.facts["url"],
            secret_key=SecretStr(secret),
        )
        async with (
            hub.database.connect(settings) as client,
            httpx2.AsyncClient(base_url=running.facts["url"], timeout=10, trust_env=False) as http,
        ):
            await hub.database.use(client, DOCUMENTS)
            await Library().save(template_of("news", {"en/subject": "News", "en/text": "{{ links.unsubscribe }}"}))
            yield Stage(running, Killer(folder / "data" / "hub.json"), http, Links(settings))


@pytest.mark.timeout(180 + int(KILLS * KILL_EVERY_SECONDS) + SETTLED_SECONDS)
async def test_whatever_is_killed_no_message_is_lost_and_none_comes_twice_that_never_must(
    server_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(SEED)
    seconds = KILLS * KILL_EVERY_SECONDS
    parts = [PARTS[number % len(PARTS)] for number in range(KILLS)]
    moments = killer.plan(random, seconds, parts)
    with capsys.disabled():
        print(f"\nchaos of messages, HUB_CHAOS_SEED={SEED}, {MESSAGES} messages, {KILLS} kills: {moments}", flush=True)  # noqa: T201
    folder = Path(tempfile.mkdtemp(prefix="chaos-mail-", dir=server_data))
    messages = [_message(number) for number in range(MESSAGES)]
    async with (
        mail_provider(random, late_seconds=LATE_SECONDS if IS_CAMPAIGN else 0.0) as provider,
        stage(folder, provider) as on,
    ):
        telling = asyncio.create_task(provider.tell(on.http))
        brought = [asyncio.Event() for _ in range(0, MESSAGES, BATCH)]
        _, quit_at, _ = await asyncio.gather(
            _bring(messages, seconds, brought), _quit(on, messages, brought, random), on.killer.kill_each(moments)
        )
        await until(_all_settled, seconds=SETTLED_SECONDS, what="every message is settled")
        await until(provider.has_told_all, seconds=SETTLED_SECONDS, what="everything is reported")
        await until(_nothing_waits, seconds=SETTLED_SECONDS, what="what was reported holds")
        telling.cancel()
        settled = await store.load([it.id for it in messages])
        _judge(messages, settled, quit_at, provider, capsys)


async def _nothing_waits() -> bool:
    """Tell whether no report waits for its keeper."""
    return not await WaitingReportsDocument.count()


def _judge(
    messages: Sequence[Message],
    settled: dict[UUID, Message],
    quit_at: dict[UUID, float],
    provider: MailProvider,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Compare what the provider has taken with what the hub says of it."""
    states = Counter((it.message_class.value, it.state.value, it.reason) for it in settled.values())
    with capsys.disabled():
        twice = sum(count > 1 for count in provider.taken.values())
        print(f"{states}; busy {provider.busy}, mute {provider.mute}, late {len(provider.late)}, twice {twice}")  # noqa: T201
    assert len(settled) == len(messages)
    for message in messages:
        after, taken = settled[message.id], provider.taken[message.id]
        told = f"{message.message_class}, taken {taken} times: {after}"
        if after.state in {State.SKIPPED, State.CANCELLED}:
            assert after.reason in {"no_consent", "unreachable", "erased", "suppressed"}, told
            assert message.id in quit_at, told
            assert taken == 0 or message.id in provider.late, told
        elif after.state is State.UNKNOWN:
            # Somebody died between claim and answer: nobody was called, and nobody can tell.
            assert (taken, message.message_class) == (0, MessageClass.NEVER_TWICE), told
        else:
            assert (after.state, taken > 0) == (State.DELIVERED, True), told
        if message.message_class is MessageClass.NEVER_TWICE:
            assert taken <= 1, told
        elif taken > 1:
            # Told of after the grace it was sent again, which the hub knows.
            assert message.id in provider.late, told
            assert after.duplicated_at is not None, told
    for message_id, acknowledged in quit_at.items():
        for at in provider.taken_at[message_id]:
            late = at - acknowledged
            assert late <= FRESH_SECONDS + SLACK_SECONDS, f"{message_id} went out {late:.2f} s after a no"


def _message(number: int) -> Message:
    classes = (MessageClass.NEVER_TWICE, MessageClass.MUST_ARRIVE)
    return Message(
        id=ids.new_id(),
        profile_id=ids.new_id(),
        template="news",
        channels=(Channel.EMAIL,),
        created_at=datetime.now(UTC),
        message_class=classes[number % 2],
    )


async def _bring(messages: Sequence[Message], seconds: float, brought: Sequence[asyncio.Event]) -> None:
    """Queue messages for new customers, a batch at a time, as long as parts are killed."""
    begun, batches = time.monotonic(), range(0, len(messages), BATCH)
    for number, start in enumerate(batches):
        await asyncio.sleep(max(0.0, begun + seconds * number / len(batches) - time.monotonic()))
        batch, now = messages[start : start + BATCH], datetime.now(UTC)
        people = [_person(it.profile_id, now) for it in batch]
        await _again(lambda people=people: profiles_store.save(people, token=ids.new_id()))
        await _again(lambda batch=batch: store.queue(batch))
        brought[number].set()


def _person(profile_id: UUID, now: datetime) -> Profile:
    return Profile(profile_id, traits={"email": f"{profile_id}@example.com"}, first_seen_at=now, last_seen_at=now)


async def _quit(
    on: Stage, messages: Sequence[Message], brought: Sequence[asyncio.Event], random: Random
) -> dict[UUID, float]:
    """Let some customers go, each a moment after their message was queued, and give when the hub had said yes."""
    quit_at: dict[UUID, float] = {}
    doors = asyncio.Semaphore(DOORS)

    async def quits(number: int, how: Callable[[Stage, UUID], Awaitable[bool]]) -> None:
        await brought[number // BATCH].wait()
        await asyncio.sleep(random.uniform(0, HESITATES_SECONDS))
        message = messages[number]
        while message.id not in quit_at:
            with suppress(httpx2.TransportError):
                async with doors:
                    if await how(on, message.profile_id):
                        quit_at[message.id] = time.monotonic()
                        return
            await asyncio.sleep(0.3)

    chosen = random.sample(range(len(messages)), int(len(messages) * QUITS))
    ways = (_unsubscribes, _is_erased)
    await asyncio.gather(*(quits(number, ways[place % 2]) for place, number in enumerate(chosen)))
    return quit_at


async def _unsubscribes(on: Stage, profile_id: UUID) -> bool:
    subject = Subject(DEFAULT_BRAND, MARKETING, Channel.EMAIL)
    link = on.links.unsubscribe(profile_id, subject, now=datetime.now(UTC))
    answer = await on.http.post(link, data={"List-Unsubscribe": "One-Click"})
    return answer.is_success


async def _is_erased(on: Stage, profile_id: UUID) -> bool:
    given = {"idempotencyKey": str(profile_id), "id": str(GlobalID("Profile", str(profile_id)))}
    body = {"query": ERASE, "variables": {"input": given}}
    answer = await on.http.post("/graphql", json=body, auth=(on.hub.facts["admin_key"], ""))
    said = (answer.json().get("data") or {}) if answer.is_success else {}
    return bool(said and said["eraseProfile"]["__typename"] == "EraseProfilePayload")


async def _all_settled() -> bool:
    open_ = [State.QUEUED, State.DEFERRED, State.SENDING]
    with suppress(PyMongoError):
        return not await MessageDocument.get_pymongo_collection().count_documents({"state": {"$in": open_}})
    return False


async def _again(write: Callable[[], Awaitable[object]]) -> None:
    """Write under keys until it is written."""
    while True:
        with suppress(PyMongoError):
            await write()
            return
        await asyncio.sleep(0.3)
