"""The load generator: a process of its own that sends batches made beforehand over 8 connections, and takes the time.

`python -m bench.load PORT KEY BATCHES REPEATED SEED WHO` prints `ready`, waits for a line, sends, and prints the
seconds. WHO is one of `TRAFFIC`.
Bytes are written to the socket as they are, so that the generator is never what is measured.
"""

import asyncio
import base64
import gzip
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import orjson

from bench import traffic
from runtime.addresses import LOOPBACK

BATCH = 100
CONNECTIONS = 8
_BEHIND = 2 * CONNECTIONS
"""How many batches a repeated call lies behind its first sending: the first is stored by then."""

TRAFFIC: Final[Mapping[str, Callable[[int], Iterator[dict[str, Any]]]]] = {
    "strangers": traffic.strangers,
    "returning": traffic.returning,
}


def batches(count: int, repeated: int, seed: int, who: str) -> list[bytes]:
    """Make batches of a hundred calls, `repeated` of which were in an earlier batch."""
    calls = TRAFFIC[who](seed)
    chance = random.Random(seed)
    made: list[list[dict[str, Any]]] = []
    for place in range(count):
        known = made[place - _BEHIND] if place >= _BEHIND else []
        again = chance.sample(known[repeated:], repeated) if known else []
        made.append([*again, *islice(calls, BATCH - len(again))])
    return [gzip.compress(orjson.dumps({"batch": batch, "sentAt": "2026-11-02T09:30:12.400Z"})) for batch in made]


def request_of(body: bytes, key: str) -> bytes:
    """Make the bytes of one HTTP request."""
    authorization = base64.b64encode(f"{key}:".encode()).decode()
    lines = (
        "POST /v1/batch HTTP/1.1",
        "Host: hub",
        f"Authorization: Basic {authorization}",
        "Content-Type: application/json",
        "Content-Encoding: gzip",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


async def send_all(port: int, requests: list[bytes]) -> float:
    """Send each request once, over eight connections, and tell how many seconds it took."""
    connections = [await asyncio.open_connection(LOOPBACK, port) for _ in range(CONNECTIONS)]
    waiting = iter(requests)
    begun = time.perf_counter()
    await asyncio.gather(*(_send(waiting, reader, writer) for reader, writer in connections))
    seconds = time.perf_counter() - begun
    for _, writer in connections:
        writer.close()
    return seconds


async def _send(waiting: Iterator[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for request in waiting:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"The server answered {head[:12]!r}: {body[:200]!r}")


def main(*arguments: str) -> None:
    """Be the generator."""
    port, key, count, repeated, seed, who = arguments
    requests = [request_of(body, key) for body in batches(int(count), int(repeated), int(seed), who)]
    print("ready", flush=True)
    sys.stdin.readline()
    print(asyncio.run(send_all(int(port), requests)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
