"""How points came and went, month by month, to the point; and a month that is closed stays as it is."""

import random
from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.books import service
from hub.books.model import BadMonth, Line, Month, MonthNotOver, NotActive, OutOfTurn
from hub.database import Database
from hub.kit import ids
from hub.ledger import gathering, outstanding
from hub.ledger.moves import Adjust, Earn, Expire, Reach, Reserve, Spend, TakeBack
from tests.books.clubs import CLUB, COSTS, JANUARY, activate, post
from tests.ledger.holding import ADA, BOB, DAY, HOUR

SEED, PEOPLE, MOVES = 20261128, 4, 150
MONTHS = [Month(2026, it) for it in range(1, 7)]
UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
UTC_COSTS = COSTS.replace("Europe/Berlin", "UTC")


async def lines(month: Month, now: datetime) -> dict[tuple[str, str], Line]:
    found = await service.roll_forward(CLUB, month, now=now)
    return {(it.wallet, it.brand): it for it in found.lines}


def agrees(line: Line) -> bool:
    came = line.earned - line.taken_back - line.spent - line.expired + line.adjusted + line.exchanged + line.moved
    return line.opening + came == line.closing


async def test_each_movement_stands_in_its_column(database: Database) -> None:
    del database
    await activate(UTC_COSTS)
    await post(ADA, "A-1", [Earn("points", 100, "A-1", JANUARY, JANUARY + 40 * DAY)], JANUARY)
    await post(ADA, "A-2", [Earn("points", 60, "A-2", JANUARY)], JANUARY + 31 * DAY)
    await post(ADA, "back", [TakeBack("points", 10, "A-2", Reach.WITHIN_BALANCE)], JANUARY + 32 * DAY)
    await post(ADA, "cup", [Spend("points", 30, "cup")], JANUARY + 33 * DAY)
    await post(ADA, "pot", [Reserve("points", 20, "pot", JANUARY + 90 * DAY)], JANUARY + 34 * DAY)
    await post(ADA, "sorry", [Adjust("points", 7, "sorry")], JANUARY + 35 * DAY, brand="finch")
    await post(ADA, "over", [Expire("points")], JANUARY + 41 * DAY)

    february = await lines(Month(2026, 2), JANUARY + 60 * DAY)

    own = Line("points", "default", opening=100, earned=60, taken_back=10, spent=30, expired=50, closing=70)
    assert february == {
        ("points", "default"): own,
        ("points", "finch"): Line("points", "finch", adjusted=7, closing=7),
    }


async def test_a_month_is_one_of_the_programs_zone(database: Database) -> None:
    del database
    await activate()  # in Berlin, an hour before UTC
    await post(ADA, "A-1", [Earn("points", 5, "A-1", JANUARY)], datetime(2026, 1, 31, 22, 59, 59, 999000, UTC))
    await post(ADA, "A-2", [Earn("points", 7, "A-2", JANUARY)], datetime(2026, 1, 31, 23, tzinfo=UTC))

    said = [(await lines(Month(2026, it), UNTIL))["points", "default"] for it in (1, 2)]

    assert [(it.opening, it.earned, it.closing) for it in said] == [(0, 5, 5), (5, 7, 12)]


async def test_what_is_told_late_counts_at_its_time_until_the_month_is_closed_and_then_when_it_is_booked(
    database: Database,
) -> None:
    del database
    await activate(UTC_COSTS)
    late, march = JANUARY + 50 * DAY, datetime(2026, 3, 2, tzinfo=UTC)
    await post(ADA, "A-1", [Earn("points", 5, "A-1", JANUARY)], late, booked=march)
    before = await lines(Month(2026, 2), march + HOUR)
    await service.close(CLUB, Month(2026, 2), by="grace", now=march + DAY)

    await post(ADA, "A-2", [Earn("points", 7, "A-2", JANUARY)], late, booked=march + 2 * DAY)
    await post(ADA, "A-3", [Earn("points", 1, "A-3", JANUARY)], late - 31 * DAY, booked=march + 2 * DAY)

    now = march + 3 * DAY
    assert before == await lines(Month(2026, 2), now)
    assert before["points", "default"] == Line("points", "default", earned=5, closing=5)
    assert await lines(Month(2026, 3), now) == {
        ("points", "default"): Line("points", "default", opening=5, earned=8, closing=13)
    }
    (then,) = await service.liability(CLUB, late, now=now)
    assert then.points.unexpired == 13


async def test_months_are_closed_one_after_another_when_they_are_over_and_each_once(database: Database) -> None:
    del database
    await activate(UTC_COSTS)
    february = datetime(2026, 2, 1, tzinfo=UTC)
    with pytest.raises(MonthNotOver) as early:
        await service.close(CLUB, MONTHS[0], by="grace", now=february + HOUR - timedelta(seconds=1))
    assert early.value.closable_at == february + HOUR

    first = await service.close(CLUB, MONTHS[0], by="grace", now=february + HOUR)
    again = await service.close(CLUB, MONTHS[0], by="alan", now=february + 9 * DAY)

    assert (first.new, again.new, again.closing) == (True, False, first.closing)
    assert (first.closing.by, first.closing.booked_by) == ("grace", february)
    with pytest.raises(OutOfTurn) as refused:
        await service.close(CLUB, MONTHS[2], by="grace", now=UNTIL)
    assert refused.value.turn == MONTHS[1]
    with pytest.raises(NotActive):
        await service.close("no-club", MONTHS[0], by="grace", now=UNTIL)


async def test_a_month_that_is_closed_keeps_its_end_when_the_program_changes_its_zone(database: Database) -> None:
    del database
    await activate()
    await service.close(CLUB, MONTHS[0], by="grace", now=JANUARY + 40 * DAY)
    await activate(COSTS.replace("Europe/Berlin", "America/New_York"), JANUARY + 41 * DAY)

    first, second = [await service.roll_forward(CLUB, it, now=UNTIL) for it in MONTHS[:2]]

    assert first.until == second.since == datetime(2026, 1, 31, 23, tzinfo=UTC)
    assert second.until == datetime(2026, 3, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", "2026", "2026-13", "2026-1", "1999-12", "9999-12", "2026-11-01", "٢٠٢٦-11"])
def test_what_is_no_month_is_refused(written: str) -> None:
    with pytest.raises(BadMonth):
        Month.of(written)


def moves_of(chance: random.Random, key: str, at: datetime, earned: Sequence[str]) -> Sequence[Any]:
    points = chance.randint(1, 90)
    kinds = [
        lambda: Earn("points", points, key, at, at + chance.randint(5, 90) * DAY),
        lambda: Spend("points", points, key),
        lambda: Reserve("points", points, key, at + 90 * DAY),
        lambda: Adjust("points", chance.choice([-1, 1]) * points, key),
        lambda: TakeBack("points", points, chance.choice(earned), chance.choice(list(Reach))),
        lambda: Expire("points"),
    ]
    return [chance.choices(kinds, [6, 2, 1, 1, 2, 1])[0]()]


async def test_every_month_of_half_a_random_year_told_late_and_closed_meanwhile_agrees_to_the_point(
    database: Database,
) -> None:
    del database
    await activate(UTC_COSTS)
    chance, people = random.Random(SEED), [ids.new_id() for _ in range(PEOPLE)]
    earned, closed = ["order 0"], dict[Month, dict[tuple[str, str], Line]]()
    for number, booked in enumerate(sorted(JANUARY + chance.random() * (UNTIL - JANUARY) for _ in range(MOVES))):
        for month in MONTHS[len(closed) : len(closed) + 1]:
            if booked > month.next.begins(ZoneInfo("UTC")) + 5 * DAY:
                await service.close(CLUB, month, by="grace", now=booked)
                closed[month] = await lines(month, booked)
        at = max(JANUARY, booked - chance.choice([0, 0, 20, 60]) * chance.random() * DAY)
        moves = moves_of(chance, f"order {number}", at, earned)
        earned.append(f"order {number}")
        brand = chance.choice([None, "finch", "wren"])
        await post(chance.choice(people), f"{number}", moves, at, booked=booked, brand=brand)

    said = [await lines(it, UNTIL) for it in MONTHS]
    assert len(closed) == 5
    assert list(closed.values()) == said[:5]
    assert all(agrees(it) for month in said for it in month.values())
    for month, following in pairwise(said):
        assert {place: it.closing for place, it in month.items()} == {
            place: following[place].opening for place in month
        }
    own = (await outstanding.standing(CLUB, UNTIL))["points"]
    assert sum(it.closing for it in said[-1].values()) == own.unexpired + own.held + own.over - own.owed
    columns = [
        sum(column) for column in zip(*(astuple(it)[3:9] for month in said for it in month.values()), strict=True)
    ]
    assert all(columns[:5]), "a column in which nothing ever stands shows nothing"


async def test_points_that_go_over_to_somebody_change_no_total(database: Database) -> None:
    del database
    await activate(UTC_COSTS)
    await post(ADA, "A-1", [Earn("points", 40, "A-1", JANUARY)], JANUARY)
    await post(ADA, "pot", [Reserve("points", 15, "pot", UNTIL)], JANUARY)
    await gathering.hand_over(ADA, BOB, now=JANUARY + DAY)

    january = (await lines(MONTHS[0], JANUARY + 2 * DAY))["points", "default"]

    assert january == replace(Line("points", "default"), earned=40, closing=40)
