"""What postings mean is told once, with the balance as of then, and if and only if the points moved."""

from typing import Any

from hub.database import Database
from hub.ledger import flushing, model, moving, service
from hub.ledger.model import About
from hub.ledger.moves import Adjust, Capture, Earn, Expire, Reach, Release, Reserve, Spend, TakeBack
from hub.ledger.moving import Transfer
from tests.intake.inflow import identify, people, publish, route_all, said
from tests.killing import killed
from tests.ledger.holding import ADA, BOB, DAY, NOON, PROGRAM, asked


async def told(database: Database) -> list[tuple[str, int, int]]:
    """List what was announced: name, points, balance."""
    found = database["events"].find({"source": "hub", "name": {"$regex": "^Points"}}).sort("accepted_at", 1)
    return [(row["name"], row["properties"]["points"], row["properties"]["balance"]) async for row in found]


async def post(*moves: Any, key: str = "", days: int = 0) -> service.Posted:
    request = asked(key or repr(moves), *moves, at=NOON + days * DAY)
    posted = await service.post_one(request, now=NOON + days * DAY)
    await flushing.flush([ADA])
    return posted


async def test_row_72_each_of_earned_spent_reversed_and_expired_is_told_with_the_balance_as_of_then(
    database: Database,
) -> None:
    await post(Earn("points", 50, "A-1", NOON, NOON + 9 * DAY))
    await post(Spend("points", 20, "cup"), days=1)
    await post(TakeBack("points", 10, "A-1", Reach.WITHIN_BALANCE), days=2)
    hold = await post(Reserve("points", 5, "pot", NOON + 9 * DAY), days=3)
    assert hold.posting is not None
    await post(Capture("points", model.hold_id(hold.posting.id)), days=4)
    await post(Expire("points"), days=9)

    assert await told(database) == [
        ("Points Earned", 50, 50),
        ("Points Spent", 20, 30),
        ("Points Reversed", 10, 20),
        ("Points Spent", 5, 15),
        ("Points Expired", 15, 0),
    ]


async def test_a_hold_its_release_and_a_decision_for_nothing_are_not_told(database: Database) -> None:
    await post(Earn("points", 50, "A-1", NOON))
    hold = await post(Reserve("points", 5, "pot", NOON + DAY))
    assert hold.posting is not None
    await post(Release("points", model.hold_id(hold.posting.id)))
    await post(Expire("points"))

    assert await told(database) == [("Points Earned", 50, 50)]


async def test_a_posting_of_two_currencies_tells_of_each_and_says_what_for(database: Database) -> None:
    await post(Earn("points", 50, "A-1", NOON, NOON + DAY), Earn("stars", 1, "A-1", NOON), key="earn")

    found = {row["properties"]["currency"]: row async for row in database["events"].find({"name": "Points Earned"})}
    assert found.keys() == {"points", "stars"}
    assert (found["points"]["about"], found["points"]["at"]) == (ADA, NOON)
    assert found["points"]["properties"] == {
        "program": PROGRAM,
        "currency": "points",
        "points": 50,
        "balance": 50,
        "kind": "earn",
        "origin": "A-1",
        "expires_at": (NOON + DAY).isoformat(),
        "posting": str(asked("earn").posting),
    }


async def test_given_by_hand_is_earned_and_taken_by_hand_is_reversed(database: Database) -> None:
    await post(Adjust("points", 10, "sorry"))
    await post(Adjust("points", -4, "mistake"), days=1)

    assert await told(database) == [("Points Earned", 10, 10), ("Points Reversed", 4, 6)]


async def test_a_gift_is_spent_by_the_one_and_earned_by_the_other(database: Database) -> None:
    await post(Earn("points", 50, "A-1", NOON))
    await moving.move(Transfer(PROGRAM, ADA, BOB, "gift", "points", 30, About("gift"), NOON), now=NOON)
    await flushing.flush([ADA, BOB])

    assert sorted(await told(database)) == [
        ("Points Earned", 30, 30),
        ("Points Earned", 50, 50),
        ("Points Spent", 30, 20),
    ]


async def test_a_flusher_that_dies_at_any_write_tells_once_all_the_same(database: Database) -> None:
    died, length = True, 0
    while died:
        for name in ("wallets", "postings", "events"):
            await database[name].delete_many({})
        await service.post_one(asked("earn", Earn("points", 50, "A-1", NOON)), now=NOON)
        died = await killed(length, lambda: flushing.flush([ADA]))
        await flushing.flush([ADA])

        assert await told(database) == [("Points Earned", 50, 50)]
        assert await database["postings"].count_documents({}) == 1
        length += 1
    assert length > 6


JOURNEY = """
journey: thanks
enter: {event: Points Earned, where: properties.currency = "points" and properties.balance >= 50}
steps:
  - send: {template: cart-reminder, channels: [email]}
"""


async def test_a_journey_begins_with_points_that_were_earned(database: Database) -> None:
    await publish(JOURNEY)
    await said(identify(userId="ada"))
    await route_all()
    ada = (await people(database))["user:ada"]["_id"]
    for number in range(2):
        earn = Earn("points", 30, f"A-{number}", NOON)
        await service.post_one(asked(f"earn {number}", earn, owner=ada), now=NOON)
    await flushing.flush([ada])
    await route_all()

    (run,) = await database["runs"].find().to_list()
    assert run["profile_id"] == ada
