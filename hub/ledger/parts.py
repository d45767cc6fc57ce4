"""Parts: much work is done in parts at the same time, so that this process works while MongoDB does."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

AT_MOST: Final = 125
"""So many purses are one part: a batch of the router is four."""

_T = TypeVar("_T")
_R = TypeVar("_R")


async def of_each(work: Callable[[Sequence[_T]], Awaitable[_R]], them: Sequence[_T]) -> list[_R]:
    """Do the work on every part, and give what came of each, in their order.

    Where one fails, its error is raised when all have ended: none goes on behind the caller's back.
    """
    cut = [them[start : start + AT_MOST] for start in range(0, len(them), AT_MOST)]
    if len(cut) == 1:
        return [await work(them)]
    done = await asyncio.gather(*(work(it) for it in cut), return_exceptions=True)
    for it in done:
        if isinstance(it, BaseException):
            raise it
    return [it for it in done if not isinstance(it, BaseException)]
