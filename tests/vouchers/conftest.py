import pytest

from hub.database import Database
from hub.settings import Settings
from tests.vouchers.stage import Stage, stage


@pytest.fixture
def ada(database: Database, settings: Settings) -> Stage:
    return stage(database, settings)
