import pytest

from hub.database import Database
from tests.questions.asked import BREWS, MATTERS, publish
from tests.rollups.stage import Shop


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


@pytest.fixture
async def ada(shop: Shop) -> Shop:
    """A shop that knows Ada and has published its questions."""
    await publish(shop, MATTERS, BREWS)
    await shop.identify(traits={"country": "DE"})
    await shop.route()
    return shop
