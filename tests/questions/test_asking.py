"""Rules are checked against the published questions: what nobody can have answered is refused at its place."""

import pytest

from hub.conditions import kinds
from hub.journeys import language as journeys
from hub.kit.problems import InvalidDefinition
from hub.questions import asking, language
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from hub.segments import service as segments
from tests.questions.asked import BREWS, MATTERS, THRIFTY, publish
from tests.rollups.stage import Shop

VERSIONS = [language.read(it) for it in (MATTERS, MATTERS.replace("price", "origin"), BREWS)]
KNOWN = asking.shape_of(VERSIONS)
SCOPE = scope.of(NOTHING_DEFINED, answers=KNOWN)


def refusal_of(rule: str) -> str:
    with pytest.raises(InvalidDefinition) as refused:
        kinds.read(rule, SCOPE)
    (problem,) = refused.value.problems
    return str(problem)


@pytest.mark.parametrize(
    "rule",
    [
        'profile.answers.matters-most.value in ["price", "origin"]',
        "not exists(profile.answers.matters-most.value)",
        'profile.answers.brews.value contains "moka"',
        "within(profile.answers.brews.at, 30d) and profile.answers.brews.version = 1",
    ],
)
def test_what_can_be_answered_in_any_version_can_be_asked(rule: str) -> None:
    assert kinds.read(rule, SCOPE)


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        (
            'profile.answers.matters-most.value = "prise"',
            (
                "1:38: `profile.answers.matters-most.value` is one of price, taste, origin, and never "
                '`"prise"`. Did you mean `price`? [wrong_type]'
            ),
        ),
        (
            "exists(profile.answers.maters-most.value)",
            "1:8: `profile.answers` has no `maters-most`. Did you mean `profile.answers.matters-most`? [unknown_name]",
        ),
        (
            'profile.answers.brews.value = "moka"',
            "1:1: `profile.answers.brews.value` is a list, which `=` cannot compare. [wrong_type]",
        ),
        (
            'profile.answers.brews.version = "1"',
            (
                "1:33: `profile.answers.brews.version` is a number, "
                '`"1"` is text: `=` compares like with like. [wrong_type]'
            ),
        ),
    ],
)
def test_what_nobody_can_have_answered_is_refused_at_its_place(rule: str, refusal: str) -> None:
    assert refusal_of(rule) == refusal


def test_of_a_question_that_took_one_answer_and_takes_several_now_both_can_be_asked() -> None:
    known = asking.shape_of([language.read(MATTERS), language.read(f"several: true\n{MATTERS}")])

    for comparison in ("=", "contains"):
        rule = f'profile.answers.matters-most.value {comparison} "price"'
        assert kinds.read(rule, scope.of(NOTHING_DEFINED, answers=known))


async def test_a_segment_that_asks_for_a_question_is_refused_until_that_is_published(shop: Shop) -> None:
    with pytest.raises(InvalidDefinition, match=r"2:7: `profile.answers` has no `matters-most`"):
        await publish(shop, THRIFTY)

    await publish(shop, MATTERS, THRIFTY)

    assert await segments.names() == ["thrifty"]
    with pytest.raises(InvalidDefinition, match=r"Did you mean `price`\?"):
        await segments.read(THRIFTY.replace("'price'", "'prise'"))


def test_a_journey_is_refused_that_branches_on_an_answer_nobody_can_give() -> None:
    journey = """\
journey: a
enter: {event: Question Answered, where: 'profile.answers.matters-most.value = "%s"'}
steps: [end]
"""

    assert journeys.read(journey % "price", templates=(), known=SCOPE)
    with pytest.raises(InvalidDefinition) as refused:
        journeys.read(journey % "prise", templates=(), known=SCOPE)
    assert [(it.line, it.code) for it in refused.value.problems] == [(2, "wrong_type")]
