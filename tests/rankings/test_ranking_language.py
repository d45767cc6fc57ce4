"""What may be ranked, and where a ranking may be asked for."""

import pytest

from hub.journeys import language as journeys
from hub.kit.problems import InvalidDefinition
from hub.rankings import keeping
from hub.rollups import language as definitions
from hub.rollups import service as rollups
from hub.segments import language, service
from hub.segments.query import BadRule
from runtime.known import known_offline
from tests.rankings.floor import publish
from tests.rollups.stage import Shop

KNOWN = known_offline(())
NUMBERS = "sum, count, average, days_since_last, days_since_first"


def refusals(rule: str) -> list[str]:
    with pytest.raises(InvalidDefinition) as raised:
        language.read(f"segment: a\nwhen: {rule}", KNOWN)
    return [str(it) for it in raised.value.problems]


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        (
            "top(purchases.30d.sum, 10%)",
            (
                f"2:11: `purchases.30d.sum` is not ranked: `top` takes {NUMBERS} of a rollup, of its whole lifetime."
                " [wrong_type]"
            ),
        ),
        (
            "bottom(purchases.days_between_last_two, 10%)",
            (
                f"2:14: `purchases.days_between_last_two` is not ranked: `bottom` takes {NUMBERS} of a rollup, of its"
                " whole lifetime. [wrong_type]"
            ),
        ),
        (
            "top(profile.sum, 10%)",
            (
                f"2:11: `profile.sum` is not ranked: `top` takes {NUMBERS} of a rollup, of its whole lifetime."
                " [wrong_type]"
            ),
        ),
        (
            "top(purchases.sums, 10%)",
            "2:11: `purchases` has no `sums`. Did you mean `purchases.sum`? [unknown_name]",
        ),
        (
            "top(purchase.sum, 10%)",
            (
                "2:11: `purchase` is not known here: a name begins with `profile.` or `consent.` or `purchases.` or"
                " `rfm.`. Did you mean `purchases`? [unknown_name]"
            ),
        ),
        ("top(purchases.sum, 10)", "2:28: Expected `%`, found `)`. Did you mean `10%`? [bad_condition]"),
    ],
)
def test_only_numbers_of_a_lifetime_are_ranked_and_a_refusal_says_which(rule: str, refusal: str) -> None:
    assert refusals(rule) == [refusal]


def test_a_journey_asks_for_the_top_by_a_segment() -> None:
    source = "{journey: best, enter: {event: Page Viewed, where: 'top(purchases.sum, 10%)'}, steps: [{wait: 1d}]}"
    with pytest.raises(InvalidDefinition) as raised:
        journeys.read(source, templates=(), known=KNOWN)

    assert [str(it) for it in raised.value.problems] == [
        (
            "1:57: `top` is about all customers, and here one is asked about."
            ' Publish it as a segment, and ask for that one: `segment("NAME")`. [unknown_name]'
        )
    ]
    journeys.read(source.replace("top(purchases.sum, 10%)", 'segment("top")'), templates=(), known=KNOWN)


def test_a_stage_cannot_be_the_top_of_all() -> None:
    with pytest.raises(InvalidDefinition) as raised:
        definitions.read("stages: [{stage: best, when: 'top(purchases.sum, 10%)'}]", rollups=(rollups.PURCHASES,))

    assert [it.message for it in raised.value.problems] == [
        "`top` is about all customers, and here one is asked about."
    ]


async def test_a_rule_in_a_filter_is_refused_at_its_place(shop: Shop) -> None:
    with pytest.raises(BadRule) as raised:
        await service.found_by("top(purchases.7d.sum, 10%)", now=shop.now)

    assert raised.value.message.startswith("1:5: ")


async def test_more_rankings_than_can_be_kept_are_refused_and_nothing_is_published(shop: Shop) -> None:
    ends = " or ".join(f"top(purchases.sum, {share}%)" for share in range(1, keeping.MOST + 1))
    await publish(shop, f"{{segment: most, when: '{ends}'}}")

    with pytest.raises(InvalidDefinition) as raised:
        await publish(shop, "{segment: one-more, when: 'bottom(purchases.sum, 1%)'}")

    assert [str(it) for it in raised.value.problems] == [
        "1:1: Segments ask for 51 rankings, and 50 can be kept. Ask for the same shares. [too_large]"
    ]
    assert await service.names() == ["most"]
