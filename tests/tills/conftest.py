"""Tills of two stores."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest

from hub.access.model import Scope
from hub.database import Client, Database
from hub.settings import Settings
from tests.runtime.calling import calling
from tests.tills.tilling import Till, make
from tests.vouchers.stage import Stage, stage


@pytest.fixture
async def web(settings: Settings, client: Client, database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    del database
    async with calling(settings, client) as web:
        yield web


@pytest.fixture
async def till(web: httpx2.AsyncClient) -> Till:
    return Till(web, await make("berlin-1", Scope.TILLS_WRITE))


@pytest.fixture
async def munich(web: httpx2.AsyncClient) -> Till:
    return Till(web, await make("munich-2", Scope.TILLS_WRITE))


@pytest.fixture
def ada(database: Database, settings: Settings) -> Stage:
    """A customer with points, at the time of the machine: the till has its clock."""
    found = stage(database, settings)
    found.now = datetime.now(UTC)
    return found
