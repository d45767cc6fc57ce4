"""Of two profiles that are one person, each question has the newer answer."""

from hub.intake import merging
from hub.kit import ids
from hub.questions import service
from hub.questions.service import Said
from tests.questions.asked import PRESS, THRIFTY, answer, answers_of, names, publish
from tests.rollups.stage import DAY, Shop


async def test_merging_keeps_the_newer_answer_of_each_question_and_unmerging_gives_each_their_own(ada: Shop) -> None:
    await publish(ada, THRIFTY, PRESS)
    await ada.identify(user="bob", traits={})
    await ada.route()
    await answer(ada, "taste")
    await answer(ada, "price", user="bob")
    await answer(ada, "press", question="brews", user="bob")
    await answer(ada, "moka", question="brews")
    await ada.route()
    head, other = await ada.profile(), await ada.profile("bob")

    await merging.merge(head.id, other.id, key=ids.new_id(), now=ada.now)

    both = await ada.profile()
    assert answers_of(both) == {"matters-most": "price", "brews": ["moka"]}
    assert names(both) == {"thrifty"}

    await ada.route()
    await merging.unmerge(other.id, key=ids.new_id(), now=ada.now)
    await ada.filled()

    alone, free = await ada.profile(), await ada.profile("bob")
    assert [answers_of(it) for it in (alone, free)] == [
        {"matters-most": "taste", "brews": ["moka"]},
        {"matters-most": "price", "brews": ["press"]},
    ]
    assert [names(it) for it in (alone, free)] == [set(), {"thrifty", "press"}]


async def test_who_has_answered_nothing_keeps_none_of_the_answers_of_whom_they_let_go(ada: Shop) -> None:
    await ada.identify(user="bob", traits={})
    await ada.route()
    await answer(ada, "price", user="bob")
    await ada.route()
    head, other = await ada.profile(), await ada.profile("bob")
    await merging.merge(head.id, other.id, key=ids.new_id(), now=ada.now)
    assert answers_of(await ada.profile()) == {"matters-most": "price"}

    await ada.route()
    await merging.unmerge(other.id, key=ids.new_id(), now=ada.now)

    assert answers_of(await ada.profile()) == {}
    assert answers_of(await ada.profile("bob")) == {"matters-most": "price"}


async def test_an_answer_about_who_was_merged_since_is_their_heads_and_does_not_undo_a_later_one(ada: Shop) -> None:
    await ada.identify(user="bob", traits={})
    await ada.route()
    head, other = await ada.profile(), await ada.profile("bob")
    await merging.merge(head.id, other.id, key=ids.new_id(), now=ada.now)
    early = ada.now
    await answer(ada, "taste")
    await ada.route()

    late = Said("matters-most", 1, ["price"])
    await service.answer(other.id, late, cause=ids.new_id(), now=early)
    await ada.route()
    assert answers_of(await ada.profile()) == {"matters-most": "taste"}

    await service.answer(other.id, late, cause=ids.new_id(), now=ada.now + DAY)
    ada.now += DAY
    await ada.route()
    assert answers_of(await ada.profile()) == {"matters-most": "price"}
