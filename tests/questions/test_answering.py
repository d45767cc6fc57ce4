"""Row 77: a question answer is stored as a preference and usable in a segment the same minute."""

import pytest

from hub.database import Database
from hub.decisions.model import Reason
from hub.events.model import Source
from hub.kit import ids
from hub.questions import service
from hub.questions.model import AnswerRefused, NoSuchAnswer
from hub.questions.service import Said
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import query, scope
from tests.intake.inflow import APP, SHOP
from tests.questions.asked import LATELY, MATTERS, PRESS, THRIFTY, answer, answers_of, names, publish, said
from tests.rollups.stage import Shop


async def test_a_question_answer_is_stored_as_preference_and_usable_in_a_segment_by_the_event_that_answers(
    ada: Shop, database: Database
) -> None:
    await publish(ada, THRIFTY, LATELY)
    await ada.filled()
    assert names(await ada.profile()) == set()

    await answer(ada, "price")
    await ada.route()

    found = await ada.profile()
    at = ada.now.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    assert found.traits == {
        "country": "DE",
        "answers": {"matters-most": {"value": "price", "version": 1, "at": at}},
    }
    assert names(found) == {"thrifty", "asked-lately"}
    (event,) = await database["events"].find({"name": "Question Answered"}).to_list()
    assert event["properties"] == {"question": "matters-most", "version": 1, "answers": ["price"], "several": False}
    assert {it["cause"] for it in found.segments["in"]} == {str(event["_id"])}
    entered = await database["events"].distinct("properties.segment", {"name": "Segment Entered", "about": found.id})
    assert entered == ["asked-lately", "thrifty"]
    assert (found.events, found.last_seen_at) == (1, found.first_seen_at)  # an answer is no sign of life


async def test_a_list_by_the_database_finds_whom_the_answer_picks(ada: Shop, database: Database) -> None:
    await answer(ada, "price")
    await answer(ada, "press", "moka", question="brews")
    await ada.route()
    known = scope.of(NOTHING_DEFINED)

    for rule, count in (
        ('profile.answers.matters-most.value = "price"', 1),
        ('profile.answers.matters-most.value = "taste"', 0),
        ("profile.answers.matters-most.version >= 2", 0),
        ('profile.answers.brews.value contains "moka"', 1),
        ('profile.answers.brews.value contains "filter"', 0),
        ("within(profile.answers.brews.at, 1d)", 1),
        ("exists(profile.answers.others.value)", 0),
    ):
        assert await database["profiles"].count_documents(query.read(rule, known, now=ada.now)) == count, rule


async def test_thirty_days_after_the_answer_time_alone_moves_them_out(ada: Shop) -> None:
    await publish(ada, THRIFTY, LATELY)
    await answer(ada, "price")
    await ada.route()
    await ada.day(29)
    assert names(await ada.profile()) == {"thrifty", "asked-lately"}

    await ada.day(2)

    assert names(await ada.profile()) == {"thrifty"}


async def test_answering_anew_replaces_the_answer_and_the_timeline_keeps_both(ada: Shop, database: Database) -> None:
    await publish(ada, THRIFTY)
    await answer(ada, "price")
    await ada.route()
    await answer(ada, "taste")
    await ada.route()

    found = await ada.profile()
    assert (answers_of(found), names(found)) == ({"matters-most": "taste"}, set())
    assert [it["answers"] for it in await said(database)] == [["price"], ["taste"]]


async def test_of_two_answers_in_one_batch_the_later_stays_and_both_questions_have_theirs(
    ada: Shop, database: Database
) -> None:
    await publish(ada, THRIFTY, PRESS)
    await answer(ada, "price")
    await answer(ada, "press", "filter", question="brews")
    await answer(ada, "taste")
    await ada.route()

    found = await ada.profile()
    assert answers_of(found) == {"matters-most": "taste", "brews": ["filter", "press"]}
    assert names(found) == {"press"}
    assert len(await said(database)) == 3


async def test_the_same_answer_under_the_same_cause_is_one_event(ada: Shop, database: Database) -> None:
    await answer(ada, "price", key="once")
    await answer(ada, "price", key="once")
    await ada.route()

    assert len(await said(database)) == 1


async def test_an_older_version_can_be_answered_and_the_answer_says_which_it_was(ada: Shop) -> None:
    await publish(ada, MATTERS.replace("price, texts: {en: Price}", "origin, texts: {en: Origin}"))

    await answer(ada, "price", version=1)
    await ada.route()

    answered = (await ada.profile()).traits["answers"]["matters-most"]
    assert (answered["value"], answered["version"]) == ("price", 1)
    with pytest.raises(NoSuchAnswer):
        await answer(ada, "price", version=2)

    await answer(ada, "origin", version=2)
    await ada.route()
    answered = (await ada.profile()).traits["answers"]["matters-most"]
    assert (answered["value"], answered["version"]) == ("origin", 2)


@pytest.mark.parametrize(
    ("given", "code", "sentence"),
    [
        (
            Said("maters-most", 1, ["price"]),
            "NOT_FOUND",
            "There is no question `maters-most`. Did you mean `matters-most`?",
        ),
        (
            Said("matters-most", 3, ["price"]),
            "NO_SUCH_VERSION",
            "There is no version 3 of `matters-most`; the newest is 1.",
        ),
        (
            Said("matters-most", 1, ["prise"]),
            "NO_SUCH_ANSWER",
            "`matters-most` has no answer `prise`. Did you mean `price`?",
        ),
        (
            Said("matters-most", 1, ["x"]),
            "NO_SUCH_ANSWER",
            "`matters-most` has no answer `x`. Known are price, taste.",
        ),
        (
            Said("matters-most", 1, ["price", "taste"]),
            "ONE_ANSWER_ONLY",
            "`matters-most` takes one answer, here are 2.",
        ),
        (Said("brews", 1, []), "NO_ANSWER", "To answer `brews`, name one of its answers at least."),
    ],
)
async def test_what_is_no_answer_is_refused_with_a_code_and_a_sentence_and_nothing_is_said(
    ada: Shop, database: Database, given: Said, code: str, sentence: str
) -> None:
    profile = await ada.profile()

    with pytest.raises(AnswerRefused) as refused:
        await service.answer(profile.id, given, cause=ids.new_id(), now=ada.now)

    assert (refused.value.code, refused.value.message) == (code, sentence)
    assert await said(database) == []


async def test_an_answer_that_is_named_twice_is_given_once(ada: Shop) -> None:
    await answer(ada, "price", "price")
    await ada.route()

    assert answers_of(await ada.profile()) == {"matters-most": "price"}


@pytest.mark.parametrize("source", [SHOP, APP])
async def test_no_source_can_pretend_an_answer(ada: Shop, database: Database, source: Source) -> None:
    await publish(ada, THRIFTY)
    await answer(ada, "taste")
    await ada.route()
    before = await ada.profile()
    pretended = {"matters-most": {"value": "price", "version": 1, "at": "2026-11-28T12:00:00.000Z"}}
    properties = {"question": "matters-most", "version": 1, "answers": ["price"], "several": False}

    await ada.identify(source=source, traits={"answers": pretended, "city": "Berlin"})
    await ada.say("Question Answered", source=source, properties=properties)
    await ada.route()

    found = await ada.profile()
    assert found.traits == {**before.traits, "city": "Berlin"}
    assert names(found) == set()
    (decision,) = await database["decisions"].find({"question": "identify"}).to_list()
    assert (decision["reason"], decision["detail"]) == (Reason.UNTRUSTED_SOURCE, {"source": source.id})


@pytest.mark.parametrize("source", [SHOP, APP])
async def test_who_is_new_comes_without_the_answers_that_a_source_says(ada: Shop, source: Source) -> None:
    await ada.identify(user="bob", source=source, traits={"answers": {"matters-most": {"value": "price"}}, "vip": True})
    await ada.route()

    assert (await ada.profile("bob")).traits == {"vip": True}


async def test_a_trait_of_this_name_from_before_is_replaced_and_stops_nothing(ada: Shop, database: Database) -> None:
    for junk in ("yes", {"matters-most": "price", "brews": {"at": 7}}):
        await database["profiles"].update_one({}, {"$set": {"traits.answers": junk}})

        await answer(ada, "price")
        await ada.route()

        assert answers_of(await ada.profile()) == {"matters-most": "price"}
