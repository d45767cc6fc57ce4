"""A look that is shared is never older than a question, and what is wrong with it is told to all who asked."""

import asyncio
from collections.abc import Sequence

import pytest

from hub.kit import sharing
from hub.kit.sharing import Shared


class Shelf:
    """What is looked at. A look sees what stands there when it begins, and ends when it is let go."""

    def __init__(self) -> None:
        self.number = 0
        self.looks: list[list[str]] = []
        self.begun, self.free = asyncio.Event(), asyncio.Event()

    async def look(self, asked: Sequence[str]) -> dict[str, int]:
        self.looks.append(sorted(asked))
        seen = self.number
        self.begun.set()
        await self.free.wait()
        return dict.fromkeys(asked, seen)


async def test_those_who_ask_during_a_look_share_the_next_one_and_see_what_was_there_when_they_asked() -> None:
    shelf = Shelf()
    shared = Shared(shelf.look)
    first = asyncio.create_task(shared.of("a"))
    await shelf.begun.wait()
    shelf.number = 1
    others = [asyncio.create_task(shared.of(it)) for it in ("b", "a", "b")]
    await asyncio.sleep(0)
    shelf.free.set()

    assert await first == 0
    assert await asyncio.gather(*others) == [1, 1, 1]
    assert shelf.looks == [["a"], ["a", "b"]]


async def test_a_look_that_fails_is_told_to_all_who_share_it_and_the_next_one_begins_anew() -> None:
    fails = True

    async def look(asked: Sequence[str]) -> dict[str, int]:
        if fails:
            raise OSError("away")
        return dict.fromkeys(asked, 7)

    shared = Shared(look)
    answers = await asyncio.gather(shared.of("a"), shared.of("b"), return_exceptions=True)
    assert [str(it) for it in answers] == ["away", "away"]
    fails = False
    assert await shared.of("a") == 7


async def test_who_stops_waiting_takes_nothing_from_the_others() -> None:
    shelf = Shelf()
    shared = Shared(shelf.look)
    left, stays = asyncio.create_task(shared.of("a")), asyncio.create_task(shared.of("b"))
    await shelf.begun.wait()
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    shelf.free.set()
    assert await stays == 0


async def test_more_than_share_one_look_are_looked_up_by_several() -> None:
    shelf = Shelf()
    shelf.free.set()
    shared = Shared(shelf.look)
    assert await asyncio.gather(*(shared.of(f"{it}") for it in range(sharing.MOST + 1))) == [0] * (sharing.MOST + 1)
    assert [len(it) for it in shelf.looks] == [sharing.MOST, 1]
