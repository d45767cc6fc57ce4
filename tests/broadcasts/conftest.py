import pytest

from hub.database import Database
from hub.settings import Settings
from tests.broadcasts.stage import Stage


@pytest.fixture
async def stage(settings: Settings, database: Database) -> Stage:
    del database  # it is emptied and bound
    stage = Stage(settings)
    await stage.open()
    return stage
