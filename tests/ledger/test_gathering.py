"""Who is merged has one purse, and who is divided has again what is left of what they brought."""

from uuid import UUID

from hub.database import Database
from hub.intake import merging
from hub.kit import ids
from hub.ledger import flushing, gathering, keeper, model, service, verifying
from hub.ledger.model import Purse
from hub.ledger.moves import Capture, Earn, Reach, Reserve, Spend, TakeBack
from tests.intake.inflow import identify, people, route_all, said, track
from tests.ledger.holding import DAY, NOON, PROGRAM, asked, lots


async def two(database: Database) -> tuple[UUID, UUID]:
    """Ada has 50 points, Bob has 30, of which 10 are held, and owes 5 stars."""
    await said(identify(userId="ada"), identify(userId="bob"))
    await route_all()
    found = await people(database)
    ada, bob = found["user:ada"]["_id"], found["user:bob"]["_id"]
    await service.post(
        [
            asked("A-1", Earn("points", 50, "A-1", NOON), owner=ada),
            asked("B-1", Earn("points", 30, "B-1", NOON, NOON + DAY), owner=bob),
            asked("hold", Reserve("points", 10, "cup", NOON + DAY), owner=bob),
            asked("star", Earn("stars", 5, "star", NOON), owner=bob),
            asked("shine", Spend("stars", 5, "shine"), owner=bob),
            asked("fall", TakeBack("stars", 5, "star", Reach.NEGATIVE), owner=bob),
        ],
        now=NOON,
    )
    return ada, bob


async def purse(owner: UUID) -> Purse:
    return (await service.purses(PROGRAM, [owner]))[owner]


async def right() -> bool:
    return (await verifying.verify()).differences == []


async def test_row_4_the_balance_of_merged_profiles_is_that_of_both(database: Database) -> None:
    ada, bob = await two(database)

    await merging.merge(ada, bob, key=ids.new_id(), now=NOON)

    merged = await purse(ada)
    assert (merged.wallet("points").balance, merged.wallet("points").held) == (70, 10)
    assert merged.wallet("stars").balance == -5
    assert sorted(lots(merged.wallet("points"))) == [("A-1", 50), ("B-1", 20)]
    assert await right()


async def test_who_still_posts_to_a_merged_profile_posts_to_its_head_and_the_same_key_once(database: Database) -> None:
    ada, bob = await two(database)
    await merging.merge(ada, bob, key=ids.new_id(), now=NOON)

    again, new = await service.post(
        [
            asked("B-1", Earn("points", 30, "B-1", NOON, NOON + DAY), owner=bob),
            asked("B-2", Earn("points", 1, "B-2", NOON), owner=bob),
        ],
        now=NOON,
    )

    assert isinstance(again, service.Posted)
    assert isinstance(new, service.Posted)
    assert (again.replayed, new.purse.owner) == (True, ada)
    assert (await purse(ada)).wallet("points").balance == 71


async def test_a_hold_of_a_merged_profile_is_captured_from_the_head(database: Database) -> None:
    ada, bob = await two(database)
    await merging.merge(ada, bob, key=ids.new_id(), now=NOON)
    hold = model.hold_id(asked("hold").posting)

    await service.post_one(asked("capture", Capture("points", hold), owner=bob), now=NOON)

    assert (await purse(ada)).wallet("points").held == 0
    assert await right()


async def test_divided_again_each_has_their_own_as_far_as_it_is_unspent(database: Database) -> None:
    ada, bob = await two(database)
    await merging.merge(ada, bob, key=ids.new_id(), now=NOON)
    await service.post_one(
        asked("pot", Spend("points", 15, "pot"), owner=ada), now=NOON
    )  # of Bob's, which expire first

    await merging.unmerge(bob, key=ids.new_id(), now=NOON)

    assert lots((await purse(ada)).wallet("points")) == [("A-1", 50)]
    theirs = await purse(bob)
    assert (lots(theirs.wallet("points")), theirs.wallet("points").held) == ([("B-1", 5)], 10)
    assert (theirs.wallet("stars").owed, (await purse(ada)).wallet("stars").owed) == (5, 0)
    assert await right()


async def test_merged_and_divided_twice_nothing_is_lost(database: Database) -> None:
    ada, bob = await two(database)
    for number in range(2):
        await merging.merge(ada, bob, key=UUID(int=2 * number), now=NOON)
        await merging.unmerge(bob, key=UUID(int=2 * number + 1), now=NOON)
        await flushing.flush([ada, bob])

    assert (await purse(ada)).wallet("points").balance == 50
    assert (await purse(bob)).wallet("points").balance == 20
    assert await right()


async def test_the_points_of_a_device_are_those_of_who_signs_up_on_it(database: Database) -> None:
    await said(identify(userId="ada"), track("App Opened", anonymousId="phone", messageId="1"))
    await route_all()
    device = (await people(database))["anonymous:phone"]["_id"]
    await service.post_one(asked("A-1", Earn("points", 50, "A-1", NOON), owner=device), now=NOON)

    await said(identify(anonymousId="phone", userId="ada", messageId="2"))
    await route_all()

    (head,) = [row["_id"] async for row in database["profiles"].find({"absorbed_by": None})]
    assert head != device
    assert (await purse(head)).wallet("points").balance == 50
    assert (await purse(head)).owner == head
    assert await right()


async def test_what_is_posted_to_somebody_who_was_just_absorbed_goes_over_with_the_flusher(database: Database) -> None:
    ada, bob = await two(database)
    await database["profiles"].update_one({"_id": bob}, {"$set": {"absorbed_by": ada}})

    await keeper.step(now=NOON + flushing.AGE)

    assert (await purse(bob)).owner == ada
    assert (await purse(ada)).wallet("points").balance == 70
    await gathering.gather([ada, bob], now=NOON)
    assert (await purse(ada)).wallet("points").balance == 70
    assert await right()
