"""`event_to_message`: seconds from an accepted event to the sender's call on an idle hub.

Every customer comes alone, after a pause in which everything has gone to sleep: the router waits for its bell, the
dispatcher idles, and the cohort's workflow has ended, so that it must be started anew.
"""

import asyncio
import random
from collections.abc import AsyncIterator

from bench import shoppers
from bench.line import Line, percentile, say
from bench.stage import stage
from hub.messaging.model import State
from hub.messaging.store import MessageDocument
from runtime import wiring

CUSTOMERS = 25
PAUSE_SECONDS = (2.5, 4.0)
"""Longer than anything lingers, and not in step with anything that looks again every so often."""


async def measure() -> AsyncIterator[Line]:
    """Measure one customer after the other."""
    pauses = random.Random(1)
    async with stage(with_temporal=True) as on:
        await on.start("router", "runtime.cli", "router")
        await on.start("worker", "bench.quiet_worker")
        await shoppers.identify(CUSTOMERS + 1)
        await shoppers.publish(shoppers.SEND)
        await shoppers.check_out([CUSTOMERS])  # warms up
        messages = MessageDocument.get_pymongo_collection()
        await shoppers.until_counted(messages, {"state": State.SENT}, 1)
        begun = wiring.clock()
        for customer in range(CUSTOMERS):
            await asyncio.sleep(pauses.uniform(*PAUSE_SECONDS))
            await shoppers.check_out([customer])
        await shoppers.until_counted(messages, {"state": State.SENT}, CUSTOMERS + 1)
        seconds = await shoppers.seconds_to_first_send(since=begun)
    say(f"  fastest {min(seconds):.3f} s, slowest {max(seconds):.3f} s")
    yield Line("event_to_message", "s (p95)", higher_is_better=False, ours=[percentile(seconds, 95)])
