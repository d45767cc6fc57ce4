"""`driver`: PyMongo's own async API against Motor, which its makers ended: operations per CPU second of the client.

Both run the same lines, in turn, in this process. The line holds the operation at which PyMongo stands worst.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, InsertOne

from bench.line import Line, say
from bench.stage import stage

TURNS: Final = 11
DOCUMENTS: Final = 300
READS: Final = 300
UPDATES: Final = 200
BULKS: Final = 5
BULK: Final = 500


async def measure() -> AsyncIterator[Line]:
    """Measure each operation with both drivers, many times in short turns, for their difference is small."""
    samples: dict[tuple[str, str], list[float]] = {}
    async with stage(with_temporal=False) as on:
        url = on.settings.mongo_url.get_secret_value()
        motor: Any = AsyncIOMotorClient(url, w="majority", journal=True)
        async with AsyncMongoClient[dict[str, Any]](url, w="majority", journal=True) as pymongo:
            for turn in range(TURNS + 1):
                for operation in OPERATIONS:
                    for name, client in (("pymongo", pymongo), ("motor", motor)):
                        rate = await _rate(client["bench"]["people"], operation)
                        if turn > 0:  # the first turn only warms up
                            samples.setdefault((operation, name), []).append(rate)
        motor.close()
    lines = {
        it: Line(
            "driver", "ops/CPU-s", higher_is_better=True, ours=samples[it, "pymongo"], baseline=samples[it, "motor"]
        )
        for it in OPERATIONS
    }
    for operation, line in lines.items():
        say(f"  {operation}: {line.json()}")
    worst = min(lines, key=lambda it: lines[it].ratio)
    beside = {"operation": worst, "ratios": {it: round(line.ratio, 3) for it, line in lines.items()}}
    yield replace(lines[worst], beside=beside)


async def _rate(people: Any, operation: str) -> float:
    count, run = OPERATIONS[operation]
    await people.drop()
    await people.insert_many(map(_person, range(DOCUMENTS)))
    begun = time.process_time()
    await run(people)
    return count / (time.process_time() - begun)


async def _point_reads(people: Any) -> None:
    for number in range(READS):
        await people.find_one({"_id": number % DOCUMENTS})


async def _guarded_updates(people: Any) -> None:
    for number in range(UPDATES):
        found = await people.update_one({"_id": number, "rev": 0}, {"$set": {"name": "Grace"}, "$inc": {"rev": 1}})
        if found.modified_count != 1:
            raise RuntimeError("A guarded update met nothing.")


async def _bulks(people: Any) -> None:
    for bulk in range(BULKS):
        first = DOCUMENTS + bulk * BULK
        await people.bulk_write([InsertOne(_person(first + place)) for place in range(BULK)], ordered=False)


def _person(number: int) -> dict[str, Any]:
    return {"_id": number, "rev": 0, "name": "Ada", "email": f"person-{number}@example.com", "tags": ["a", "b", "c"]}


OPERATIONS: Final[Mapping[str, tuple[int, Callable[[Any], Awaitable[None]]]]] = {
    "point read": (READS, _point_reads),
    "guarded update": (UPDATES, _guarded_updates),
    "500-document bulk": (BULKS, _bulks),
}
"""How often each is done, and how. The drivers have one interface and no common type, hence `Any`."""
