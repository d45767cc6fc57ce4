"""Together: what one process posts at the same time is posted in one go.

A posting reads its purse, looks its key up and writes: three commands, which fifty customers may share as well as one.
Each request is answered by itself, as if it had come alone; none waits longer than the one before it takes.
"""

import asyncio
from datetime import datetime
from typing import Final

from hub.kit.errors import HubError
from hub.ledger import service as ledger
from hub.ledger.service import Posted, Request

MOST: Final = 200


class Together:
    """Posts for one process."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Request, datetime, asyncio.Future[Posted]]] = []
        self._posting: asyncio.Task[None] | None = None

    async def post(self, request: Request, *, now: datetime) -> Posted:
        """Post a request, and come back when the majority has it in the journal.

        Raises:
            HubError: it was refused; see `ledger.post`.
        """
        answer: asyncio.Future[Posted] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, now, answer))
        if self._posting is None:
            self._posting = asyncio.create_task(self._post())
        return await answer

    async def _post(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                try:
                    answers = await ledger.post([it for it, _, _ in batch], now=max(now for _, now, _ in batch))
                except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                    answers = [error] * len(batch)  # type: ignore[list-item]  # told to each of them below
                for (_, _, future), answer in zip(batch, answers, strict=True):
                    _tell(future, answer)
        finally:
            self._posting = None


def _tell(future: asyncio.Future[Posted], answer: Posted | HubError | Exception) -> None:
    if future.done():
        return  # nobody waits for it any more
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


TOGETHER: Final = Together()
"""That of this process."""
