"""A real Temporal server on this machine, its state in one SQLite file or in memory."""

import asyncio
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from runtime import addresses
from runtime.embedded.programs import Program
from runtime.leash import Child, ChildEnded, Leash

START_SECONDS = 60

_NAMESPACE = "default"


def address(port: int) -> str:
    """The address of the server at `port`."""
    return f"{addresses.LOOPBACK}:{port}"


async def start(
    leash: Leash, program: Program, *, file: Path | None, port: int, ui_port: int | None, log: Path
) -> Child:
    """Start the server and wait until its namespace `default` answers. Without `file` it forgets all at its end.

    Raises:
        ChildEnded: it did not start; the sentence holds its own reason.
    """
    command = [
        *(str(program.path), "server", "start-dev", "--log-level", "warn"),
        *("--ip", addresses.LOOPBACK, "--port", str(port)),
        *(("--headless",) if ui_port is None else ("--ui-port", str(ui_port))),
        # Without the write-ahead log the file costs twice the CPU of memory.
        *(() if file is None else ("--db-filename", str(file), "--sqlite-pragma", "journal_mode=WAL")),
    ]
    child = await leash.start("temporal", command, log=log, env=program.env)
    try:
        await child.ready(_serving(port), within=START_SECONDS)
    except ChildEnded:
        await child.stop(within=1)
        raise
    return child


async def _serving(port: int) -> None:
    await addresses.listening(port)
    while True:
        try:
            client = await Client.connect(address(port))
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=_NAMESPACE))
        except (RPCError, RuntimeError):
            # RuntimeError is what a failed connect raises. The server listens a moment before it answers.
            await asyncio.sleep(0.1)
        else:
            return
