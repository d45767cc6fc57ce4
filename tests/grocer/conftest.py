import pytest

from hub.database import Database
from tests.rollups.stage import Shop


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)
