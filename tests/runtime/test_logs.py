import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.database import Database
from tests.runtime.failing import ADA

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def picky(database: Database) -> AsyncIterator[Database]:
    """MongoDB refuses every profile with the trait `poison`."""
    await database.command({"collMod": "profiles", "validator": {"traits.poison": {"$exists": False}}})
    yield database
    await database.command({"collMod": "profiles", "validator": {}})


@pytest.mark.parametrize("form", ["json", "text"])
async def test_whatever_fails_no_line_tells_who_the_customer_is(form: str, picky: Database, mongo_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.runtime.failing",
        cwd=ROOT,
        env={**os.environ, "HUB_MONGO_URL": mongo_url, "HUB_LOG_FORMAT": form, "HUB_LOG_LEVEL": "DEBUG"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    text = output.decode()

    assert process.returncode == 1
    assert await picky["dead_letters"].count_documents({"code": "not_routable"}) == 1
    for value in (*ADA.values(), "Ada", "ada@", "4930123456"):
        assert value not in text
    # And yet a person who looks for the fault learns what failed, and where.
    assert text.count("event_failed") == 5
    assert text.count("BulkWriteError") >= 5
    assert "ERROR asyncio Task exception was never retrieved Quoting at" in text
    assert "ERROR uvicorn.error Exception in ASGI application Quoting at" in text
    if form == "json":
        crashed = json.loads(text.splitlines()[-1])
        assert (crashed["event"], crashed["error"], crashed["level"]) == ("crashed", "Quoting", "critical")
        assert crashed["process"] == "failing"
        assert crashed["where"][-1].startswith("failing.py:")
        failed = [json.loads(line) for line in text.splitlines() if '"event_failed"' in line]
        assert [line["tries"] for line in failed] == [1, 2, 3, 4, 5]
        assert all(line["where"] for line in failed)
