"""A member of a program with tiers, rewards and a voucher."""

from datetime import UTC, datetime

import pytest

from hub.database import Database
from hub.settings import Settings
from tests.card.member import Member, member, somebody


@pytest.fixture
async def ada(database: Database, settings: Settings) -> Member:
    """Silver, 350 points of which 150 are pending and 200 expire in ten days, one open voucher, and in need of 300."""
    del database
    now = datetime.now(UTC).replace(microsecond=0)
    return await member(await somebody(now), settings, now=now)
