"""`python -m bench [NAME ...]`: measures, and prints one JSON line a bench on stdout. Words go to stderr."""

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import uvloop

from bench import (
    auth,
    balance,
    broadcast,
    bulk_memory,
    driver,
    earn,
    event_to_message,
    feedback,
    imports,
    ingest,
    ingest_apply,
    journeys,
    ledger,
    membership,
    orders,
    redeem,
    render,
    segment_count,
    segment_stream,
    send,
    time_moves,
    up,
)
from bench.line import Line, say

BENCHES: Final[Mapping[str, Callable[[], AsyncIterator[Line]]]] = {
    "ingest": ingest.measure,
    "ingest_apply": ingest_apply.measure,
    "orders": orders.measure,
    "ledger": ledger.measure,
    "earn": earn.measure,
    "journeys": journeys.measure,
    "driver": driver.measure,
    "event_to_message": event_to_message.measure,
    "up": up.measure,
    "auth": auth.measure,
    "import": imports.measure,
    "bulk_memory": bulk_memory.measure,
    "segment_count": segment_count.measure,
    "segment_stream": segment_stream.measure,
    "membership": membership.measure,
    "time_moves": time_moves.measure,
    "render": render.measure,
    "send": send.measure,
    "broadcast": broadcast.measure,
    "feedback": feedback.measure,
    "redeem": redeem.measure,
    "balance": balance.measure,
}


async def main(names: list[str]) -> int:
    """Run the named benches, all of them if none is named. 0 is done, 2 wrong use."""
    if unknown := sorted(set(names) - set(BENCHES)):
        say(f"There is no bench {', '.join(unknown)}: choose from {', '.join(BENCHES)}.")
        return 2
    for name in names or BENCHES:
        say(f"{name}:")
        async for line in BENCHES[name]():
            print(line.json(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(uvloop.run(main(sys.argv[1:])))  # as every process of the hub runs; the baselines run on it too
