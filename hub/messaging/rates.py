"""How fast a provider may be called: one token bucket for each, in MongoDB, shared by all workers.

A bucket holds what may be called within a second, and is filled at the provider's rate by the database's clock. A token
is taken before a message is claimed, never after: who waits for one holds nothing.
"""

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from pymongo import IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from hub.database import Named, Row
from hub.messaging.ports import Senders
from hub.profiles.model import Channel
from hub.settings import Settings

_SHORTEST_REST: Final = 0.02
_MILLISECONDS: Final = 1000


class BucketDocument(Named):
    """The tokens of a provider. `_id` is `CHANNEL/PROVIDER`."""

    tokens: float
    at: datetime
    granted: int

    class Settings:
        """Where the buckets lie."""

        name = "provider_rates"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


class Rates:
    """The limits of one process, by channel."""

    def __init__(self, settings: Settings, senders: Senders) -> None:
        wished = {
            Channel.EMAIL: settings.email_per_second,
            Channel.PUSH: settings.push_per_second,
            Channel.SMS: settings.sms_per_second,
        }
        self._rates = {
            channel: (f"{channel}/{sender.name}", rate)
            for channel, rate in wished.items()
            if rate and (sender := senders.of(channel))
        }
        self._rests: dict[Channel, float] = {}
        """Until when, by the loop's clock, a bucket is known to be empty."""

    def lanes(self, most: int) -> Mapping[Channel, int]:
        """Tell of how many messages to look for on each channel: of one whose bucket is empty, for none."""
        now = asyncio.get_running_loop().time()
        awake = [channel for channel in Channel if self._rests.get(channel, 0.0) <= now]
        return {it: min(most, self._burst(it)) if it in self._rates else most for it in awake}

    async def take(self, channel: Channel, wanted: int) -> int:
        """Take so many tokens of a channel's provider, or those that there are, and tell how many."""
        if channel not in self._rates:
            return wanted
        name, rate = self._rates[channel]
        row = await _take(name, wanted, rate, self._burst(channel))
        granted = int(row["granted"])
        if granted < wanted:
            rest = max(_SHORTEST_REST, (1 - row["tokens"]) / rate)
            self._rests[channel] = asyncio.get_running_loop().time() + rest
        return granted

    def _burst(self, channel: Channel) -> int:
        return max(1, math.ceil(self._rates[channel][1]))


async def _take(name: str, wanted: int, rate: float, burst: int) -> Row:
    elapsed = {"$divide": [{"$subtract": ["$$NOW", {"$ifNull": ["$at", "$$NOW"]}]}, _MILLISECONDS]}
    # A clock that was set back takes nothing away.
    filled = {"$add": [{"$ifNull": ["$tokens", burst]}, {"$multiply": [rate, {"$max": [0, elapsed]}]}]}
    update: list[Row] = [
        {"$set": {"tokens": {"$min": [burst, filled]}, "at": "$$NOW"}},
        {"$set": {"granted": {"$min": [wanted, {"$floor": "$tokens"}]}}},
        {"$set": {"tokens": {"$subtract": ["$tokens", "$granted"]}}},
    ]
    while True:
        try:
            row: Any = await BucketDocument.get_pymongo_collection().find_one_and_update(
                {"_id": name}, update, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            continue  # another worker made the bucket at the same time
        return dict(row)
