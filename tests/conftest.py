"""What every test stands on: a real MongoDB and a real Temporal, started when the first test asks for them."""

import os
import sysconfig
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import beanie
import pytest
from beanie.exceptions import CollectionWasNotInitialized
from pydantic import SecretStr
from temporalio.client import Client as TemporalClient
from temporalio.testing import WorkflowEnvironment

import hub.database
from hub import vault
from hub.access import names
from hub.database import Client, Database
from hub.profiles import suppression
from hub.settings import ConsentPolicy, Settings, variables_of
from hub.vouchers import codes
from runtime import addresses
from runtime.embedded import mongod, programs, temporal
from runtime.leash import Leash
from tests.integrations import signing

ROOT = Path(__file__).parents[1]
SECRET = SecretStr("a secret key only for the tests of the hub")
KEPT = {"HUB_MONGOD", "HUB_TEMPORAL"}
"""Where the programs lie is the machine's affair; no other setting of the shell may change what a test sees."""


def pytest_configure() -> None:
    if (ROOT / "graphql" / "__init__.py").exists():
        raise pytest.UsageError(
            "graphql/__init__.py must not exist: it makes our source root a package that hides graphql-core, "
            "so that every `import graphql` breaks. Delete it."
        )
    for name, field in Settings.model_fields.items():
        for variable in {*variables_of(field, name)} - KEPT:
            os.environ.pop(variable, None)
            for set_ in [it for it in os.environ if it == f"{variable}_FILE" or it.startswith(f"{variable}__")]:
                del os.environ[set_]


@pytest.fixture(scope="session")
def server_data() -> Iterator[Path]:
    """A folder for the servers' data, in memory where the machine can: journalled writes are then twice as fast."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it
    with tempfile.TemporaryDirectory(prefix="hub-tests-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
async def leash() -> AsyncIterator[Leash]:
    """Holds the servers: they end with the test process, however that ends."""
    async with Leash() as leash:
        yield leash


@pytest.fixture(scope="session")
async def mongo_url(server_data: Path, leash: Leash) -> str:
    settings = Settings()
    program = programs.mongod(settings, libraries=server_data / "lib")
    port = addresses.free_port()
    await mongod.start(
        leash, program, folder=server_data / "mongo", port=port, log=server_data / "mongod.log", settings=settings
    )
    return mongod.url(port, f"test_{os.getpid()}")


@pytest.fixture(scope="session")
def settings(mongo_url: str) -> Settings:
    return Settings(
        mongo_url=SecretStr(mongo_url),
        secret_key=SECRET,
        sendgrid_webhook_key=signing.SENDGRID_PUBLIC,
        twilio_auth_token=SecretStr(signing.TWILIO_TOKEN),
        reviews_webhook_secret=SecretStr(signing.REVIEWS_SECRET),
        # What most tests are about begins with people who may be written to; those of consent say what they stand on.
        consent_email=ConsentPolicy.OPT_OUT,
        consent_push=ConsentPolicy.OPT_OUT,
        consent_sms=ConsentPolicy.OPT_OUT,
        staff_addresses="@shop.example",
    )


@pytest.fixture(scope="session")
async def client(settings: Settings) -> AsyncIterator[Client]:
    async with hub.database.connect(settings) as client:
        yield client


@pytest.fixture(scope="session")
async def migrated(client: Client, settings: Settings) -> Database:
    """The database with every collection, index and key."""
    from runtime.wiring import DOCUMENTS  # noqa: PLC0415  pytest_configure speaks before wiring imports graphql-core

    made = await hub.database.migrate(client, DOCUMENTS)
    # Once a minute MongoDB takes away what is over by its clock; most tests live on a day of their own, long ago.
    await client.admin.command({"setParameter": 1, "ttlMonitorEnabled": False})
    for key in (suppression.KEY, names.KEY, codes.KEY):
        await vault.open_key(key, settings)
    return made


@pytest.fixture
async def database(client: Client, migrated: Database) -> Database:
    """The migrated database, emptied before the test, its documents bound to it."""
    from runtime.wiring import DOCUMENTS  # noqa: PLC0415  as above

    for name in await _filled(migrated):
        await migrated[name].delete_many({})
    return migrated if _bound(client, DOCUMENTS) else await hub.database.use(client, DOCUMENTS)


def _bound(client: Client, documents: Sequence[type[beanie.Document]]) -> bool:
    """Tell whether the documents still are this client's: a test may have bound them to one of its own."""
    try:
        return all(document.get_pymongo_collection().database.client is client for document in documents)
    except CollectionWasNotInitialized:
        return False


async def _filled(database: Database) -> list[str]:
    """Name the collections that hold something, in two commands: to empty them all costs a test more than it does."""
    names = await database.list_collection_names(filter={"name": {"$not": {"$regex": "^(system\\.|meta$)"}}})
    looks = [
        {"$unionWith": {"coll": it, "pipeline": [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": it}}}]}}
        for it in names
    ]
    found = await database.aggregate([{"$documents": []}, *looks])
    return [row["name"] async for row in found]


@pytest.fixture(scope="session")
async def temporal_address(server_data: Path, leash: Leash) -> str:
    port = addresses.free_port()
    program = programs.temporal(Settings())
    await temporal.start(leash, program, file=None, port=port, ui_port=None, log=server_data / "temporal.log")
    return temporal.address(port)


@pytest.fixture(scope="session")
async def temporal_client(temporal_address: str) -> TemporalClient:
    return await TemporalClient.connect(temporal_address)


@pytest.fixture(scope="session")
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal with a clock that jumps to the next timer while nothing runs."""
    server = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(server)) as environment:
        yield environment
