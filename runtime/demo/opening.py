"""Opens the shop: publishes its journey, and lets the customers in until somebody asks to stop."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hub.kit.errors import HubError
from runtime.demo import shop
from runtime.demo.tracking import Tracker

JOURNEY: Final = Path(__file__).with_name("abandoned-cart.journey.yaml")
"""The demo's journey; its templates lie beside it."""


class NoHub(HubError):
    """There is no running hub to tell."""

    code = "NO_HUB"


class JourneyNotPublished(HubError):
    """`hub journeys publish` has refused the demo's journey, and has said why."""

    code = "JOURNEY_NOT_PUBLISHED"


async def keep_open(hub_json: Path) -> None:
    """Run the shop of the hub that `hub_json` describes, until SIGINT or SIGTERM.

    Raises:
        NoHub: the file is not there, or is no `hub.json`.
        JourneyNotPublished: the hub does not take the journey.
        CallRefused: the hub does not take what the shop tells it.
    """
    shop_day = asyncio.create_task(_run(_read(hub_json)))
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, shop_day.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await shop_day


async def _run(hub: Mapping[str, str]) -> None:
    # Customers may look around meanwhile.
    published = asyncio.create_task(_publish(hub["mongo_url"]))
    # What the regulars have agreed to the shop tells itself: whoever holds the key of its pages is not believed.
    keys = (hub["write_key"], hub["server_key"])
    await Tracker(hub["url"], *keys).tell_at_once(shop.ledger())
    # Milliseconds, so that no two openings give the same names to different calls.
    script = shop.script(seed=time.time_ns() // 1_000_000)
    await Tracker(hub["url"], *keys).tell(script, published=published)


async def _publish(mongo_url: str) -> None:
    """Publish the journey by the command that marketers use.

    In a process of its own: what it imports is needed once, and this one stays a small client of the API.
    """
    command = [sys.executable, "-m", "runtime.cli", "journeys", "publish", str(JOURNEY)]
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "HUB_MONGO_URL": mongo_url})
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        raise
    if status != 0:
        raise JourneyNotPublished("The demo's journey was not published; the reason stands above.")


def _read(hub_json: Path) -> Mapping[str, str]:
    try:
        facts = json.loads(hub_json.read_text(encoding="utf-8"))
        return {name: facts[name] for name in ("url", "write_key", "server_key", "mongo_url")}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NoHub(f"No running hub is described by {hub_json}: start one with `hub up`.") from error
