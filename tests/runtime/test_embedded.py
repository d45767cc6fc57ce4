import gc
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import Client as TemporalClient

import hub.database
from hub.database import Client
from hub.settings import Settings
from runtime import addresses
from runtime.data_folder import DataFolder
from runtime.embedded import mongod, programs
from runtime.embedded.programs import NoProgram
from runtime.keeper import Keeper
from runtime.leash import ChildEnded, Leash
from runtime.progress import Progress
from runtime.servers import ServerStarter


@pytest.fixture
def swept() -> Iterator[None]:
    """PyMongo leaves the socket of a cancelled connect to the garbage collector: it must not blame a later test."""
    yield
    gc.collect()


left_to_the_collector = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)


async def test_mongod_does_transactions(client: Client) -> None:
    async with client.start_session() as session, await session.start_transaction():
        await client["transactions"]["rows"].insert_one({"_id": 1}, session=session)

    assert await client["transactions"]["rows"].count_documents({}) == 1


async def test_the_data_is_found_again_by_a_mongod_on_another_port(
    leash: Leash, settings: Settings, server_data: Path
) -> None:
    folder, log = server_data / "moved", server_data / "moved.log"
    program = programs.mongod(Settings(), libraries=server_data / "lib")
    for expected in (1, 2):
        port = addresses.free_port()
        child = await mongod.start(leash, program, folder=folder, port=port, log=log, settings=settings)
        there = settings.model_copy(update={"mongo_url": SecretStr(mongod.url(port))})
        async with hub.database.connect(there) as client:
            rows = client.get_default_database()["rows"]
            await rows.insert_one({"_id": expected})
            assert await rows.count_documents({}) == expected
        await child.stop(within=10)
        assert await child.wait() == 0


@left_to_the_collector
@pytest.mark.usefixtures("swept")
async def test_a_mongod_that_does_not_start_is_reported_with_its_own_reason(
    leash: Leash, settings: Settings, server_data: Path
) -> None:
    log = server_data / "refused.log"
    program = programs.mongod(Settings(), libraries=server_data / "lib")
    with socket.socket() as taken:
        taken.bind((addresses.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ChildEnded) as caught:
            await mongod.start(leash, program, folder=server_data / "refused", port=port, log=log, settings=settings)

    assert caught.value.message == f"mongod did not start: SocketException: Address already in use (see {log})"


@left_to_the_collector
@pytest.mark.usefixtures("swept")
async def test_a_port_that_another_hub_took_meanwhile_gives_way_to_the_next(
    leash: Leash, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Settings(temporal_address="temporal.example:7233")
    keeper = Keeper(say=lambda _: None, changed=lambda: None)
    with socket.socket() as other, DataFolder(tmp_path) as folder:
        other.bind((addresses.LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        looks = iter([taken])  # at the first look it was free
        really_free = addresses.free_port
        monkeypatch.setattr(addresses, "free_port", lambda wanted: next(looks, 0) or really_free(wanted))

        servers = await ServerStarter(given, folder=folder, leash=leash, keeper=keeper, progress=Progress()).start()
        await keeper.stop()

    port = int(servers.mongo_url.get_secret_value().removeprefix("mongodb://127.0.0.1:").partition("/")[0])
    assert port > taken


async def test_temporal_answers(temporal_client: TemporalClient) -> None:
    assert [workflow async for workflow in temporal_client.list_workflows()] == []


def test_a_taken_port_gives_way_to_a_later_one() -> None:
    with socket.socket() as taken:
        taken.bind((addresses.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert addresses.free_port(port) > port


def test_a_program_that_cannot_be_run_is_named_with_its_variable(tmp_path: Path) -> None:
    settings = Settings(mongod=str(tmp_path), temporal="/nowhere/temporal")

    with pytest.raises(NoProgram) as mongod_is_a_folder:
        programs.mongod(settings, libraries=tmp_path)
    with pytest.raises(NoProgram) as temporal_is_missing:
        programs.temporal(settings)

    assert [mongod_is_a_folder.value.message, temporal_is_missing.value.message] == [
        f"HUB_MONGOD names {tmp_path}, which is not a program that can be run.",
        "HUB_TEMPORAL names /nowhere/temporal, which is not a program that can be run.",
    ]


def test_a_machine_without_libcurl_is_lent_one_for_mongod_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs.ctypes.util, "find_library", lambda _: None)

    program = programs.mongod(Settings(), libraries=tmp_path / "lib")

    link = tmp_path / "lib" / "libcurl.so.4"
    assert link.resolve().name.startswith("libcurl-")
    assert program.env["LD_LIBRARY_PATH"].split(":")[0] == str(link.parent)


async def test_given_servers_are_used_and_none_is_started(leash: Leash, tmp_path: Path) -> None:
    given = Settings(mongo_url=SecretStr("mongodb://db.example/shop"), temporal_address="temporal.example:7233")
    keeper = Keeper(say=lambda _: None, changed=lambda: None)
    with DataFolder(tmp_path) as folder:
        servers = await ServerStarter(given, folder=folder, leash=leash, keeper=keeper, progress=Progress()).start()

    assert keeper.pids == {}
    assert servers.mongo_url.get_secret_value() == "mongodb://db.example/shop"
    assert (servers.temporal_address, servers.temporal_ui_url) == ("temporal.example:7233", None)
