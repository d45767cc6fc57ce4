"""Who is asked to stop does, and nothing is left running or torn apart."""

import asyncio

import pytest

from hub.kit import tasks
from hub.kit.tasks import side_by_side, to_its_end


async def for_ever(said: list[str], name: str) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        said.append(name)


async def deaf(said: list[str], times: int) -> None:
    """Swallows so many cancellations, as a library may."""
    for _ in range(times):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            said.append("what?")
    await for_ever(said, "stopped")


async def test_one_that_breaks_stops_the_others() -> None:
    said: list[str] = []

    async def broken() -> None:
        await asyncio.sleep(0)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await side_by_side(for_ever(said, "a"), broken(), for_ever(said, "b"))

    assert sorted(said) == ["a", "b"]


async def test_who_has_not_heard_that_it_is_to_stop_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    said: list[str] = []
    working = asyncio.create_task(side_by_side(deaf(said, 2), for_ever(said, "a")))
    await asyncio.sleep(0.01)

    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert said == ["what?", "a", "what?", "stopped"]


async def test_work_that_must_not_be_torn_apart_is_done_however_often_it_is_asked_to_stop() -> None:
    said: list[str] = []
    opened = asyncio.Event()

    async def work() -> None:
        await opened.wait()
        said.append("done")

    working = asyncio.create_task(side_by_side(to_its_end(work()), for_ever(said, "a")))
    for _ in range(3):
        await asyncio.sleep(0.01)
        working.cancel()
    await asyncio.sleep(0.01)
    assert not working.done()

    opened.set()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert said == ["a", "done"]
