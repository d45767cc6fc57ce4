"""Whoever comes when, dies where and is counted by whom: in the end everybody is where their events say."""

import math
import os
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from hub.conditions.model import Condition, tallies_in
from hub.conditions.spelling import spell
from hub.database import Database
from hub.events.model import Event
from hub.events.store import history
from hub.intake import backfill, keeper
from hub.intake.standing import Definitions
from hub.segments import service
from tests.rollups.stage import NOON, Shop, together
from tests.segments.happened import a_rule, an_event, picks
from tests.segments.test_membership import moves, names

SEED = int(os.environ.get("HUB_RULES_SEED") or Random().randrange(10**9))
USERS = ("ada", "bob", "cleo", "dora")
SEGMENTS = 12


def a_rule_of_visits(random: Random) -> Condition:
    """Not of orders: of those that come by chance the most are set aside."""
    while True:
        rule = a_rule(random)
        if not any("Order Completed" in it.events for it in tallies_in(rule).values()):
            return rule


def a_visit(random: Random) -> Event:
    while True:
        visit = an_event(random)
        via = visit.properties.get("via")
        if visit.name == "Page Viewed" and via != 2**70 and not (isinstance(via, float) and math.isnan(via)):
            return visit


async def say(shop: Shop, user: str, visit: Event) -> None:
    at = f"{visit.at:%Y-%m-%dT%H:%M:%S.%fZ}"
    await shop.say(visit.name, user=user, timestamp=at, messageId=str(visit.id), properties=dict(visit.properties))


async def test_everybody_is_in_the_segments_that_their_events_say_whoever_counts_them_when(
    shop: Shop, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(SEED)
    with capsys.disabled():
        print(f"\nevents in time, HUB_RULES_SEED={SEED}", flush=True)  # noqa: T201
    rules = {f"s-{number}": a_rule_of_visits(random) for number in range(SEGMENTS)}
    waiting = list(rules)
    shop.now = NOON
    for _ in range(8):
        shop.now += timedelta(seconds=1)
        for name in [waiting.pop() for _ in range(min(len(waiting), random.randrange(4)))]:
            await service.publish(f"segment: {name}\nwhen: >-\n  {spell(rules[name])}", by="t", key=name, now=shop.now)
        for user in random.sample(USERS, 3):
            await say(shop, user, a_visit(random))
        defined = await Definitions().current()
        await together(
            *(shop.another_router(name).step() for name in ("a", "b")),
            *(backfill.step(defined, now=shop.now) for _ in range(random.randrange(3))),
            keeper.move(defined, now=shop.now),
        )
    await shop.route()
    await shop.filled()

    for days in (0, 0.6, 1, 5, 25, 80):
        await shop.day(days)
        for user in USERS:
            profile = await shop.profile(user)
            did = [it async for it in history([profile.id])]
            right = {name for name in rules if name not in waiting and picks(rules[name], did, shop.now)}
            told: Any = [(it.at.isoformat(), it.properties) for it in did]
            assert names(profile) == right, (shop.now, [spell(it) for it in rules.values()], told)
    for user in USERS:
        announced = await moves(database, await shop.profile(user))
        for name in rules:
            times = [announced.count((how, name)) for how in ("Entered", "Left")]
            assert abs(times[0] - times[1]) <= 1, (user, announced)
