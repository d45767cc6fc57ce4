"""A router outlives its database."""

import asyncio
import time
from contextlib import suppress

from pydantic import SecretStr
from structlog.testing import capture_logs

import hub.database
from hub.database import Database
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import router, said, track
from tests.runtime.calling import line


async def test_a_router_waits_for_a_database_that_is_away_and_then_goes_on(
    settings: Settings, database: Database, mongo_url: str
) -> None:
    async with line(mongo_url) as way:
        through = settings.model_copy(update={"mongo_url": SecretStr(way.url), "mongo_timeout_ms": 200})
        async with hub.database.connect(through) as client:
            await hub.database.use(client, DOCUMENTS)
            await said(track("X", userId="ada", messageId="before"))
            with capture_logs() as lines:
                working = asyncio.create_task(router().run())
                await routed(database, 1)
                await asyncio.sleep(1.2)  # it rests now, and listens for the bell

                await way.cut()
                await asyncio.sleep(1)
                assert not working.done()
                await way.lay()
                await said(track("X", userId="ada", messageId="after"))

                await routed(database, 2)
                working.cancel()
                with suppress(asyncio.CancelledError):
                    await working

    assert {entry["event"] for entry in lines if entry["log_level"] != "debug"} == {"router_waits_for_database"}
    assert await database["profiles"].count_documents({"events": 2}) == 1
    assert await database["routers"].count_documents({}) == 0


async def routed(database: Database, events: int) -> None:
    deadline = time.monotonic() + 15
    while await database["events"].count_documents({"routed": True}) < events:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
