import pytest

from hub.database import Database
from hub.rollups import service as rollups
from tests.rollups.stage import Shop


@pytest.fixture
async def shop(database: Database) -> Shop:
    """A shop that counts purchases."""
    shop = Shop(database)
    await shop.publish(rollups.shipped()[0])
    return shop
