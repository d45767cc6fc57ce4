"""`segment_stream`: ids a second of all who are in a segment of 200,000, against the bare driver.

Ours reads them page by page, each from the last id on, so that a reader may take hours and nothing is held open. The
baseline is what the driver does at its best: one cursor with the same query, only ids, in batches of 10,000 instead of
its own 101, gathered by the driver itself. It asks for no order, and would be lost after ten minutes' rest.
"""

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from bench.line import Line, say
from bench.stage import stage
from hub.database import AT_ONCE
from hub.kit import ids
from hub.profiles.store import ProfileDocument
from hub.segments import store

PROFILES: Final = 1_000_000
MEMBERS: Final = 200_000
A_WRITE: Final = 10_000
TIMES: Final = 5
NAME: Final = "regulars"
OTHERS: Final = 40
"""Segments of the others, of which each profile is in a few: what a row holds beside the one that is asked for."""
NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def measure() -> AsyncIterator[Line]:
    """Load the profiles, and read the members both ways in turn."""
    async with stage(with_temporal=False):
        await _load()
        if await _ours() != await _bare():
            raise RuntimeError("Both ways find different members.")
        ours, bare = [], []
        for _ in range(TIMES):
            ours.append(await _rate(_ours))
            bare.append(await _rate(_bare))
            say(f"  ours: {ours[-1]:.0f} ids/s, bare: {bare[-1]:.0f} ids/s")
    yield Line(bench="segment_stream", unit="ids/s", higher_is_better=True, ours=ours, baseline=bare)


async def _ours() -> set[UUID]:
    return {it async for batch in store.members(NAME) for it in batch}


async def _bare() -> set[UUID]:
    found = ProfileDocument.get_pymongo_collection().find({"segments.in.name": NAME, "absorbed_by": None}, {"_id": 1})
    return {row["_id"] for row in await found.batch_size(AT_ONCE).to_list()}


async def _rate(read: Callable[[], Awaitable[set[UUID]]]) -> float:
    begun = time.perf_counter()
    found = await read()
    seconds = time.perf_counter() - begun
    if len(found) != MEMBERS:
        raise RuntimeError(f"{len(found)} of {MEMBERS} members were read.")
    return MEMBERS / seconds


async def _load() -> None:
    chance = random.Random(1)
    members = set(chance.sample(range(PROFILES), MEMBERS))
    for start in range(0, PROFILES, A_WRITE):
        rows = [_row(chance, is_member=it in members) for it in range(start, start + A_WRITE)]
        await ProfileDocument.get_pymongo_collection().insert_many(rows, ordered=False)
        if (start + A_WRITE) % 250_000 == 0:
            say(f"  {start + A_WRITE} profiles")


def _row(chance: random.Random, *, is_member: bool) -> dict[str, Any]:
    names = [*chance.sample(range(OTHERS), 3), *([NAME] if is_member else [])]
    held = [{"name": f"{it}", "since": NOON, "cause": "definition"} for it in names]
    traits = {"firstName": "Ada", "country": "DE", "city": f"city {chance.randrange(500)}", "visits": 7}
    return {
        "_id": ids.new_id(),
        "rev": 1,
        "traits": traits,
        "stage": None,
        "first_seen_at": NOON,
        "last_seen_at": NOON,
        "segments": {"edition": 1, "due": None, "in": held},
    }
