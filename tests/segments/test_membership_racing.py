"""Who is in a segment where several things happen at once: publishing, filling, merging, time, and older snapshots."""

from uuid import uuid4

import pytest

from hub.database import Database
from hub.intake import backfill, keeper, merging
from hub.intake.standing import Defined, Definitions
from hub.kit.problems import InvalidDefinition
from hub.rollups import service as rollups
from hub.segments import service
from hub.segments.service import SegmentInUse
from tests.intake.inflow import APP, unrouted
from tests.rollups.stage import DAY, Shop
from tests.segments.test_membership import GERMANS, LATELY, SILENT, VIPS, identify, moves, names, publish

PURCHASES, *_, STAGES = rollups.shipped()


async def test_publishing_announces_nothing_although_somebody_is_due_by_another_segment(
    shop: Shop, database: Database
) -> None:
    await publish(shop, LATELY)
    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}", ends="2020-01-01")
    shop.now += 31 * DAY
    await publish(shop, "{segment: ever, when: 'exists(profile.seenAt) and not within(profile.ends, 1d)'}")

    await shop.kept()
    await shop.filled()

    assert names(await shop.profile()) == {"ever"}
    assert await moves(database, await shop.profile()) == [("Entered", "lately"), ("Left", "lately")]


async def test_a_keeper_that_does_not_know_the_newest_segments_loses_no_moment(shop: Shop) -> None:
    await publish(shop, LATELY)
    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}")
    shop.now += 29 * DAY
    older = await Definitions().current()
    await publish(shop, "{segment: long, when: 'within(profile.seenAt, 60d)'}")
    await shop.filled()
    shop.now += DAY

    await keeper.move(older, now=shop.now)

    shop.now += 60 * DAY
    await shop.kept()
    assert names(await shop.profile()) == set()


async def test_a_keeper_that_does_not_know_a_new_version_does_not_sort_by_the_old_one(
    shop: Shop, database: Database
) -> None:
    await publish(shop, LATELY, "{segment: soon, when: 'within(profile.seenAt, 29d)'}")
    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}")
    shop.now += 28 * DAY
    older = await Definitions().current()
    await publish(shop, "{segment: lately, when: 'within(profile.seenAt, 5d)'}")
    await shop.filled()
    shop.now += DAY

    await keeper.move(older, now=shop.now)
    await shop.kept()

    assert names(await shop.profile()) == set()
    assert sorted(await moves(database, await shop.profile())) == [
        ("Entered", "lately"),
        ("Entered", "soon"),
        ("Left", "soon"),
    ]


class Late:
    """Tells first what was defined before, and then what is."""

    def __init__(self, older: Defined) -> None:
        self._older = iter([older])

    async def current(self) -> Defined:
        return next(self._older, None) or await Definitions().current()


async def test_a_router_that_does_not_know_the_newest_segments_looks_again(shop: Shop, database: Database) -> None:
    await publish(shop, GERMANS)
    await identify(shop, country="DE")
    router = shop.another_router("slow")
    router._defined = Late(await Definitions().current())  # type: ignore[assignment]
    await publish(shop, VIPS)
    await shop.filled()

    await shop.identify(traits={"vip": True})
    await router._route(await unrouted())

    assert names(await shop.profile()) == {"germans", "vips"}
    assert ("Entered", "vips") in await moves(database, await shop.profile())


async def test_a_join_while_a_rollup_is_filled_announces_nothing_of_its_numbers(shop: Shop, database: Database) -> None:
    await shop.publish(*rollups.shipped())
    await publish(shop, "{segment: buyers, when: purchases.count >= 1}", "{segment: none, when: purchases.count = 0}")
    await shop.bought(10)
    await shop.identify(user=None, anonymousId="phone", traits={"x": 1}, source=APP)
    await shop.route()
    await shop.publish(f"{PURCHASES}\n# again\n")

    await shop.identify(anonymousId="phone", source=APP)
    await shop.route()
    await shop.filled()

    assert names(await shop.profile()) == {"buyers"}
    assert await moves(database, await shop.profile()) == [("Entered", "buyers")]


async def test_two_who_are_divided_and_merged_again_enter_twice(shop: Shop, database: Database) -> None:
    await publish(shop, "{segment: both, when: profile.a = 1 and profile.b = 1}")
    await identify(shop, a=1)
    await identify(shop, user="bob", b=1)
    ada, bob = (await shop.profile()).id, (await shop.profile("bob")).id

    for _ in range(2):
        await merging.merge(ada, bob, key=uuid4(), now=shop.now)
        await shop.kept()
        await merging.unmerge(bob, key=uuid4(), now=shop.now)
        await shop.route()
        await shop.filled()
        shop.now += DAY

    assert await moves(database, await shop.profile()) == [("Entered", "both"), ("Entered", "both")]


async def test_a_number_of_days_that_no_calendar_has_moves_nobody_by_time(shop: Shop) -> None:
    await shop.publish(*rollups.shipped())
    await publish(shop, "{segment: odd, when: purchases.days_since_last >= -999999}")
    await shop.bought(10)

    assert names(await shop.profile()) == {"odd"}
    await shop.day(1)
    assert names(await shop.profile()) == {"odd"}


async def test_a_profile_that_cannot_be_moved_holds_up_no_neighbour(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(shop, LATELY)
    for user in ("ada", "bob"):
        await identify(shop, user=user, seenAt=f"{shop.now:%Y-%m-%d}")
    ada, passed = (await shop.profile()).id, keeper.standing.passed

    def broken(profile: object, *rest: object, **more: object) -> object:
        if profile.id == ada:  # type: ignore[attr-defined]
            raise ValueError("broken")
        return passed(profile, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(keeper.standing, "passed", broken)
    shop.now += 31 * DAY
    defined = await Definitions().current()
    assert [await keeper.move(defined, now=shop.now) for _ in range(2)] == [2, 0]

    assert (names(await shop.profile()), names(await shop.profile("bob"))) == ({"lately"}, set())


async def test_whose_first_event_is_set_aside_enters_all_the_same(shop: Shop, database: Database) -> None:
    await publish(shop, SILENT)
    await shop.say("Order Completed", properties={"total": "x"})
    await shop.route()

    assert await moves(database, await shop.profile()) == [("Entered", "without-phone")]


async def test_a_stage_that_cannot_be_decided_holds_up_no_segment(shop: Shop, database: Database) -> None:
    await shop.publish(*rollups.shipped())
    await publish(shop, "{segment: lapsed, when: purchases.days_since_last >= 90}", LATELY)
    await shop.bought(10)
    shop.now += 91 * DAY
    await shop.publish(f"{STAGES}\n# again\n")

    await identify(shop, seenAt=f"{shop.now:%Y-%m-%d}")
    await shop.kept()
    await shop.filled()
    await shop.kept()

    assert "lapsed" in names(await shop.profile())
    assert ("Entered", "lapsed") in await moves(database, await shop.profile())


async def test_a_segment_that_is_asked_for_meanwhile_is_not_deleted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(shop, GERMANS)
    insert = type(service.store.DEFINITIONS)._insert

    async def somebody_is_faster(self: object, *rest: object) -> object:
        monkeypatch.setattr(type(service.store.DEFINITIONS), "_insert", insert)
        await publish(shop, "{segment: x, when: 'segment(\"germans\")'}")
        return await insert(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(type(service.store.DEFINITIONS), "_insert", somebody_is_faster)
    with pytest.raises(SegmentInUse):
        await service.delete("germans", used_by=(), by="test", key="d", now=shop.now)


async def test_a_window_that_a_segment_asks_for_is_not_taken_away(shop: Shop) -> None:
    await shop.publish(*rollups.shipped())
    await publish(shop, "{segment: loyal, when: purchases.365d.count >= 2 and purchases.sum > 1}")
    less = PURCHASES.replace(", 365d", "")
    assert less != PURCHASES

    with pytest.raises(InvalidDefinition) as refused:
        await rollups.publish(less, by="test", key="less", now=shop.now, needed=await service.windows())

    assert [(it.code, it.message) for it in refused.value.problems] == [
        ("window_in_use", "The window `365d` is asked for by segment loyal. Publish those without it first.")
    ]


async def test_a_rule_that_asks_too_much_by_what_it_asks_for_is_refused(shop: Shop) -> None:
    await publish(shop, "{segment: s1, when: profile.a = 1}")
    for number in (2, 3):
        many = " or ".join([f'segment("s{number - 1}")'] * 30)
        await publish(shop, f"{{segment: s{number}, when: '{many}'}}")
    many = " or ".join(['segment("s3")'] * 2)

    with pytest.raises(InvalidDefinition) as refused:
        await publish(shop, f"{{segment: s4, when: '{many}'}}")

    assert [it.code for it in refused.value.problems] == ["too_large"]
    assert await backfill.step(await Definitions().current(), now=shop.now) == 0


async def test_a_new_version_by_which_another_rule_would_ask_too_much_is_refused(shop: Shop) -> None:
    await publish(shop, "{segment: s1, when: profile.a = 1}")
    many = " or ".join(['segment("s1")'] * 30)
    await publish(shop, f"{{segment: s2, when: '{many}'}}")
    large = " or ".join(["profile.a = 1"] * 40)

    with pytest.raises(InvalidDefinition) as refused:
        await publish(shop, f"{{segment: s1, when: '{large}'}}")

    (problem,) = refused.value.problems
    assert (problem.code, problem.message[:40]) == ("too_large", "With this rule, s2 would ask too much. A")


async def test_a_chain_of_segments_has_an_end(shop: Shop) -> None:
    await publish(shop, "{segment: s0, when: profile.a = 1}")
    for number in range(1, 51):
        await publish(shop, f"{{segment: s{number}, when: 'segment(\"s{number - 1}\")'}}")

    with pytest.raises(InvalidDefinition) as refused:
        await publish(shop, "{segment: s51, when: 'segment(\"s50\")'}")

    assert [it.code for it in refused.value.problems] == ["too_large"]
    await identify(shop, a=1)
    assert len(names(await shop.profile())) == 51
