"""`segment_count`: seconds to count whom a rule picks among a million profiles, against the best query by hand.

Fifty random rules of three tests each, with indexes on three traits and no hints; the worst rule counts. The query by
hand says what somebody writes who knows that no trait is ever a list: that is what makes it the best, and what the
language cannot know. Both are asked of the same profiles, by turns, and must find as many.
"""

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from bench.line import Line, say
from bench.stage import stage
from hub.kit import ids
from hub.profiles import listing
from hub.profiles.store import ProfileDocument
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import query, scope

PROFILES: Final = 1_000_000
A_BATCH: Final = 10_000
RULES: Final = 50
TIMES: Final = 3
QUICK_SECONDS: Final = 0.02
TIMES_OF_THE_QUICK: Final = 12
"""What takes some milliseconds is asked more often: there a pause of the machine is half the answer."""
INDEXED: Final = ("country", "city", "age")
COUNTRIES: Final = ("DE", "AT", "CH", "GB", "FR", "NL", "PL", "IT")
PLANS: Final = ("free", "silver", "gold")
NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)

SCOPE: Final = scope.of(NOTHING_DEFINED)

Test = tuple[str, dict[str, Any]]
"""A test as the language says it, and by hand."""


async def measure() -> AsyncIterator[Line]:
    """Load the profiles, and time each rule both ways."""
    chance = random.Random(1)
    async with stage(with_temporal=False):
        profiles = ProfileDocument.get_pymongo_collection()
        begun = time.perf_counter()
        for start in range(0, PROFILES, A_BATCH):
            await profiles.insert_many([_row(chance) for _ in range(A_BATCH)], ordered=False)
            if (start + A_BATCH) % 200_000 == 0:
                say(f"  {start + A_BATCH} profiles after {time.perf_counter() - begun:.0f} s")
        for name in INDEXED:
            await profiles.create_index([(f"traits.{name}", 1)])
        worst = (0.0, 0.0, 0.0, "")
        for _ in range(RULES):
            said, by_hand = _rule(chance)
            ours, best = await _both(said, by_hand)
            worst = max(worst, (ours / best, ours, best, said))
    say(f"  worst: {worst[3]}")
    yield Line("segment_count", "s", higher_is_better=False, ours=[worst[1]], baseline=[worst[2]])


async def _both(said: str, by_hand: dict[str, Any]) -> tuple[float, float]:
    """Time a rule both ways in turn, the quickest of a few times each."""
    profiles = ProfileDocument.get_pymongo_collection()

    async def ours() -> int:
        return await listing.count(query.read(said, SCOPE, now=NOON))

    async def best() -> int:
        return await profiles.count_documents({"absorbed_by": None, **by_hand})

    if await ours() != await best():
        raise RuntimeError(f"Both ways find different numbers of profiles: {said}")
    times = [(await _seconds(ours), await _seconds(best)) for _ in range(TIMES)]
    if min(it[1] for it in times) < QUICK_SECONDS:
        times += [(await _seconds(ours), await _seconds(best)) for _ in range(TIMES_OF_THE_QUICK)]
    return min(it[0] for it in times), min(it[1] for it in times)


async def _seconds(ask: Callable[[], Awaitable[int]]) -> float:
    begun = time.perf_counter()
    await ask()
    return time.perf_counter() - begun


def _rule(chance: random.Random) -> tuple[str, dict[str, Any]]:
    chosen = chance.sample(list(_tests(chance)), 3)
    by_hand = {name: test for _, tests in chosen for name, test in tests.items()}
    return " and ".join(said for said, _ in chosen), by_hand


def _tests(chance: random.Random) -> Iterator[Test]:
    country, others = chance.choice(COUNTRIES), chance.sample(COUNTRIES, 3)
    city, age, plan, visits = (
        chance.randrange(500),
        chance.randrange(18, 80),
        chance.choice(PLANS),
        chance.randrange(50),
    )
    yield chance.choice(
        [
            (f'profile.country = "{country}"', {"traits.country": country}),
            (f"profile.country in {str(others).replace(chr(39), chr(34))}", {"traits.country": {"$in": others}}),
            (f'profile.country != "{country}"', {"traits.country": {"$ne": country}}),
        ]
    )
    yield chance.choice(
        [
            (f'profile.city = "city {city}"', {"traits.city": f"city {city}"}),
            (f'profile.city starts "city {city // 10}"', {"traits.city": {"$regex": f"^city {city // 10}"}}),
        ]
    )
    yield chance.choice(
        [
            (f"profile.age >= {age}", {"traits.age": {"$gte": age}}),
            (f"profile.age between {age} and {age + 5}", {"traits.age": {"$gte": age, "$lte": age + 5}}),
        ]
    )
    yield f'profile.plan = "{plan}"', {"traits.plan": plan}
    yield "profile.vip = true", {"traits.vip": True}
    yield f"profile.visits < {visits}", {"traits.visits": {"$lt": visits}}
    yield "not exists(profile.phone)", {"traits.phone": None}


def _row(chance: random.Random) -> dict[str, Any]:
    traits: dict[str, Any] = {
        "country": chance.choice(COUNTRIES),
        "city": f"city {chance.randrange(500)}",
        "age": chance.randrange(16, 91),
        "plan": chance.choice(PLANS),
        "vip": chance.random() < 0.1,
        "visits": chance.randrange(100),
    }
    if chance.random() < 0.4:
        traits["phone"] = f"+49170{chance.randrange(10**7):07}"
    return {"_id": ids.new_id(), "rev": 1, "traits": traits, "stage": None, "first_seen_at": NOON, "last_seen_at": NOON}
