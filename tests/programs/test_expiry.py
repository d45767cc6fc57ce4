"""When points expire, in the program's zone, also where the clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.programs.expiry import AfterDays, EndOf, Expiry, Idle, WithPeriod, expires_at

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)  # 23:30 in Berlin


def test_points_are_good_for_the_whole_of_their_last_day() -> None:
    usable = datetime(2026, 12, 14, 22, 30, tzinfo=UTC)

    assert expires_at(AfterDays(10), EVENING, EVENING, BERLIN) == datetime(2026, 12, 10, 23, tzinfo=UTC)
    assert expires_at(AfterDays(10), EVENING, usable, BERLIN) == datetime(2026, 12, 24, 23, tzinfo=UTC)
    summer = expires_at(AfterDays(180), EVENING, EVENING, BERLIN)
    assert summer == datetime(2027, 5, 29, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expiry", "end"),
    [
        (WithPeriod(EndOf.MONTH), datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (WithPeriod(EndOf.MONTH, 1), datetime(2026, 12, 31, 23, tzinfo=UTC)),
        (WithPeriod(EndOf.QUARTER), datetime(2026, 12, 31, 23, tzinfo=UTC)),
        (WithPeriod(EndOf.QUARTER, 1), datetime(2027, 3, 31, 22, tzinfo=UTC)),
        (WithPeriod(EndOf.YEAR, 1), datetime(2027, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_points_expire_with_the_end_of_a_period_or_some_periods_later(expiry: Expiry, end: datetime) -> None:
    assert expires_at(expiry, EVENING, EVENING, BERLIN) == end


def test_points_that_idleness_ends_expire_so_many_days_after_what_happened_last() -> None:
    idle = Idle(365, ("Order Completed",))

    assert expires_at(idle, EVENING, EVENING, BERLIN) == expires_at(AfterDays(365), EVENING, EVENING, BERLIN)
    assert expires_at(None, EVENING, EVENING, BERLIN) is None
