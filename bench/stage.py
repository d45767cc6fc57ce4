"""A stage: a MongoDB and a Temporal server of their own for one measurement, and the processes that play on it.

Data lies in the folder for temporary files, so that a journal is flushed to what a person's disk is (TMPDIR says
otherwise). Everything ends with the stage, however the bench ends.
"""

import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from hub import database
from hub.database import Client
from hub.settings import Settings
from runtime import addresses
from runtime.embedded import mongod, programs, temporal
from runtime.leash import Child, Leash
from runtime.wiring import DOCUMENTS

SECRET: Final = secrets.token_urlsafe(32)
UNASKED: Final = dict.fromkeys(("HUB_CONSENT_EMAIL", "HUB_CONSENT_PUSH", "HUB_CONSENT_SMS"), "opt_out")
"""Customers who may be written to: the gate is passed as by those who have agreed, and asked as often."""


@dataclass(slots=True)
class Stage:
    """Servers that run, a client, the hub's collections, and the process id of each player by its name."""

    settings: Settings
    client: Client
    pids: dict[str, int]
    _leash: Leash
    _folder: Path
    _players: dict[str, Child] = field(default_factory=dict)

    async def start(self, name: str, module: str, *arguments: str, api_bind: str = "127.0.0.1:0") -> Child:
        """Start `python -m MODULE ARGUMENTS`, which finds the servers in its environment."""
        env = {
            "HUB_MONGO_URL": self.settings.mongo_url.get_secret_value(),
            "TEMPORAL_ADDRESS": self.settings.temporal_address,
            "HUB_API_BIND": api_bind,
            "HUB_METRICS_BIND": f"{addresses.LOOPBACK}:{addresses.free_port()}",
            "HUB_SECRET_KEY": SECRET,
            **UNASKED,
        }
        command = [sys.executable, "-m", module, *arguments]
        child = await self._leash.start(name, command, log=self._folder / f"{name}.log", env=env)
        self.pids[name] = child.pid
        return child


@asynccontextmanager
async def stage(*, with_temporal: bool) -> AsyncIterator[Stage]:
    """Set a stage: MongoDB with the hub's collections, bound to this process, and Temporal (file, WAL) if asked for."""
    plain = Settings()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        async with Leash() as leash:
            port, temporal_port = addresses.free_port(), addresses.free_port()
            settings = plain.model_copy(
                update={
                    "mongo_url": SecretStr(mongod.url(port)),
                    "temporal_address": temporal.address(temporal_port),
                }
            )
            program = programs.mongod(plain, libraries=folder / "lib")
            log = folder / "mongod.log"
            server = await mongod.start(leash, program, folder=folder / "mongo", port=port, log=log, settings=settings)
            pids = {"mongod": server.pid}
            if with_temporal:
                server = await temporal.start(
                    leash,
                    programs.temporal(plain),
                    file=folder / "temporal.db",
                    port=temporal_port,
                    ui_port=None,
                    log=folder / "temporal.log",
                )
                pids["temporal"] = server.pid
            async with database.connect(settings) as client:
                await database.migrate(client, DOCUMENTS)
                yield Stage(settings, client, pids, leash, folder)
