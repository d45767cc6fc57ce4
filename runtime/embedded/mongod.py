"""A real MongoDB on this machine: one node, as a replica set."""

import asyncio
import json
from pathlib import Path

from pydantic import SecretStr
from pymongo.errors import OperationFailure, PyMongoError

from hub import database
from hub.settings import Settings
from runtime import addresses
from runtime.embedded.programs import Program
from runtime.leash import Child, ChildEnded, Leash

START_SECONDS = 60
"""Long enough for the recovery of a large journal."""

_SET = "rs0"
_NOT_YET_INITIALIZED = 94
_FLAGS = (
    *("--wiredTigerCacheSizeGB", "0.25"),
    *("--oplogSize", "64"),
    "--nounixsocket",
    "--quiet",
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    # How long spent index entries are kept for readers of the past, of whom there are none. By default it is five
    # minutes, and every look at a work list walks past all that have left it in that time.
    *("--setParameter", "minSnapshotHistoryWindowInSeconds=5"),
)


def url(port: int, name: str = database.DEFAULT_NAME) -> str:
    """The address of a database on the server at `port`."""
    return f"mongodb://{addresses.LOOPBACK}:{port}/{name}?replicaSet={_SET}"


async def start(leash: Leash, program: Program, *, folder: Path, port: int, log: Path, settings: Settings) -> Child:
    """Start mongod on the data in `folder` and wait until it takes writes.

    Raises:
        ChildEnded: it did not start; the sentence holds mongod's own reason.
    """
    child = await leash.start("mongod", _command(program, folder, port), log=log, env=program.env)
    try:
        await child.ready(_primary(port, settings), within=START_SECONDS)
    except ChildEnded as ended:
        await child.stop(within=1)
        raise ChildEnded("mongod", reason=_own_reason(child.last_lines()) or ended.reason, log=log) from None
    return child


def _command(program: Program, folder: Path, port: int) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    where = ("--dbpath", str(folder), "--bind_ip", addresses.LOOPBACK, "--port", str(port))
    return [str(program.path), *where, "--replSet", _SET, *_FLAGS]


async def _primary(port: int, settings: Settings) -> None:
    await addresses.listening(port)
    direct = SecretStr(f"mongodb://{addresses.LOOPBACK}:{port}/?directConnection=true")
    client = database.connect(settings.model_copy(update={"mongo_url": direct}))
    async with client:
        while True:
            try:
                await _join(client, f"{addresses.LOOPBACK}:{port}")
                if (await client.admin.command("hello"))["isWritablePrimary"]:
                    return
            except PyMongoError:
                # Elections close connections and refuse commands; whether it takes too long is the caller's to say.
                pass
            await asyncio.sleep(0.05)


async def _join(client: database.Client, host: str) -> None:
    """Make the server a replica set of itself, under the address it has today."""
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as failure:
        if failure.code != _NOT_YET_INITIALIZED:
            raise
        members = [{"_id": 0, "host": host}]
        await client.admin.command(
            "replSetInitiate", {"_id": _SET, "members": members, "settings": {"electionTimeoutMillis": 1000}}
        )
        return
    if config["members"][0]["host"] != host:
        # The data was made on another port. A set that does not find itself has no primary, hence the force.
        config["members"][0]["host"] = host
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)


def _own_reason(lines: list[str]) -> str | None:
    """What mongod itself calls an error or fatal, out of its JSON lines, the newest first."""
    for line in lines:
        if line.startswith("{") and (entry := json.loads(line))["s"] in {"E", "F"}:
            error = entry.get("attr", {}).get("error", entry["msg"])
            return f"{error['codeName']}: {error['errmsg']}" if isinstance(error, dict) else str(error)
    return None
