"""An attempt may die before any command it sends, and many may work on the same events: the end is always the same."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

import hub.database
from hub.database import Database
from hub.intake.router import Router
from hub.kit import ids
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import (
    APP,
    NOW,
    checkout,
    empty,
    identify,
    order,
    outcome,
    publish,
    route_all,
    router,
    said,
    track,
    unrouted,
    without_seqs,
)


class Died(BaseException):
    """No `Exception`: like the end of the process, it is caught by nobody."""


class Death(CommandListener):
    """Kills an attempt before the command after `commands_left` others. None lets it live."""

    commands_left: int | None = None

    def started(self, event: CommandStartedEvent) -> None:
        del event
        if self.commands_left is not None:
            if self.commands_left == 0:
                raise Died
            self.commands_left -= 1

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


@pytest.fixture
async def death(settings: Settings, database: Database) -> AsyncIterator[Death]:
    """The database, bound anew to a client that dies when told."""
    del database
    death = Death()
    async with hub.database.connect(settings, death) as client:
        await hub.database.use(client, DOCUMENTS)
        yield death


async def before() -> None:
    """What was routed in peace: a run that waits, and a customer whose address the shop has given."""
    await said(
        identify(userId="ada", messageId="ada-1", traits={"email": "ada@example.com", "name": "Ada"}),
        checkout("ada", "A-1", message="ada-2"),
        now=NOW - timedelta(minutes=1),
    )
    await route_all()


async def batch() -> None:
    """All that the intake knows, in one batch: new and known people, wins and refusals, exits of old and new runs."""
    await said(
        track("Page Viewed", anonymousId="tablet", messageId="bob-1"),
        identify(anonymousId="tablet", userId="bob", messageId="bob-2", traits={"email": "bob@example.com"}),
        identify(userId="ada", messageId="ada-3", traits={"email": "eve@example.com", "name": "Countess"}),
        identify(anonymousId="tablet", userId="cleo", messageId="cleo-1", traits={"name": "Cleo"}),
        source=APP,
        now=NOW - timedelta(seconds=1),
    )
    await said(
        checkout("ada", "A-1", message="ada-4"),  # refused: the run of ada-2 is live
        order("ada", "A-1", message="ada-5"),  # ends it
        checkout("bob", "B-1", message="bob-3"),
        checkout("bob", "B-1", message="bob-4"),  # refused
        checkout("bob", "B-2", message="bob-5"),  # another key
        order("bob", "B-1", message="bob-6"),  # ends only the first
        checkout("cleo", "C-1", message="cleo-2", value=0),  # does not match
        track("Order Completed", properties={"email": "dan@example.com", "order_id": "D-1"}, messageId="dan-1"),
    )


UNDISTURBED: dict[str, Any] = {
    "routed": [
        ("anonymous:tablet email:bob@example.com user:bob", message)
        for message in ("bob-1", "bob-2", "bob-3", "bob-4", "bob-5", "bob-6")
    ]
    + [("email:ada@example.com email:eve@example.com user:ada", f"ada-{place}") for place in range(1, 6)]
    + [("email:dan@example.com", "dan-1"), ("user:cleo", "cleo-1"), ("user:cleo", "cleo-2")],
    "profiles": {
        "anonymous:tablet email:bob@example.com user:bob": (6, {"email": "bob@example.com"}),
        "email:ada@example.com email:eve@example.com user:ada": (5, {"email": "ada@example.com", "name": "Countess"}),
        "email:dan@example.com": (1, {}),
        "user:cleo": (2, {"name": "Cleo"}),
    },
    "runs": [
        ("ada-2", "email:ada@example.com email:eve@example.com user:ada", "waiting", ["ada-5"]),
        ("bob-3", "anonymous:tablet email:bob@example.com user:bob", "waiting", ["bob-6"]),
        ("bob-5", "anonymous:tablet email:bob@example.com user:bob", "waiting", []),
    ],
    "guards": ["ada-2", "bob-3", "bob-5"],
    "decisions": [
        ("ada-2", "enter cart", "None"),
        ("ada-3", "identify", "untrusted_source"),
        ("ada-4", "enter cart", "already_in"),
        ("bob-3", "enter cart", "None"),
        ("bob-4", "enter cart", "already_in"),
        ("bob-5", "enter cart", "None"),
    ],
}


async def test_a_batch_routed_in_peace_has_every_effect_once(database: Database) -> None:
    await publish()
    await before()
    await batch()

    await route_all()

    assert without_seqs(await outcome(database)) == UNDISTURBED


async def test_an_attempt_that_dies_before_any_of_its_commands_is_finished_by_the_next(
    death: Death, database: Database
) -> None:
    await publish()
    commands = 0
    died = True
    while died:
        await empty(database)
        await before()
        await batch()
        attempt = router("the one that dies")
        death.commands_left = commands
        try:
            await attempt.step()
            died = False
        except Died:
            pass
        death.commands_left = None

        await route_all()

        assert without_seqs(await outcome(database)) == UNDISTURBED, f"died before command {commands + 1}"
        commands += 1
    assert commands > 20


async def test_a_run_knows_from_its_first_moment_what_its_customer_bought_in_the_same_batch(
    death: Death, database: Database
) -> None:
    """A cohort may take a run up as soon as it is stored, and who would tell it of the order may be away for long."""
    await publish()
    heard: set[tuple[str, ...]] = set()
    died = True
    commands = 0
    while died:
        await empty(database)
        await batch()
        death.commands_left = commands
        died = False
        try:
            await router("the one that dies").step()
        except Died:
            died = True
        death.commands_left = None

        messages = {row["_id"]: row["message_id"] async for row in database["events"].find()}
        run = await database["runs"].find_one({"event_id": ids.key_of("event", "shop", "bob-3")})
        if run is not None:
            heard.add(tuple(messages[it["event_id"]] for it in run["inputs"]))
        commands += 1
    assert heard == {("bob-6",)}


async def test_attempts_that_die_twice_are_finished_by_the_third(death: Death, database: Database) -> None:
    await publish()
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(15):
        await empty(database)
        await before()
        await batch()
        for _ in range(2):
            death.commands_left = chance.randrange(22)
            with suppress(Died):
                await router().step()
            death.commands_left = None

        await route_all()

        assert without_seqs(await outcome(database)) == UNDISTURBED, f"seed {seed}"


async def work_on_everything(name: str, chance: random.Random) -> None:
    """Work as a router that believes all parts its own, and may be cancelled."""
    working: Router = router(name)
    while events := await unrouted():
        await asyncio.sleep(chance.random() / 200)
        await working._route(events)


async def test_routers_that_work_on_the_same_events_at_the_same_time_have_every_effect_once(
    database: Database,
) -> None:
    await publish()
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(10):
        await empty(database)
        await before()
        await batch()

        await asyncio.gather(*(work_on_everything(f"router {place}", chance) for place in range(4)))

        assert without_seqs(await outcome(database)) == UNDISTURBED, f"seed {seed}"


async def test_routers_that_share_the_events_badly_and_die_leave_nothing_half_done(database: Database) -> None:
    """Each customer's events lie in parts of several routers, one of which is cancelled somewhere."""
    await publish()
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(10):
        await empty(database)
        calls = [
            {**checkout(f"u{person}", "1", message=f"{person}-{place}"), "anonymousId": f"{person}-{place % 3}"}
            for person in range(20)
            for place in range(6)
        ]
        await said(*calls)
        doomed = asyncio.create_task(work_on_everything("doomed", chance))
        others = [asyncio.create_task(steps(f"router {place}")) for place in range(3)]
        await asyncio.sleep(chance.random() / 20)
        doomed.cancel()
        await asyncio.gather(*others)
        await asyncio.gather(doomed, return_exceptions=True)
        await database["routers"].delete_many({})

        await route_all()

        found = await outcome(database)
        assert sum(events for events, _ in found["profiles"].values()) == 120, f"seed {seed}"
        assert {name.split()[-1] for name in found["profiles"]} == {f"user:u{person}" for person in range(20)}
        assert len(found["profiles"]) == 20
        assert len(found["routed"]) == len(set(found["routed"])) == 120
        assert len(found["runs"]) == len(found["guards"]) == 20
        answers = [reason for _, _, reason in found["decisions"]]
        assert (answers.count("None"), answers.count("already_in"), len(answers)) == (20, 100, 120)
        entered = {message for message, _, reason in found["decisions"] if reason == "None"}
        assert {message for message, *_ in found["runs"]} == entered == set(found["guards"])


async def steps(name: str) -> None:
    """Work as a router that shares the parts with the others."""
    sharing = router(name)
    for _ in range(6):
        await sharing.step()
