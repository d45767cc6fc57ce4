"""Sharing: those who ask at the same time share one look, which begins after each of them has asked.

So it shows whatever was there when somebody asked, as a look of their own would, and a crowd costs one read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

MOST: Final = 500
"""So many share one look at most."""

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Shared(Generic[_K, _V]):
    """Looks for one process."""

    def __init__(self, look: Callable[[Sequence[_K]], Awaitable[Mapping[_K, _V]]]) -> None:
        """Take what looks: for each of the things asked for it has an answer."""
        self._look = look
        self._waiting: list[tuple[_K, asyncio.Future[_V]]] = []
        self._looking: asyncio.Task[None] | None = None

    async def of(self, asked: _K) -> _V:
        """Give the answer to what is asked.

        Raises:
            Exception: what the look has raised.
        """
        answer: asyncio.Future[_V] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        return await answer

    async def _look_on(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._answer(some)
        finally:
            self._looking = None

    async def _answer(self, some: Sequence[tuple[_K, asyncio.Future[_V]]]) -> None:
        try:
            found = await self._look(list({asked for asked, _ in some}))
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            for _, answer in some:
                if not answer.done():
                    answer.set_exception(error)
            return
        for asked, answer in some:
            if not answer.done():  # else nobody waits for it any more
                answer.set_result(found[asked])
