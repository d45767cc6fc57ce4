"""A program is tried on the orders of a past time: it says what they would have earned, and earns nothing."""

from datetime import timedelta

from hub.database import Database
from hub.earning import simulating
from hub.earning.simulating import Outcome
from hub.programs import service as programs
from tests.commerce.ordering import sale
from tests.earning.ordering import BASE, PAID, written
from tests.earning.shop import activate, balance, bought, gave_back, told
from tests.intake.inflow import NOW, identify

DAY = timedelta(days=1)
BIG = f"times: 2, from: {{amount: 50.00, {PAID}}}"


async def simulated(source: str, *, most: int | None = None) -> simulating.Simulation:
    program = await programs.read(source)
    return await simulating.simulate(program, NOW - 30 * DAY, NOW + DAY, now=NOW, most=most)


async def buy_some() -> None:
    for user, order, days, total in (
        ("ada", "A-1", 3, 60),
        ("ada", "A-2", 2, 10),
        ("bob", "B-1", 1, 20),
        ("bob", "B-0", 40, 99),
    ):
        call = sale("Completed", user, order, message=order, total=total, store_id="S-1")
        await told({**call, "timestamp": (NOW - days * DAY).isoformat()})
    await gave_back("bob", "B-1", 5, refund="R")


async def test_row_28_a_program_is_simulated_rule_by_rule_before_anybody_earns_by_it(database: Database) -> None:
    await buy_some()
    rules = (f"{BASE}, cap: {{month: 100}}", "visit: {points: 7}", "order: {every: 2, points: 50}")

    found = await simulated(written(*rules, multipliers=[BIG]))

    assert (found.orders, found.members, found.is_whole) == (3, 2, True)
    assert found.rules == {"r0": Outcome(100 + 15, 2, 2), "r1": Outcome(21, 3, 2), "r2": Outcome(100, 2, 2)}
    assert found.points == {"points": 236}
    assert await database["wallets"].count_documents({}) == 0
    assert await database["earning_rooms"].count_documents({}) == 0


async def test_a_simulation_gives_what_the_program_gives_then(database: Database) -> None:
    source = written(
        f"{BASE}, where: profile.vip = true", f"{BASE}, cap: {{day: 30}}", "visit: {points: 7}", multipliers=[BIG]
    )
    await activate(source)
    await told(identify(userId="ada", messageId="i", traits={"vip": True}))
    for order, total in (("A-1", 60), ("A-2", 20)):
        await bought("ada", order, total, store_id="S-1")
    await bought("bob", "B-1", 20)

    found = await simulated(source)

    assert found.points["points"] == await balance(database, "ada") + await balance(database, "bob")


async def test_a_simulation_of_more_orders_than_somebody_waits_for_says_so(database: Database) -> None:
    del database
    await buy_some()

    assert ((await simulated(written(BASE), most=3)).is_whole, (await simulated(written(BASE), most=2)).is_whole) == (
        True,
        False,
    )
