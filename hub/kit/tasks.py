"""Work beside other work: what happens to it when somebody is asked to stop."""

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any, Final

AGAIN_SECONDS: Final = 5.0
"""After which time who was asked to stop is asked again: on Python 3.11, `wait_for` may swallow a cancellation."""


async def side_by_side(*work: Coroutine[Any, Any, None]) -> None:
    """Do several things at once. When one breaks or all are cancelled, none is left running behind."""
    tasks = [asyncio.create_task(part) for part in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        await stop(tasks)


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await work that must not be torn apart: a cancellation is heard when it is done, however often it is said."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await _ended([task])
        raise


async def stop(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """Ask tasks to stop, and wait until they have. How they end is nobody's business any more."""
    for task in tasks:
        if not task.cancelling():  # what hears the first one at its end need not hear a second
            task.cancel()
    while pending := [task for task in tasks if not task.done()]:
        await _ended(pending, within=AGAIN_SECONDS)
        for task in pending:
            task.cancel()
    for task in tasks:
        if not task.cancelled():
            task.exception()  # else asyncio complains that nobody has looked


async def _ended(tasks: Collection["asyncio.Task[None]"], *, within: float | None = None) -> None:
    """Wait for tasks. Who is waiting here is stopping already: to be asked for it again changes nothing."""
    loop = asyncio.get_running_loop()
    until = None if within is None else loop.time() + within
    while pending := [task for task in tasks if not task.done()]:
        left = None if until is None else until - loop.time()
        if left is not None and left <= 0:
            return
        try:
            await asyncio.wait(pending, timeout=left)
        except asyncio.CancelledError:
            continue
