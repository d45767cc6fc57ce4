"""A hub that is going to be hurt: where its data lies, and an independent count of what it holds."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from hub.database import Database
from tests.chaos.killer import Killer
from tests.chaos.shoppers import Letter
from tests.traffic.running import UNASKED, RunningHub, until

SETTLED_SECONDS = 60
"""No run may be stuck longer than this after the last fault."""
ENDED = ("finished", "exited")

QUICK = {
    # Nothing that a killed process held may be held for longer than the test waits.
    "HUB_CONNECT_SECONDS": "0.5",
    "HUB_READ_SECONDS": "1",
    # A call that begins at the last moment, half a second after its claim, has still as long again as it may take.
    "HUB_LEASE_SECONDS": "3",
    "HUB_SENDING_SECONDS": "4",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """`http` presents the server key; `rows` is the hub's database, read from outside."""

    hub: RunningHub
    data: Path
    killer: Killer
    http: httpx2.AsyncClient
    rows: Database

    @property
    def environment(self) -> dict[str, str]:
        """What one more process needs to work beside the hub's own."""
        return {
            **QUICK,
            **UNASKED,
            "HUB_MONGO_URL": self.hub.facts["mongo_url"],
            "TEMPORAL_ADDRESS": self.hub.facts["temporal_address"],
            "HUB_SECRET_KEY": (self.data / "secret_key").read_text(encoding="ascii"),
            "HUB_METRICS_BIND": "",
        }

    async def over(self, runs: int) -> None:
        """Wait until so many runs are over, no guard is held, and no event and no message has anything before it."""

        async def settled() -> bool:
            return not any((await self._left()).values()) and await self.ended() == runs

        try:
            await until(settled, seconds=SETTLED_SECONDS, what="all is over")
        except AssertionError:
            raise AssertionError(f"After {SETTLED_SECONDS} s there is left: {await self._left()}") from None

    async def ended(self) -> int:
        """Count the runs that are over."""
        return await self.rows["runs"].count_documents({"status": {"$in": ENDED}})

    async def letters(self) -> Counter[Letter]:
        """Count what lies in the inbox; a message that was sent twice lies there twice."""
        return Counter((message["to"], message["subject"]) for message in await self.hub.inbox())

    async def timeline(self, message_ids: Collection[str]) -> int:
        """Count which of these events are in the timeline of a profile, all their effects written."""
        return await self.rows["events"].count_documents(
            {"message_id": {"$in": list(message_ids)}, "routed": True, "profile_id": {"$exists": True}}
        )

    async def counted(self, prefix: str) -> int:
        """Add up the events that the profiles of a round have counted."""
        return await self._sum("profiles", {"traits.email": {"$regex": f"^{prefix}-"}}, "$events")

    async def decided(self) -> Counter[str | None]:
        """Count the decisions on entering by their reason, None where it was yes."""
        found = await self.rows["decisions"].aggregate(
            [{"$match": {"question": "enter chaos-cart"}}, {"$group": {"_id": "$reason", "times": {"$sum": 1}}}]
        )
        return Counter({row["_id"]: row["times"] async for row in found})

    async def _left(self) -> dict[str, int]:
        wanted: dict[str, tuple[str, dict[str, Any]]] = {
            "events": ("events", {"part": {"$gte": 0}, "routed": False}),
            "guards": ("entry_guards", {"run_id": {"$ne": None}}),
            "intents": ("runs", {"intents.0": {"$exists": True}}),
            "messages": ("messages", {"state": {"$ne": "sent"}}),
            "runs": ("runs", {"status": {"$nin": ENDED}}),
        }
        return {name: await self.rows[rows].count_documents(where) for name, (rows, where) in wanted.items()}

    async def _sum(self, rows: str, where: dict[str, Any], field: str) -> int:
        found = await self.rows[rows].aggregate([{"$match": where}, {"$group": {"_id": None, "sum": {"$sum": field}}}])
        return sum([row["sum"] async for row in found])
