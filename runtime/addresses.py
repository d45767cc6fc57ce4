"""Addresses on this machine: ports that are free, and servers that listen."""

import asyncio
import contextlib
import socket

LOOPBACK = "127.0.0.1"

_LAST_PORT = 65_535


class NoFreePort(OSError):
    """Every port from the wanted one upwards is taken."""


def free_port(wanted: int = 0) -> int:
    """Find the first port from `wanted` upwards that nobody listens on; 0 leaves the choice to the system."""
    for port in range(wanted, _LAST_PORT + 1):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # As the servers do: a port whose last connections are still winding down is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return int(probe.getsockname()[1])
    raise NoFreePort(f"No port from {wanted} upwards is free.")


async def listening(port: int) -> None:
    """Wait until somebody listens on the port. Only the caller sets a deadline."""
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            await writer.wait_closed()
            return
        await asyncio.sleep(0.02)
