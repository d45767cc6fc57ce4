"""Whoever dies while an answer is given or taken in, it is one event and moves the customer once."""

from uuid import UUID

from hub.database import Database
from hub.kit import ids
from hub.questions import service
from hub.questions.service import Said
from tests.intake.inflow import unrouted
from tests.killing import killed
from tests.questions.asked import THRIFTY, answer, answers_of, names, publish, said
from tests.rollups.stage import Shop


async def test_an_answer_that_is_killed_at_any_write_and_given_again_is_one_event(
    ada: Shop, database: Database
) -> None:
    profile, price = await ada.profile(), Said("matters-most", 1, ["price"])
    deaths, died = 0, True
    while died:
        await database["events"].delete_many({"name": "Question Answered"})
        cause = ids.new_id()

        async def give(cause: UUID = cause) -> None:
            await service.answer(profile.id, price, cause=cause, now=ada.now)

        died = await killed(deaths, give)
        await give()
        assert len(await said(database)) == 1
        deaths += 1
    assert deaths == 3  # before and after its only write


async def test_answers_whose_router_dies_at_any_write_count_once_and_the_last_one_stays(
    ada: Shop, database: Database
) -> None:
    await publish(ada, THRIFTY)
    deaths, died = 0, True
    while died:
        user = f"u{deaths}"
        await ada.identify(user=user, traits={})
        await ada.route()
        await answer(ada, "taste", user=user)
        await answer(ada, "price", user=user)
        events = await unrouted()

        died = await killed(deaths, lambda events=events: ada.router._route(events))  # type: ignore[misc]  # a default
        await ada.kept()

        profile = await ada.profile(user)
        assert (answers_of(profile), names(profile)) == ({"matters-most": "price"}, {"thrifty"}), deaths
        about = {"name": "Segment Entered", "about": profile.id}
        assert await database["events"].count_documents(about) == 1, deaths
        deaths += 1
    assert deaths > 5
