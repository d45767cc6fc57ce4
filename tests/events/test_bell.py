import asyncio

from hub.database import Database
from hub.events import store
from tests.intake.inflow import said, track


async def test_the_bell_rings_when_an_event_is_accepted(database: Database) -> None:
    del database
    loop = asyncio.get_running_loop()
    async with store.bell() as bell:
        waiting = asyncio.create_task(bell.wait(30))
        await asyncio.sleep(0.1)
        begun = loop.time()

        await said(track("X", userId="ada"))

        await waiting
        assert loop.time() - begun < 5


async def test_who_hears_nothing_waits_no_longer_than_asked(database: Database) -> None:
    del database
    loop = asyncio.get_running_loop()
    async with store.bell() as bell:
        begun = loop.time()
        await bell.wait(0.2)

    assert 0.2 <= loop.time() - begun < 3
