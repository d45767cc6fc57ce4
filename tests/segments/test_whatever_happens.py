"""Whatever happens and in whatever order: those are in a segment whom its rule picks."""

import os
from random import Random
from typing import Final
from uuid import UUID, uuid4

import pytest

from hub.database import Database
from hub.intake import merging
from hub.profiles.store import ProfileDocument
from hub.rankings import keeping
from hub.rollups import service as rollups
from hub.segments import query
from hub.segments.catalogue import Catalogues
from tests.rankings.floor import publish, ranked
from tests.rollups.stage import Shop

SEED = int(os.environ.get("HUB_RULES_SEED") or Random().randrange(10**9))
USERS: Final = ("ada", "bob", "cleo", "dora", "eve", "flo", "gus")
STEPS: Final = 40
RULES: Final = (
    'top(purchases.sum, 30%) and not did("Page Viewed", within 7d)',
    "not top(purchases.count, 20%)",
    'segment("s0") or purchases.days_since_last >= 10',
    "rfm.recency >= 4 and profile.vip != true",
    "bottom(purchases.days_since_last, 40%) and purchases.30d.count >= 2",
    'consent.email.marketing = "granted" and not segment("s1")',
    'did("Page Viewed", after "Order Completed") or within(profile.seen, 3d)',
    'segment("s3") and not within(profile.birthday, next 20d, yearly)',
)


async def something_happens(shop: Shop, random: Random) -> None:
    user = random.choice(USERS)
    match random.choice(["order", "order", "order", "view", "traits", "word", "time", "time", "merge", "rule"]):
        case "order":
            await shop.order(random.choice([10, 10, 20, 35.5]), user=user)
        case "view":
            await shop.say("Page Viewed", user=user)
        case "traits":
            seen, born = f"{shop.now:%Y-%m-%d}", f"1990-{random.randrange(1, 13):02}-11"
            said = {"vip": random.random() < 0.5, "seen": seen, "birthday": born}
            await shop.identify(user=user, traits=said)
        case "word":
            word = random.choice(["Consent Granted", "Consent Withdrawn"])
            await shop.say(word, user=user, properties={"channel": "email"})
        case "time":
            await shop.day(random.choice([0.3, 1, 4, 11]))
        case "merge":
            heads = await ProfileDocument.get_pymongo_collection().distinct("_id", {"absorbed_by": None})
            if len(heads) > len(USERS) - 2:
                await merging.merge(*random.sample(heads, 2), key=uuid4(), now=shop.now)
        case "rule":
            place = random.randrange(len(RULES))
            await publish(shop, source_of(place, f"{RULES[place]} and profile.none != {random.randrange(9)}"))


def source_of(place: int, rule: str) -> str:
    return f"segment: s{place}\nwhen: {rule}\n"


async def members(name: str) -> set[UUID]:
    found = ProfileDocument.get_pymongo_collection().find({"segments.in.name": name, "absorbed_by": None}, {"_id": 1})
    return {row["_id"] async for row in found}


async def test_whatever_happens_those_are_in_a_segment_whom_its_rule_picks(
    shop: Shop, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    del database
    with capsys.disabled():
        print(f"\nwhatever, HUB_RULES_SEED={SEED}", flush=True)  # noqa: T201
    random = Random(SEED)
    await shop.publish(*rollups.shipped())
    await publish(shop, *(source_of(place, rule) for place, rule in enumerate(RULES)))
    profiles = ProfileDocument.get_pymongo_collection()
    picked = 0
    for _ in range(STEPS):
        for _ in range(random.randrange(1, 4)):
            await something_happens(shop, random)
        await shop.route()
        await shop.filled()
        await ranked(shop)
        for segment in (await Catalogues().current()).segments.values():
            boundaries = await keeping.boundaries(segment.ranked)
            where = {"absorbed_by": None, **query.of(segment.when, now=shop.now, boundaries=boundaries)}
            right = {row["_id"] async for row in profiles.find(where, {"_id": 1})}
            assert await members(segment.name) == right, segment.written
            picked += len(right)
    assert picked
