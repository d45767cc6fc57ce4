"""Stages, as a pure function of rollups and time."""

from datetime import datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hub.rollups import counting, language, service, stages
from hub.rollups.model import Rollup, Stages, State
from tests.rollups.stage import DAY, NOON, order

PURCHASES, *_, SHIPPED = (language.read(source, rollups=("purchases",)) for source in service.shipped())
assert isinstance(PURCHASES, Rollup)
assert isinstance(SHIPPED, Stages)
RULES: Stages = SHIPPED


def bought(*days_ago: float) -> dict[str, State]:
    parts = [counting.single(PURCHASES, order(days_ago=it)) for it in days_ago]  # type: ignore[arg-type]  # asserted
    add = lambda one, other: counting.merged(PURCHASES, one, other)  # type: ignore[arg-type]  # noqa: E731 - as above
    return {"purchases": reduce(add, parts)} if parts else {}


def stage_at(states: dict[str, State], at: datetime) -> str | None:
    rule = stages.rule_at(RULES, states, at)
    return rule.stage if rule else None


@pytest.mark.parametrize(
    ("days_ago", "stage"),
    [
        ((), None),
        ((0,), "new"),
        ((29.9,), "new"),
        ((30,), "active"),
        ((40, 5), "active"),
        ((89.9,), "active"),
        ((90,), "at_risk"),
        ((180,), "lapsed"),
        ((400, 180), "lapsed"),
        ((190, 10), "won_back"),
        ((190, 10, 2), "active"),
        ((190, 95), "at_risk"),
    ],
)
def test_the_stages_that_come_with_the_hub_follow_the_days_since_orders(
    days_ago: tuple[float, ...], stage: str | None
) -> None:
    assert stage_at(bought(*days_ago), NOON) == stage


def test_the_next_change_is_known_in_advance() -> None:
    states = bought(0)

    at = [NOON]
    while (due := stages.next_change(RULES, states, at[-1])) is not None:
        at.append(due)

    assert at == [NOON, NOON + 30 * DAY, NOON + 90 * DAY, NOON + 180 * DAY]
    assert [stage_at(states, it) for it in at] == ["new", "active", "at_risk", "lapsed"]


def test_whom_time_does_not_move_has_no_next_change() -> None:
    assert stages.next_change(RULES, {}, NOON) is None
    assert stages.next_change(RULES, bought(180), NOON) is None


@settings(deadline=None, max_examples=50)  # a busy machine is slow, not wrong
@given(some.lists(some.floats(0, 400), min_size=1, max_size=4), some.integers(0, 400 * 24))
def test_between_now_and_the_next_change_the_stage_stays_and_then_it_is_another(
    days_ago: list[float], hours: int
) -> None:
    states = bought(*(round(it, 3) for it in days_ago))
    now = NOON + timedelta(hours=hours)
    due = stages.next_change(RULES, states, now)
    end = due or now + 500 * DAY

    between = [now + (end - now) * part / 50 for part in range(50)]

    assert {stage_at(states, it) for it in between} == {stage_at(states, now)}
    assert due is None or stage_at(states, due) != stage_at(states, now)


def test_a_rule_may_compare_in_every_way_the_language_has() -> None:
    source = """\
stages:
  - {stage: middle, when: purchases.days_since_last between 9.5 and 20}
  - {stage: exact, when: purchases.days_since_last = 30}
  - {stage: rare, when: "purchases.days_since_last in [40, 50]"}
  - {stage: late, when: not purchases.days_since_last <= 60}
  - {stage: big, when: purchases.sum > 1000 and exists(purchases.days_between_last_two)}
"""
    rules = language.read(source, rollups=("purchases",))
    assert isinstance(rules, Stages)
    states, at, passed = bought(0), NOON, []

    while (due := stages.next_change(rules, states, at)) is not None:
        rule = stages.rule_at(rules, states, due)
        passed.append(((due - NOON) // DAY, rule.stage if rule else None))
        at = due

    assert passed == [
        *[(10, "middle"), (21, None), (30, "exact"), (31, None)],
        *[(40, "rare"), (41, None), (50, "rare"), (51, None), (61, "late")],
    ]
