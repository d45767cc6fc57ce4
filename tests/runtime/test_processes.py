"""Processes of the hub wait for what is not there yet."""

import asyncio
import json
import os
import sys

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


BREAKING = """
import asyncio
from contextlib import suppress
from pymongo.errors import OperationFailure
from hub.settings import Settings
from runtime import processes

async def main():
    async with processes._process(Settings(), "router"):
        raise OperationFailure("ada@example.com cannot be stored")

with suppress(OperationFailure):  # the command line says it in one sentence
    asyncio.run(main())
"""


async def test_a_process_that_mongodb_breaks_logs_where_and_quotes_nobody(mongo_url: str, database: Database) -> None:
    del database
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        BREAKING,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HUB_MONGO_URL": mongo_url},
    )
    _, said = await process.communicate()

    started, crashed = [json.loads(line) for line in said.splitlines()]
    assert (started["event"], crashed["event"], crashed["level"]) == ("started", "crashed", "critical")
    assert crashed["error"] == "OperationFailure"
    assert any("processes.py" in place for place in crashed["where"])
    assert b"ada@example.com" not in said
