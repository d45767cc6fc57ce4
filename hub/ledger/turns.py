"""Turns: within a process, those who want to change the same purse come one after the other.

Nothing rests on it, for other processes change purses too: it only saves tries that would meet.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

_LOCKS: Final[WeakValueDictionary[UUID, asyncio.Lock]] = WeakValueDictionary()
"""One for each purse that somebody is at."""


@asynccontextmanager
async def taken(purses: Collection[UUID]) -> AsyncIterator[None]:
    """Wait for the turn at all these purses, and hold it as long as the block lasts."""
    # In one order everywhere, so that nobody waits for somebody who waits for them.
    locks = [_LOCKS.setdefault(it, asyncio.Lock()) for it in sorted(set(purses))]
    held: list[asyncio.Lock] = []
    try:
        for lock in locks:
            await lock.acquire()
            held.append(lock)
        yield
    finally:
        for lock in held:
            lock.release()
