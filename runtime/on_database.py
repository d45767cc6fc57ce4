"""Lets a verb do one thing on the database, from reading the settings to closing the client."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hub import database
from hub.settings import Settings
from runtime import configuration, wiring

T = TypeVar("T")


def on_database(do: Callable[[Settings], Awaitable[T]]) -> T:
    """Do it with every document bound to the database that the settings name, and give what it gives.

    Raises:
        WrongSettings: the environment makes no settings.
        PyMongoError: MongoDB does not answer, or refuses.
    """
    settings = configuration.read_settings()

    async def bound() -> T:
        async with database.connect(settings) as client:
            await database.use(client, wiring.DOCUMENTS)
            return await do(settings)

    return asyncio.run(bound())
