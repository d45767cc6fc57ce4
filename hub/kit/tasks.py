"""Work beside other work: what happens to it when somebody is asked to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def side_by_side(*work: Coroutine[Any, Any, None]) -> None:
    """Do several things at once. When one breaks or all are cancelled, none is left running behind."""
    tasks = [asyncio.create_task(part) for part in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            if not task.cancelling():  # a second one would tear apart what hears the first one at its end
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await work that must not be torn apart: a cancellation is heard when it is done."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
