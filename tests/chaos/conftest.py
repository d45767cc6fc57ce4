"""A hub of its own for each file of faults, with the journey that counts."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

import hub.database
from hub.settings import Settings
from tests.chaos.killer import Killer
from tests.chaos.stage import QUICK, Stage
from tests.traffic.running import UNASKED, hub_up

JOURNEY = Path(__file__).with_name("cart") / "chaos-cart.journey.yaml"
REQUEST_SECONDS = 10
PATIENCE_MILLISECONDS = 30_000
"""A killed mongod has its journal to read: on a busy machine whoever counts waits longer than the hub's own five."""


@pytest.fixture(scope="module")
async def stage(server_data: Path) -> AsyncIterator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=server_data))
    async with hub_up(folder, **QUICK, **UNASKED) as running:
        await running.publish(JOURNEY)
        settings = Settings(mongo_url=SecretStr(running.facts["mongo_url"]), mongo_timeout_ms=PATIENCE_MILLISECONDS)
        async with (
            hub.database.connect(settings) as client,
            httpx2.AsyncClient(
                base_url=running.facts["url"],
                auth=(running.facts["server_key"], ""),
                timeout=REQUEST_SECONDS,
                trust_env=False,
            ) as http,
        ):
            data = folder / "data"
            rows = client.get_default_database(hub.database.DEFAULT_NAME)
            yield Stage(running, data, Killer(data / "hub.json"), http, rows)
