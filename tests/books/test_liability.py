"""Row 97: what points will cost, at any moment, is what a replay of the ledger says."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from hub.books import service
from hub.books.model import InFuture, NotActive
from hub.database import Database
from hub.kit import ids
from hub.kit.money import Money
from hub.ledger import flushing, outstanding
from hub.ledger.moves import Earn, Expire, Reserve, Spend
from hub.ledger.outstanding import Outstanding
from tests.books.clubs import CLUB, COSTS, JANUARY, activate, post
from tests.ledger.holding import ADA, BOB, DAY
from tests.ledger.test_random_histories import EXAMPLES, PEOPLE, History, operation


async def standing(history: History) -> dict[str, Outstanding]:
    found = await outstanding.standing(history.program, history.now)
    return {currency: it for currency, it in found.items() if it != Outstanding()}


def on_paper(history: History, currency: str) -> Outstanding:
    slips = [it for it in history.paper.slips if it.currency == currency]
    lying = [it for it in slips if it.place == "open"]
    over = sum(it.expires_at is not None and it.expires_at <= history.now for it in lying)
    held = sum(not isinstance(it.place, str) for it in slips)
    owed = sum(points for (_, of), points in history.paper.owed.items() if of == currency)
    return Outstanding(len(lying) - over, held, owed, over)


@settings(
    max_examples=EXAMPLES // 2,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=some.lists(operation, min_size=5, max_size=25))
async def test_row_97_at_every_moment_of_a_random_history_purses_replay_and_slips_of_paper_say_the_same(
    operations: list[tuple[Any, ...]], database: Database
) -> None:
    history = History(str(ids.new_id()), [ids.new_id() for _ in range(PEOPLE)])
    for who in range(PEOPLE):
        await history.earn(who, "stars", 1, 0, None)
    then: dict[datetime, dict[str, Outstanding]] = {}
    for name, *arguments in operations:
        await getattr(history, name.replace(" ", "_"))(*arguments)
        then[history.now] = await standing(history)
        paper = {it: on_paper(history, it) for it in ("points", "stars")}
        assert then[history.now] == {currency: it for currency, it in paper.items() if it != Outstanding()}

    await flushing.flush_all(now=history.now)
    for moment, said in then.items():
        replayed = await outstanding.replayed(history.program, moment)
        assert {currency: it for currency, it in replayed.items() if it != Outstanding()} == said
    for name in ("wallets", "postings"):
        await database[name].delete_many({})


async def live() -> None:
    await post(ADA, "A-1", [Earn("points", 1000, "A-1", JANUARY, JANUARY + 20 * DAY)], JANUARY)
    await post(ADA, "A-2", [Earn("points", 303, "A-2", JANUARY + 9 * DAY), Earn("status", 7, "A-2", JANUARY)], JANUARY)
    await post(BOB, "B-1", [Earn("points", 500, "B-1", JANUARY)], JANUARY + DAY)
    await post(BOB, "cup", [Spend("points", 100, "cup")], JANUARY + 2 * DAY)
    await post(BOB, "pot", [Reserve("points", 50, "pot", JANUARY + 90 * DAY)], JANUARY + 3 * DAY)
    await post(ADA, "over", [Expire("points")], JANUARY + 25 * DAY)


@pytest.mark.parametrize(
    ("days", "points", "costs"),
    [
        (0, (1303, 0), (1042, 912)),
        (1, (1803, 0), (1442, 1262)),
        (4, (1653, 50), (1362, 1192)),
        (20, (653, 50), (562, 492)),
    ],
)
async def test_the_liability_of_a_past_moment_is_exact(
    days: int, points: tuple[int, int], costs: tuple[int, int], database: Database
) -> None:
    del database
    await activate()
    await live()

    (said,) = await service.liability(CLUB, JANUARY + days * DAY, now=JANUARY + 30 * DAY)

    assert (said.wallet, said.points.unexpired, said.points.held) == ("points", *points)
    assert (said.full, said.expected) == (Money(costs[0], "EUR"), Money(costs[1], "EUR"))


async def test_now_and_by_replay_it_is_the_same(database: Database) -> None:
    del database
    await activate()
    await live()
    now = JANUARY + 30 * DAY

    assert await service.liability(CLUB, None, now=now) == await service.liability(CLUB, now, now=now)


async def test_each_moment_has_the_cost_that_the_program_said_then(database: Database) -> None:
    del database
    await activate()
    await activate(COSTS.replace("0.80, breakage: 12.5", "1.00"), JANUARY + 10 * DAY)
    await activate(COSTS.replace("    cost: {points: 100, amount: 0.80, breakage: 12.5}\n", ""), JANUARY + 20 * DAY)
    await post(ADA, "A-1", [Earn("points", 1000, "A-1", JANUARY)], JANUARY)

    said = [await service.liability(CLUB, JANUARY + days * DAY, now=JANUARY + 30 * DAY) for days in (9, 10, 20)]

    assert [(it.breakage, it.full, it.expected) for (it,) in said] == [
        ("12.5", Money(800, "EUR"), Money(700, "EUR")),
        ("0", Money(1000, "EUR"), Money(1000, "EUR")),
        (None, None, None),
    ]


async def test_what_is_not_yet_and_a_program_that_is_not_are_refused(database: Database) -> None:
    del database
    await activate()

    with pytest.raises(InFuture):
        await service.liability(CLUB, JANUARY + timedelta(seconds=1), now=JANUARY)
    with pytest.raises(NotActive):
        await service.liability("no-club", None, now=JANUARY)
    with pytest.raises(NotActive):
        await service.liability(CLUB, JANUARY - DAY, now=JANUARY)
