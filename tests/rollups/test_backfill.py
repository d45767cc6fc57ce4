"""The back-fill: profiles that were there before a definition get what it would have counted."""

from typing import Any

from hub.intake import backfill
from hub.intake.standing import Definitions
from hub.rollups import counting, service, store
from tests.intake.inflow import unrouted
from tests.killing import killed
from tests.rollups.stage import DAY, SPEND, VISITS, Shop, together

LATER = SPEND.replace("value: properties.total", "value: properties.tax")


async def spent(shop: Shop, user: str = "ada") -> tuple[str, int, Any]:
    state = (await shop.profile(user)).rollups["spend"]
    found = counting.total(state, None, now=shop.now)
    return state["version"], found.count, found.sum


async def test_a_new_definition_counts_what_profiles_have_done_before(shop: Shop) -> None:
    await shop.bought(1, 2)
    await shop.bought(4, user="bob")
    await shop.publish(SPEND)
    await shop.bought(8)  # not counted by the way: the state is not of the published version yet
    assert "spend" not in (await shop.profile()).rollups

    await shop.filled()

    assert [await spent(shop, user) for user in ("ada", "bob")] == [("spend/1", 3, 11), ("spend/1", 1, 4)]
    await shop.bought(16)
    assert await spent(shop) == ("spend/1", 4, 27)


async def test_a_new_version_replaces_the_counts_of_the_one_before_and_leaves_other_definitions_alone(
    shop: Shop,
) -> None:
    await shop.publish(SPEND, VISITS)
    await shop.order(10, tax=1)
    await shop.say("Page Viewed")
    await shop.route()
    await shop.database["events"].delete_many({"name": "Page Viewed"})
    await shop.publish(LATER)
    await shop.order(10, tax=2)
    await shop.route()
    assert await spent(shop) == ("spend/1", 1, 10)

    await shop.filled()

    assert await spent(shop) == ("spend/2", 2, 3)
    assert (await shop.profile()).rollups["visits"]["count"] == 1


async def test_a_new_profile_needs_no_back_fill(shop: Shop) -> None:
    await shop.publish(SPEND)
    await shop.bought(1)

    assert await backfill.step(await Definitions().current(), now=shop.now) == 0
    assert await spent(shop) == ("spend/1", 1, 1)


async def test_the_progress_of_a_back_fill_is_known(shop: Shop) -> None:
    for user in ("ada", "bob", "cleo"):
        await shop.bought(1, user=user)
    await shop.publish(SPEND)
    await shop.bought(1, user="dan")
    assert await store.progress(1) == (1, 4)

    await shop.filled()

    assert await store.progress(1) == (4, 4)
    await shop.publish(VISITS)
    assert [await store.progress(edition) for edition in (1, 2)] == [(4, 4), (0, 4)]


async def test_events_that_are_applied_during_the_back_fill_are_neither_lost_nor_counted_twice(shop: Shop) -> None:
    for place in range(8):
        await shop.bought(2**place, user=f"u{place % 3}")
    await shop.publish(SPEND)
    for place in range(8, 20):
        await shop.order(2**place, user=f"u{place % 3}")
    events = await unrouted()

    async def work(name: str) -> None:
        for place in range(0, 12, 3):
            await shop.another_router(name)._route(events[place : place + 3])

    await together(work("one"), work("two"), *(shop.filled() for _ in range(3)))
    await shop.route()
    await shop.filled()

    assert [await spent(shop, f"u{user}") for user in range(3)] == [
        ("spend/1", len(range(user, 20, 3)), sum(2**place for place in range(user, 20, 3))) for user in range(3)
    ]


async def test_an_event_that_is_counted_and_not_stamped_yet_is_in_the_back_fill(shop: Shop) -> None:
    """A router that dies between both: its event is named in the profile and does not know its profile yet."""
    await shop.bought(1)
    await shop.order(2)
    events = await unrouted()
    lengths = iter(range(100))
    while not (await shop.profile()).counted.keys() & {it.id for it in events}:
        await killed(next(lengths), lambda: shop.router._route(events))
    await shop.publish(SPEND)

    await shop.filled()

    assert await spent(shop) == ("spend/1", 2, 3)
    await shop.route()
    assert await spent(shop) == ("spend/1", 2, 3)


async def test_a_back_fill_that_is_killed_at_any_write_goes_on_and_ends_in_the_same_state(shop: Shop) -> None:
    await shop.bought(1, 2)
    for length in range(3):
        await shop.publish(SPEND.replace("7d", f"{length + 8}d"))
        defined = await Definitions().current()
        died = await killed(length, lambda defined=defined: backfill.step(defined, now=shop.now))  # type: ignore[misc]  # a default
        assert died is (length < 2)

        await shop.filled()

        assert await spent(shop) == (f"spend/{length + 1}", 2, 3)
        assert await store.progress(length + 1) == (1, 1)


async def test_a_back_fill_finds_the_stage_and_announces_nothing(shop: Shop) -> None:
    await shop.bought(1)
    shop.now += 100 * DAY
    await shop.publish(*service.shipped())

    await shop.filled()
    await shop.kept()

    profile = await shop.profile()
    assert (profile.stage, profile.life["cause"], profile.life["version"]) == ("at_risk", "definition", "stages/1")
    assert await shop.announced() == []
    await shop.day(80)
    assert await shop.announced() == [("at_risk", "lapsed")]


async def test_other_rules_sort_everybody_anew_and_those_due_by_the_old_ones_are_not_moved_by_them(
    shop: Shop,
) -> None:
    await shop.publish(*service.shipped())
    await shop.bought(1)
    await shop.publish(service.shipped()[-1].replace(">= 90", ">= 60"))
    shop.now += 95 * DAY
    await shop.kept()
    assert (await shop.profile()).stage == "new"

    await shop.filled()

    profile = await shop.profile()
    assert (profile.stage, profile.life["version"]) == ("at_risk", "stages/2")
    assert await shop.announced() == [(None, "new")]
    await shop.day(85)
    assert await shop.announced() == [(None, "new"), ("at_risk", "lapsed")]
