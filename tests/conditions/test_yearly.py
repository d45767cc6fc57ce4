"""What comes again every year: `within(profile.birthday, next 7d, yearly)`."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.conditions.evaluator import holds
from hub.conditions.model import Within, asked
from hub.conditions.parser import parse
from hub.conditions.spelling import spell
from hub.conditions.turning import Turns
from hub.kit.problems import InvalidDefinition

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WEEK = "within(p.x, next 1w, yearly)"
LAST_WEEK = "within(p.x, 1w, yearly)"


def is_in(rule: str, text: object, now: datetime) -> bool:
    return holds(parse(rule), {"p": {"x": text}}, now)


def test_yearly_stands_behind_the_duration() -> None:
    assert parse(f"{WEEK} or {LAST_WEEK}") != parse(f"within(p.x, next 1w) or {LAST_WEEK}")
    assert parse(WEEK) == Within(("p", "x"), timedelta(days=7), ahead=True, yearly=True)
    assert (spell(parse(WEEK)), spell(parse(LAST_WEEK))) == (WEEK, LAST_WEEK)


@pytest.mark.parametrize(
    ("text", "holding"),
    [
        ("1990-11-20", [WEEK, LAST_WEEK]),
        ("1990-11-20T23:59:59.9Z", [WEEK, LAST_WEEK]),
        ("1990-11-21", [WEEK]),
        ("1990-11-26", [WEEK]),
        ("1990-11-27", []),
        ("2030-11-19", [LAST_WEEK]),
        ("1990-11-14", [LAST_WEEK]),
        ("1990-11-13", []),
        ("11-20", []),
        ("1990-11-20 ", []),
        ("1990-11-31", []),
        (19901120, []),
    ],
)
def test_a_week_is_today_and_six_days_more_whatever_the_hour_and_the_year(text: object, holding: list[str]) -> None:
    for hour in (0, 12, 23):
        assert [it for it in (WEEK, LAST_WEEK) if is_in(it, text, NOON.replace(hour=hour))] == holding


def test_the_year_turns_within_the_days() -> None:
    last_day = NOON.replace(month=12, day=31)

    assert is_in(WEEK, "1990-01-06", last_day)
    assert not is_in(WEEK, "1990-01-07", last_day)
    assert is_in(LAST_WEEK, "1990-12-30", last_day.replace(year=2027, month=1, day=5))


def test_a_birthday_on_29_february_is_kept_on_the_28th_in_other_years() -> None:
    days = [datetime(year, month, day, tzinfo=UTC) for year in (2027, 2028) for month, day in ((2, 28), (3, 1))]

    kept = [
        is_in("within(p.x, next 1d, yearly)", "1988-02-29", it) for it in [*days, datetime(2028, 2, 29, tzinfo=UTC)]
    ]

    assert kept == [True, False, False, False, True]


@pytest.mark.parametrize("rule", [WEEK, LAST_WEEK, "not within(p.x, next 1d, yearly)", "within(p.x, 300d, yearly)"])
@pytest.mark.parametrize("text", ["1990-11-20T12:00:10.7Z", "1990-01-02", "1988-02-29", "2031-12-31"])
def test_time_alone_changes_it_at_the_midnights_that_are_told_and_at_no_other(rule: str, text: str) -> None:
    condition, value = parse(rule), {"p": {"x": text}}
    turns, at, end = Turns(asked(condition)), datetime(2025, 1, 1, 5, tzinfo=UTC), datetime(2029, 1, 1, 5, tzinfo=UTC)
    moves = 0
    while (turn := turns.next(value, at)) is not None and turn < end:
        assert turn.time() == datetime.min.time()
        days = [at, *(at + timedelta(days=it) for it in range(1, (turn - at).days + 1))]
        assert {holds(condition, value, it) for it in [*days, turn - timedelta(microseconds=1)] if it < turn} == {
            holds(condition, value, at)
        }
        moves += holds(condition, value, turn) is not holds(condition, value, at)
        at = turn
    assert moves == 8  # in and out, in each of four years


@pytest.mark.parametrize("text", ["", "1990-02-30", "1990-13-01", "0000-01-01", "9999-12-31", "soon"])
def test_what_is_no_day_that_can_be_told_never_raises(text: str) -> None:
    for now in (NOON, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        for rule in ("within(p.x, 365d, yearly)", "within(p.x, next 365d, yearly)"):
            told = is_in(rule, text, now)
            assert not told or text in {"0000-01-01", "9999-12-31"}, "only a month and a day that there are come again"
            turn = Turns(asked(parse(rule))).next({"p": {"x": text}}, now)
            assert turn is None or turn > now


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "within(p.x, next 7d, every year)",
            "1:22: Expected `yearly`, found `every`. Did you mean `yearly`? [bad_condition]",
        ),
        (
            "within(p.x, next 7d, yearli)",
            "1:22: Expected `yearly`, found `yearli`. Did you mean `yearly`? [bad_condition]",
        ),
        (
            "within(p.x, next 12h, yearly)",
            "1:18: `yearly` asks for whole days, 1d to 365d, today included. [bad_duration]",
        ),
        ("within(p.x, 366d, yearly)", "1:13: `yearly` asks for whole days, 1d to 365d, today included. [bad_duration]"),
    ],
)
def test_a_refusal_names_place_reason_and_what_was_meant(text: str, refusal: str) -> None:
    with pytest.raises(InvalidDefinition) as raised:
        parse(text)

    assert str(raised.value) == refusal
