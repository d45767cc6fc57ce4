"""The servers of `hub up`: those that the environment names, and embedded ones for the rest."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr

from hub.settings import Settings
from runtime import addresses
from runtime.data_folder import DataFolder
from runtime.embedded import mongod, programs, temporal
from runtime.keeper import Keeper
from runtime.leash import Child, ChildEnded, Leash
from runtime.progress import Progress

MONGO_PORT = 27017
TEMPORAL_PORT = 7233
TEMPORAL_UI_PORT = 8233


@dataclass(frozen=True, slots=True)
class Servers:
    """Where MongoDB and Temporal answer. Temporal's page is known only of the embedded one."""

    mongo_url: SecretStr
    temporal_address: str
    temporal_ui_url: str | None


class ServerStarter:
    """Starts what the environment does not name, on the data of `folder`, kept running by `keeper`."""

    def __init__(
        self, settings: Settings, *, folder: DataFolder, leash: Leash, keeper: Keeper, progress: Progress
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._leash = leash
        self._keeper = keeper
        self._progress = progress

    async def start(self) -> Servers:
        """Start the servers, or take the given ones as they are.

        Raises:
            NoProgram: there is no program for a server.
            ChildEnded: a server did not start.
        """
        given = self._settings.model_fields_set
        mongo_url = self._settings.mongo_url if "mongo_url" in given else SecretStr(await self._mongod())
        if "temporal_address" in given:
            return Servers(mongo_url, self._settings.temporal_address, None)
        return Servers(mongo_url, *await self._temporal())

    async def _mongod(self) -> str:
        program = programs.mongod(self._settings, libraries=self._folder.path / "lib")

        async def start(port: int) -> Child:
            return await mongod.start(
                self._leash,
                program,
                folder=self._folder.path / "mongo",
                port=port,
                log=self._folder.log("mongod"),
                settings=self._settings,
            )

        return mongod.url(await self._start("mongod", "MongoDB", MONGO_PORT, start))

    async def _temporal(self) -> tuple[str, str]:
        program = programs.temporal(self._settings)
        ui_port = addresses.free_port(TEMPORAL_UI_PORT)

        async def start(port: int) -> Child:
            return await temporal.start(
                self._leash,
                program,
                file=self._folder.path / "temporal.db",
                port=port,
                ui_port=ui_port,
                log=self._folder.log("temporal"),
            )

        port = await self._start("temporal", "Temporal", TEMPORAL_PORT, start)
        return temporal.address(port), f"http://{addresses.LOOPBACK}:{ui_port}"

    async def _start(self, name: str, title: str, wanted: int, start: Callable[[int], Awaitable[Child]]) -> int:
        """Start a server on the first free port from `wanted` upwards, and give that port."""
        port = addresses.free_port(wanted)
        while True:
            try:
                with self._progress.step(f"{title} on port {port}"):
                    await self._keeper.start(name, partial(start, port))
            except ChildEnded:
                # Another hub, started at the same moment, may have been faster with the port.
                taken, port = port, addresses.free_port(port)
                if port == taken:
                    raise
            else:
                return port
