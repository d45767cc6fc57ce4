"""Kills a piece of work at a chosen write: before MongoDB gets it, or when MongoDB has it and the work does not know.

A kill at a read leaves the same behind as one after the write before it, so writes are all there is to try.
"""

import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection

WRITES = ("bulk_write", "delete_many", "delete_one", "insert_one", "insert_many", "update_one", "update_many")


class Killed(BaseException):
    """The process is dead. No handler of the hub may catch it."""


class Fuse:
    """Burns before and after every write; once it has burnt down, no write begins any more."""

    def __init__(self, length: int) -> None:
        self._left = length

    def burn(self) -> None:
        if self._left == 0:
            raise Killed
        self._left -= 1


@contextmanager
def fused(length: int) -> Iterator[None]:
    """Kill what is done inside after `length` halves of a write."""
    fuse = Fuse(length)
    with pytest.MonkeyPatch.context() as patch:
        for name in WRITES:
            patch.setattr(AsyncCollection, name, _burning(getattr(AsyncCollection, name), fuse))
        yield


async def killed(length: int, work: Callable[[], Awaitable[object]]) -> bool:
    """Do the work on a fuse of this length and tell whether it was killed."""
    with fused(length):
        try:
            await work()
        except Killed:
            return True
    return False


def _burning(write: Callable[..., Awaitable[Any]], fuse: Fuse) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(write)
    async def burning(*args: Any, **named: Any) -> Any:
        fuse.burn()
        written = await write(*args, **named)
        fuse.burn()
        return written

    return burning
