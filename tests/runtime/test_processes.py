"""Processes of the hub wait for what is not there yet."""

import asyncio
import json
import os

import pytest

from hub.database import Database
from runtime import addresses
from tests.runtime.calling import line
from tests.traffic.running import HUB


@pytest.mark.parametrize("verb", ["api", "router", "worker"])
async def test_a_process_waits_for_a_database_that_is_away_at_its_start_and_says_so_once(
    verb: str, mongo_url: str, database: Database
) -> None:
    del database
    async with line(mongo_url) as way:
        await way.cut()
        environment = {
            "HUB_MONGO_URL": way.url,
            "HUB_MONGO_TIMEOUT_MS": "100",
            "HUB_API_BIND": f"127.0.0.1:{addresses.free_port()}",
            "HUB_METRICS_BIND": "",
            "TEMPORAL_ADDRESS": f"127.0.0.1:{addresses.free_port()}",
        }
        process = await asyncio.create_subprocess_exec(
            HUB, verb, stderr=asyncio.subprocess.PIPE, env={**os.environ, **environment}
        )
        assert process.stderr is not None
        try:
            async with asyncio.timeout(30):
                first = json.loads(await process.stderr.readline())
                await asyncio.sleep(2)  # three or four times more it has asked in vain
                assert process.returncode is None
                await way.lay()
                second = json.loads(await process.stderr.readline())
        finally:
            process.kill()
            await process.communicate()

    assert (first["event"], first["level"], first["process"]) == ("waits_for_database", "warning", verb)
    assert (second["event"], second["process"]) == ("started", verb)
