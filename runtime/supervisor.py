"""`hub up`: the whole hub on one machine, every part a process of its own, none of them left behind."""

import asyncio
import contextlib
import dataclasses
import signal
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from hub.settings import Settings
from runtime import addresses
from runtime.data_folder import DataFolder
from runtime.keeper import Keeper
from runtime.leash import Child, Leash
from runtime.migration import migrate
from runtime.progress import Progress
from runtime.readiness import until_ready
from runtime.servers import Servers, ServerStarter
from runtime.starter import StarterKeys, starter_keys

METRICS_PORT = 9464
READY_SECONDS = 60.0
ONE_WISH_SECONDS = 1.0
"""Signals this close are one wish to end: `timeout` sends its signal to the process and to its group."""

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(settings: Settings, *, data: Path, port: int, demo: bool) -> None:
    """Run the hub until a signal asks it to end.

    Raises:
        FolderTaken: another hub runs on `data`.
        NoProgram: there is no program for a server.
        ChildEnded: a part of the hub did not start.
        PyMongoError: the server that the environment names does not answer, or is none.
        OSError: the folder cannot be used.
    """
    with DataFolder(data) as folder:
        asyncio.run(_until_asked_to_end(_Hub(settings, folder=folder, port=port, demo=demo)))


async def _until_asked_to_end(hub: "_Hub") -> None:
    running = asyncio.create_task(hub.run())
    loop = asyncio.get_running_loop()
    deaf_until = 0.0

    def end() -> None:
        nonlocal deaf_until
        if loop.time() < deaf_until:
            return
        deaf_until = loop.time() + ONE_WISH_SECONDS
        # The second wish interrupts the orderly stop that the first has begun; then the leash kills what is left.
        running.cancel()

    for ending in _ENDINGS:
        loop.add_signal_handler(ending, end)
    with contextlib.suppress(asyncio.CancelledError):
        await running


class _Hub:
    def __init__(self, settings: Settings, *, folder: DataFolder, port: int, demo: bool) -> None:
        self._settings = settings
        self._folder = folder
        self._wanted_port = port
        self._demo = demo
        self._progress = Progress()
        self._facts: dict[str, object] = {}
        self._keeper = Keeper(say=self._progress.say, changed=self._publish)

    async def run(self) -> None:
        """Start everything, then wait to be cancelled; what was started is stopped in any case."""
        async with Leash(lock=self._folder.lock, notice=self._folder.hub_json) as leash:
            try:
                await self._start(leash)
                await asyncio.Event().wait()
            finally:
                self._facts = {}
                self._folder.withdraw()
                self._progress.say("Stopping")
                await self._keeper.stop()

    async def _start(self, leash: Leash) -> None:
        starter = ServerStarter(
            self._settings, folder=self._folder, leash=leash, keeper=self._keeper, progress=self._progress
        )
        servers = await starter.start()
        url = f"http://{addresses.LOOPBACK}:{addresses.free_port(self._wanted_port)}"
        settings = self._settings_of_the_processes(servers, url)
        with self._progress.step("Collections and indexes"):
            await migrate(settings)
            keys = await starter_keys(settings, self._folder.path)
        with self._progress.step("API, worker and router"):
            await self._start_processes(leash, settings, url)
        self._facts = _facts(servers, url, keys)
        self._publish()
        if self._demo:
            demo = partial(self._process, leash, "demo", {"HUB_JSON": str(self._folder.hub_json)})
            await self._keeper.start("demo", demo, may_finish=True)
        self._progress.say(_addresses(self._facts, self._folder))

    async def _start_processes(self, leash: Leash, settings: Settings, url: str) -> None:
        env = {
            "HUB_MONGO_URL": settings.mongo_url.get_secret_value(),
            "HUB_SECRET_KEY": settings.secret_key.get_secret_value(),
            "HUB_PUBLIC_URL": settings.public_url,
            "HUB_API_BIND": url.removeprefix("http://"),
            "HUB_METRICS_BIND": f"{addresses.LOOPBACK}:{addresses.free_port(METRICS_PORT)}",
            "TEMPORAL_ADDRESS": settings.temporal_address,
        }
        # The reverse is the order of the end: first nobody asks any more, then nobody works.
        children = [
            await self._keeper.start(name, partial(self._process, leash, name, env))
            for name in ("router", "worker", "api")
        ]
        await asyncio.gather(*(child.ready(until_ready(url), within=READY_SECONDS) for child in children))

    async def _process(self, leash: Leash, verb: str, env: Mapping[str, str]) -> Child:
        command = [sys.executable, "-m", "runtime.cli", verb]
        return await leash.start(verb, command, log=self._folder.log(verb), env=env)

    def _settings_of_the_processes(self, servers: Servers, url: str) -> Settings:
        """Those of the environment, with what we have started in the places where it says nothing."""
        made: dict[str, object] = {"mongo_url": servers.mongo_url, "temporal_address": servers.temporal_address}
        if "public_url" not in self._settings.model_fields_set:
            made["public_url"] = url
        if not self._settings.secret_key.get_secret_value():
            made["secret_key"] = SecretStr(self._folder.secret_key())
        return self._settings.model_copy(update=made)

    def _publish(self) -> None:
        if self._facts:
            self._folder.publish({**self._facts, "pids": self._keeper.pids})


def _facts(servers: Servers, url: str, keys: StarterKeys) -> dict[str, object]:
    """The content of `hub.json`, but for the process ids."""
    return {
        "url": url,
        "graphql_url": f"{url}/graphql",
        "inbox_url": f"{url}/inbox",
        **dataclasses.asdict(keys),
        "mongo_url": servers.mongo_url.get_secret_value(),
        "temporal_address": servers.temporal_address,
        "temporal_ui_url": servers.temporal_ui_url,
    }


def _addresses(facts: Mapping[str, object], folder: DataFolder) -> str:
    """Where a person looks first."""
    lines = {
        "API": facts["graphql_url"],
        "Inbox": facts["inbox_url"],
        "Temporal": facts["temporal_ui_url"] or facts["temporal_address"],
        "Keys": folder.hub_json,
        "Logs": folder.path / "logs",
    }
    return "\n".join(["", "The hub is ready.", *(f"  {name:<9} {value}" for name, value in lines.items()), ""])
