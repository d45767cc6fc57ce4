"""Points between two purses: both are changed, or neither."""

import asyncio
from dataclasses import replace

import pytest

from hub.database import Database
from hub.kit.errors import HubError
from hub.ledger import flushing, moving, service, verifying
from hub.ledger.errors import InsufficientPoints, KeyReused, WorthNothing
from hub.ledger.model import About
from hub.ledger.moves import Earn, Exchange, Rate, Rounding, Spend
from hub.ledger.moving import Conversion, SamePurse, Transfer
from tests.ledger.holding import ADA, BOB, DAY, NOON, PROGRAM, asked, lines, lots

GIFT = Transfer(PROGRAM, ADA, BOB, "gift", "points", 30, About(cause="gift"), NOON)
TEN_FOR_ONE = Rate(10, 1, Rounding.DOWN)
TO_MILES = Conversion(
    PROGRAM, "air", ADA, ADA, "miles", "points", 35, "miles", TEN_FOR_ONE, About(cause="miles"), NOON, NOON + DAY
)


async def earned() -> None:
    await service.post(
        [
            asked("A-1", Earn("points", 20, "A-1", NOON, NOON + DAY)),
            asked("A-2", Earn("points", 20, "A-2", NOON, NOON + 9 * DAY)),
        ],
        now=NOON,
    )


async def lots_of(owner: object, program: str = PROGRAM, currency: str = "points") -> list[tuple[str, int]]:
    found = await service.purses(program, [ADA, BOB])
    return lots(found[owner].wallet(currency))  # type: ignore[index]


async def test_points_go_over_in_their_lots_with_origin_and_expiry(database: Database) -> None:
    del database
    await earned()
    before = (await service.purses(PROGRAM, [ADA]))[ADA].wallet("points").lots

    given, taken = await moving.move(GIFT, now=NOON)

    assert lines(given.entries) == [("wallet", -20), ("wallet", -10), ("transferred", 30)]
    assert lines(taken.entries) == [("wallet", 20), ("wallet", 10), ("transferred", -30)]
    assert await lots_of(ADA) == [("A-2", 10)]
    assert await lots_of(BOB) == [("A-1", 20), ("A-2", 10)]
    assert {it.terms for it in taken.purse.wallet("points").lots} == {it.terms for it in before}
    assert (await verifying.verify()).differences == []


async def test_the_same_transfer_is_made_once_copied_out_or_not(database: Database) -> None:
    del database
    await earned()
    await moving.move(GIFT, now=NOON)
    boxed = await moving.move(GIFT, now=NOON)
    await flushing.flush([ADA, BOB])
    copied = await moving.move(GIFT, now=NOON)

    assert [it.replayed for it in (*boxed, *copied)] == [True] * 4
    assert await lots_of(ADA) == [("A-2", 10)]
    with pytest.raises(KeyReused):
        await moving.move(replace(GIFT, points=1), now=NOON)


@pytest.mark.parametrize(
    ("asked_for", "error"),
    [
        (replace(GIFT, points=41), InsufficientPoints),
        (replace(GIFT, taker=ADA), SamePurse),
        (replace(TO_MILES, points=9), WorthNothing),
        (replace(TO_MILES, points=41), InsufficientPoints),
    ],
)
async def test_what_cannot_go_over_leaves_both_unchanged(
    database: Database, asked_for: Transfer | Conversion, error: type[HubError]
) -> None:
    await earned()
    before = await database["wallets"].find().to_list()

    with pytest.raises(error):
        await moving.move(asked_for, now=NOON)

    assert await database["wallets"].find().to_list() == before


async def test_row_49_an_exchange_debits_one_and_credits_the_other_at_the_rate_in_one_transaction(
    database: Database,
) -> None:
    del database
    await earned()

    given, taken = await moving.move(TO_MILES, now=NOON)

    assert lines(given.entries) == [("wallet", -20), ("wallet", -15), ("exchanged", 35)]
    assert lines(taken.entries) == [("wallet", 3), ("exchanged", -3)]
    (lot,) = taken.purse.wallet("miles").lots
    assert (lot.left, lot.terms.origin, lot.terms.expires_at) == (3, "exchange/miles", NOON + DAY)
    assert await lots_of(ADA, "air", "miles") == [("exchange/miles", 3)]
    assert (await verifying.verify()).differences == []


async def test_inside_a_program_points_are_exchanged_by_one_posting(database: Database) -> None:
    del database
    await earned()
    exchange = Exchange("points", "stars", 25, Rate(10, 1, Rounding.UP), "stars", NOON + DAY)

    (answer,) = await service.post([asked("stars", exchange)], now=NOON)

    assert not isinstance(answer, HubError)
    assert lines(answer.entries) == [
        ("wallet", -20),
        ("wallet", -5),
        ("exchanged", 25),
        ("wallet", 3),
        ("exchanged", -3),
    ]
    assert answer.posting is not None
    assert answer.posting.balances == {"points": 15, "stars": 3}


@pytest.mark.parametrize(
    ("rounding", "converted"),
    [(Rounding.DOWN, [0, 0, 1, 1]), (Rounding.NEAREST, [0, 1, 1, 2]), (Rounding.UP, [1, 1, 1, 2])],
)
def test_a_part_of_a_point_becomes_what_the_rate_says(rounding: Rounding, converted: list[int]) -> None:
    assert [Rate(10, 1, rounding).of(points) for points in (4, 5, 10, 15)] == converted


async def test_gifts_to_and_fro_at_the_same_time_lose_nothing(database: Database) -> None:
    del database
    await earned()
    await service.post([asked("B-1", Earn("points", 40, "B-1", NOON), owner=BOB)], now=NOON)

    def gift(number: int) -> Transfer:
        giver, taker = (ADA, BOB) if number % 2 else (BOB, ADA)
        return replace(GIFT, giver=giver, taker=taker, key=f"gift {number}", points=1)

    spending = [service.post([asked(f"cup {n}", Spend("points", 1, "cup"))], now=NOON) for n in range(5)]
    await asyncio.gather(*(moving.move(gift(number), now=NOON) for number in range(10)), *spending)

    assert sum(points for _, points in (*await lots_of(ADA), *await lots_of(BOB))) == 75
    assert (await verifying.verify()).differences == []
