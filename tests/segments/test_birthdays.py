"""A birthday moves people by time alone, year after year."""

from hub.database import Database
from hub.segments import service
from tests.rollups.stage import NOON, Shop
from tests.segments.test_membership import moves, names

SOON = "{segment: birthday-soon, when: 'within(profile.birthday, next 7d, yearly)'}"
EVE = NOON.replace(month=12, day=24, hour=0)


async def test_time_alone_brings_somebody_in_a_week_before_their_birthday_and_out_after_it(
    shop: Shop, database: Database
) -> None:
    await service.publish(SOON, by="test", key=SOON, now=shop.now)
    shop.now = NOON
    await shop.identify(traits={"birthday": "1990-12-24"})
    await shop.route()

    found = []
    for day, hour in ((17, 23), (18, 0), (24, 23), (25, 0)):
        shop.now = EVE.replace(day=day, hour=hour)
        await shop.kept()
        found.append("birthday-soon" in names(await shop.profile()))
    shop.now = EVE.replace(year=2027, day=26)
    await shop.kept()

    ada = await shop.profile()
    assert found == [False, True, True, False]
    assert await moves(database, ada) == [("Entered", "birthday-soon"), ("Left", "birthday-soon")] * 2
    entered = await database["events"].find({"name": "Segment Entered"}).sort("at", 1).to_list()
    assert [row["at"] for row in entered] == [EVE.replace(day=18), EVE.replace(year=2027, day=18)]
    assert ada.due == EVE.replace(year=2028, day=18)
