import pytest

from hub.database import Database
from tests.reviews.stage import buys, rules
from tests.rollups.stage import Shop


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


@pytest.fixture
async def ada(shop: Shop) -> Shop:
    """A shop where Ada has bought two products, and most reviews approve themselves."""
    await rules(shop)
    await buys(shop, "P-1", "P-2")
    return shop
