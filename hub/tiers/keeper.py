"""The keeper of tiers: a loop beside the router that announces what a process has saved and not announced."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from hub.tiers import service

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 15.0


async def keep(clock: Callable[[], datetime]) -> None:
    """Do it until cancelled. A database that is away is waited for."""
    while True:
        try:
            await service.sweep(now=clock())
        except PyMongoError as error:
            log.warning("tiers_wait_for_database", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
