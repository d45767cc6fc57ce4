import asyncio
import json
from typing import Any

import pytest
from typer.testing import CliRunner

import hub.database
from hub.database import Client, Database
from hub.settings import Settings
from runtime import wiring
from runtime.cli import application
from tests.runtime.verbs import Verb


@pytest.fixture
async def verb(settings: Settings, client: Client, database: Database, monkeypatch: pytest.MonkeyPatch) -> Verb:
    del database
    monkeypatch.setenv("HUB_MONGO_URL", settings.mongo_url.get_secret_value())

    async def run(*words: str, exit_code: int = 0) -> Any:
        # In a thread, for a verb has an event loop of its own; it binds the documents to its own client.
        done = await asyncio.to_thread(CliRunner().invoke, application(), words)
        await hub.database.use(client, wiring.DOCUMENTS)
        assert done.exit_code == exit_code, done.output
        return json.loads(done.stdout) if "--json" in words else done.stdout.strip()

    return run
