"""A worker that kills itself between two steps that must survive it: `python fatal_worker.py STEP COUNT`.

`decide`: before it saves decisions on the branch for the COUNT-th time. `save`: after it has saved them, before it
performs the effects. `send`: after the provider has taken the COUNT-th message, before it is settled. `tell`: after it
has stored messages of a broadcast for the COUNT-th time, before it notes how far that is. The product has no such
switch: what it calls is wrapped here.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hub.journeys import cohorts
from hub.journeys.model import Run, SendMessage
from hub.messaging import store
from hub.messaging.model import Message
from hub.messaging.ports import Accepted, Outgoing
from integrations.console.sender import ConsoleSender
from runtime import configuration, processes

save, send, queue = cohorts.save, ConsoleSender.send, store.queue


class Fuse:
    """Burns down by one at each step; the last one kills."""

    def __init__(self, count: int) -> None:
        self._left = count

    def burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def says_last_word(run: Run) -> bool:
    """The message after the branch: here a decision taken twice, or lost, shows in the inbox."""
    return not run.live and any(isinstance(intent, SendMessage) for intent in run.intents)


def arm(step: str, fuse: Fuse) -> None:
    async def dies_first(before_and_after: Sequence[tuple[Run, Run]], *, token: UUID, now: datetime) -> set[UUID]:
        if any(says_last_word(after) for _, after in before_and_after):
            fuse.burn()
        return await save(before_and_after, token=token, now=now)

    async def dies_then(before_and_after: Sequence[tuple[Run, Run]], *, token: UUID, now: datetime) -> set[UUID]:
        ids = await save(before_and_after, token=token, now=now)
        if any(before.id in ids and says_last_word(after) for before, after in before_and_after):
            fuse.burn()
        return ids

    async def dies_unsettled(sender: ConsoleSender, message: Outgoing, /) -> Accepted:
        accepted = await send(sender, message)
        fuse.burn()
        return accepted

    match step:
        case "decide":
            cohorts.save = dies_first
        case "save":
            cohorts.save = dies_then
        case "tell":
            arm_telling(fuse)
        case "send":
            ConsoleSender.send = dies_unsettled  # type: ignore[method-assign]  # that is what this script is for


def arm_telling(fuse: Fuse) -> None:
    async def dies_uncounted(messages: Sequence[Message]) -> None:
        await queue(messages)
        if any(it.broadcast_id for it in messages):
            fuse.burn()

    store.queue = dies_uncounted


if __name__ == "__main__":
    arm(sys.argv[1], Fuse(int(sys.argv[2])))
    asyncio.run(processes.worker(configuration.read_settings()))
