from datetime import UTC, datetime
from uuid import UUID

import pytest

from hub.database import Database
from hub.profiles import store as profiles
from hub.profiles.model import Profile
from tests.tiers.stage import Stage

ADA, BOB = UUID(int=0xADA), UUID(int=0xB0B)


@pytest.fixture
async def stage(database: Database) -> Stage:  # noqa: ARG001 - it has to be there
    """Ada and Bob, and the time: noon of a day in March."""
    await profiles.save([Profile(id=ADA), Profile(id=BOB)], token=UUID(int=1))
    return Stage(datetime(2026, 3, 1, 12, tzinfo=UTC))
