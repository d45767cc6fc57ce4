"""When whom is told, at which pace, and what can be done with a broadcast in which state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.broadcasts import rules
from hub.broadcasts.model import BadBroadcast, Broadcast, Definition, State, WrongState
from hub.kit import ids
from hub.profiles.model import Channel
from tests.broadcasts.stage import DAY, HOUR, NOON, SALE, SECOND

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def local(*at: int) -> Definition:
    return replace(SALE, local_at=datetime(*at))  # type: ignore[arg-type]  # noqa: DTZ001  what a clock on a wall shows


def broadcast(state: State = State.SCHEDULED, started_at: datetime | None = None) -> Broadcast:
    return Broadcast(
        id=ids.new_id(),
        rev=1,
        definition=SALE,
        state=state,
        created_at=NOON,
        created_by="tests",
        starts_at=NOON,
        due=NOON,
        started_at=started_at,
    )


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Europe/Berlin", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 12, 1, 14, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 12, 1, 3, 30, tzinfo=UTC)),
        (None, datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("Nowhere/Land", datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ],
)
def test_everybody_is_told_at_their_own_nine_oclock_and_who_has_no_zone_at_the_retailers(
    zone: str | None, moment: datetime
) -> None:
    assert rules.moment_of(local(2026, 12, 1, 9), zone, default=BERLIN, started_at=NOON) == moment


def test_a_time_that_the_clocks_leave_out_is_the_first_after_the_gap_and_one_that_comes_twice_is_the_first() -> None:
    before = NOON - 300 * DAY

    gap = rules.moment_of(local(2026, 3, 29, 2, 30), None, default=BERLIN, started_at=before)
    twice = rules.moment_of(local(2026, 10, 25, 2, 30), None, default=BERLIN, started_at=before)

    assert gap == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_whose_local_time_is_over_when_it_starts_is_told_at_once() -> None:
    assert rules.moment_of(local(2026, 11, 22, 9), None, default=BERLIN, started_at=NOON) == NOON


def test_with_local_times_it_starts_where_the_day_begins_first() -> None:
    assert rules.starts_at(local(2026, 12, 1, 9), now=NOON) == datetime(2026, 11, 30, 19, tzinfo=UTC)
    assert rules.starts_at(SALE, now=NOON) == NOON
    assert rules.starts_at(replace(SALE, at=NOON + DAY), now=NOON) == NOON + DAY


def test_a_pace_lets_through_as_many_as_have_become_due_and_tells_when_the_next_is() -> None:
    assert rules.room(60, NOON, NOON) == (0, NOON + SECOND)
    assert rules.room(60, NOON, NOON + SECOND) == (1, NOON + 2 * SECOND)
    assert rules.room(6_000, NOON, NOON + SECOND / 2) == (50, NOON + SECOND / 100 * 51)


def test_after_a_standstill_there_is_no_rush() -> None:
    assert rules.room(6_000, NOON, NOON + HOUR)[0] == 100
    assert rules.room(1, NOON, NOON + HOUR)[0] == 1


@pytest.mark.parametrize("pace", [1, 7, 60, 999, 6_000, 100_000])
def test_in_no_minute_more_go_out_than_the_pace_says_and_one_second_of_it(pace: int) -> None:
    told: list[datetime] = []
    paced_at = now = NOON
    while now < NOON + 3 * MINUTE:
        count, again = rules.room(pace, paced_at, now)
        if count:
            paced_at = rules.paced(pace, paced_at, count, now)
            told += [now] * count
        now = (now if count else again) + timedelta(milliseconds=10)

    most = max(sum(start <= it < start + MINUTE for it in told) for start in {*told[:: max(1, len(told) // 50)]})
    assert most <= pace + max(1, pace / 60)
    assert len(told) >= 3 * pace * 0.95 - 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"channels": ()}, "channels"),
        ({"channels": (Channel.EMAIL, Channel.EMAIL)}, "channels"),
        ({"per_minute": 0}, "perMinute"),
        ({"per_minute": 1_000_001}, "perMinute"),
        ({"priority": 101}, "priority"),
        ({"at": NOON.replace(tzinfo=None) + DAY}, "at"),
        ({"local_at": NOON + DAY}, "localAt"),
        ({"at": NOON - HOUR}, "at"),
        ({"at": NOON + 367 * DAY}, "at"),
        ({"at": NOON + DAY, "local_at": datetime(2026, 12, 1, 9)}, "at"),  # noqa: DTZ001
        ({"local_at": datetime(2026, 11, 21, 23)}, "at"),  # noqa: DTZ001
    ],
)
def test_a_definition_that_cannot_be_is_refused_by_the_name_of_its_field(
    changed: dict[str, object], field: str
) -> None:
    with pytest.raises(BadBroadcast) as refused:
        rules.check(replace(SALE, **changed), now=NOON)  # type: ignore[arg-type]

    assert refused.value.field == field


def test_a_local_time_is_over_only_when_it_is_over_everywhere() -> None:
    rules.check(local(2026, 11, 22, 1), now=NOON)  # it is midnight now where the day ends last
    with pytest.raises(BadBroadcast):
        rules.check(local(2026, 11, 21, 23), now=NOON)


def test_a_broadcast_that_is_over_can_neither_be_paused_nor_resumed() -> None:
    for state in (State.FINISHED, State.CANCELLED):
        for change in (rules.paused, rules.resumed):
            with pytest.raises(WrongState):
                change(broadcast(state), now=NOON)
    with pytest.raises(WrongState):
        rules.cancelled(broadcast(State.FINISHED), now=NOON)


def test_one_that_was_paused_before_it_began_waits_for_its_start_again() -> None:
    early = rules.resumed(rules.paused(broadcast(), now=NOON), now=NOON)
    begun = rules.resumed(rules.paused(broadcast(State.RUNNING, NOON), now=NOON), now=NOON)

    assert (early.state, begun.state) == (State.SCHEDULED, State.RUNNING)


def test_saying_it_again_changes_nothing() -> None:
    running, paused, cancelled = broadcast(State.RUNNING), broadcast(State.PAUSED), broadcast(State.CANCELLED)

    assert rules.resumed(running, now=NOON) is running
    assert rules.paused(paused, now=NOON) is paused
    assert rules.cancelled(cancelled, now=NOON) is cancelled
