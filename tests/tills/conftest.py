"""Tills of two stores."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from hub.access.model import Scope
from hub.database import Client, Database
from hub.settings import Settings
from tests.runtime.calling import calling
from tests.tills.tilling import Till, make


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
