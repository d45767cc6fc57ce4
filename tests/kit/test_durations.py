from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kit import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("1h", 3_600),
        ("1h30m", 5_400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1w2d3h4m5s", 788_645),
    ],
)
def test_units_are_summed(text: str, seconds: int) -> None:
    assert durations.parse(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "0s", "0h0m", "-1h", "1.5h", "30m1h", "1h1h", "1 h", "60", "99999999w", "\u0661h"]
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(durations.BadDuration) as refused:
        durations.parse(text)

    assert refused.value.text == text
    assert str(refused.value) == f"`{text}` is no duration: write it like 30s, 15m, 1h30m, 2d or 1w."


@pytest.mark.parametrize(
    ("seconds", "text"), [(59, "59s"), (5_400, "1h30m"), (864_000, "10d"), (1_209_600, "2w"), (90_061, "1d1h1m1s")]
)
def test_a_duration_is_spelled_in_its_largest_units(seconds: int, text: str) -> None:
    assert durations.spell(timedelta(seconds=seconds)) == text


@given(st.integers(1, 10**9))
def test_what_is_spelled_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert durations.parse(durations.spell(duration)) == duration


@pytest.mark.parametrize("duration", [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=1_500)])
def test_what_has_no_text_is_not_spelled(duration: timedelta) -> None:
    with pytest.raises(ValueError, match="has no text"):
        durations.spell(duration)
