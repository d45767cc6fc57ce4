"""Whoever dies while a review is taken in or decided about, there is one, each fact is told once, and earns once."""

from hub.database import Database
from hub.kit import ids
from hub.ledger import service as ledger
from hub.programs import service as programs
from hub.reviews import lifecycle, service, store
from hub.reviews.model import By, State
from tests.earning.ordering import written
from tests.intake.inflow import unrouted
from tests.killing import killed
from tests.reviews.stage import DESK, buys, told, writes
from tests.rollups.stage import Shop

BOTH = ["Review Received", "Review Approved"]


async def test_a_review_that_is_killed_at_any_write_and_sent_again_is_one(ada: Shop, database: Database) -> None:
    deaths, died = 0, True
    while died:
        await store.ReviewDocument.delete_all()
        await database["events"].delete_many({"source": "hub"})

        async def write(key: str = f"k{deaths}") -> None:
            await writes(ada, key=key)

        died = await killed(deaths, write)
        kept = await store.ReviewDocument.count()
        assert len(await told(database)) == 2 * kept, deaths
        await write()
        assert [name for name, _, _ in await told(database)] == BOTH
        assert await store.ReviewDocument.count() == 1
        deaths += 1
    assert deaths == 5  # before and after its two writes, and none


async def test_a_decision_that_is_killed_at_any_write_and_made_again_is_one(ada: Shop, database: Database) -> None:
    review = await writes(ada)
    deaths, died = 0, True
    while died:
        key = ids.new_id()

        async def remove(key: object = key) -> None:
            await service.decide(
                review.id,
                lambda it: lifecycle.removed(it, by=By.STAFF, reason="no", now=ada.now),
                key=key,  # type: ignore[arg-type]  # a default of the loop's
                now=ada.now,
            )

        died = await killed(deaths, remove)
        await remove()
        assert [name for name, _, _ in await told(database)].count("Review Removed") == deaths + 1
        await service.decide(
            review.id,
            lambda it: lifecycle.approved(it, by=By.STAFF, reason=None, now=ada.now),
            key=ids.new_id(),
            now=ada.now,
        )
        deaths += 1
    assert deaths == 5


async def test_a_review_whose_router_dies_at_any_write_is_kept_told_and_rewarded_once(
    ada: Shop, database: Database
) -> None:
    source = written("event: {name: Review Approved, points: 25}")
    drafted = await programs.draft(source, by="t", key="k", now=ada.now)
    await programs.activate(drafted.version, by="t", key="k", now=ada.now)
    for first in (True, False):  # it dies while it takes the review in, and while it takes in that it is approved
        deaths, died = 0, True
        while died:
            user = f"u{first}{deaths}"
            await buys(ada, "P-1", user=user)
            said = {"product_id": "P-1", "review_id": user, "rating": 4, "review_body": "Tastes of plums"}
            await ada.say("Product Reviewed", user=user, source=DESK, properties=said)
            events = await unrouted()
            if not first:
                await ada.router._route(events)
                events = await unrouted()

            died = await killed(deaths, lambda events=events: ada.router._route(events))  # type: ignore[misc]  # a default
            await ada.route()

            profile = await ada.profile(user)
            (review,) = await store.of(profile.own_ids)
            assert review.state is State.APPROVED
            about = await database["events"].find({"about": profile.id, "name": {"$regex": "^Review "}}).to_list()
            assert sorted(it["name"] for it in about) == sorted(BOTH), deaths
            purse = (await ledger.purses("club", [profile.id]))[profile.id]
            assert purse.wallet("points").balance == 25, deaths
            deaths += 1
        assert deaths > 5
