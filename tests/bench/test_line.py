import json

import pytest

from bench.line import Line, percentile


def test_a_line_holds_medians_their_ratio_and_every_sample() -> None:
    line = Line(
        "ingest", "events/s", higher_is_better=True, ours=[90, 30, 60], baseline=[100, 200, 300], beside={"x": 1}
    )

    assert json.loads(line.json()) == {
        "bench": "ingest",
        "ours": 60,
        "baseline": 200,
        "ratio": 0.3,
        "unit": "events/s",
        "higher_is_better": True,
        "samples_ours": [90, 30, 60],
        "samples_baseline": [100, 200, 300],
        "x": 1,
    }


def test_a_line_without_a_baseline_has_neither_baseline_nor_ratio() -> None:
    fields = json.loads(Line("up_seconds", "s", higher_is_better=False, ours=[4.5]).json())

    assert "baseline" not in fields
    assert "ratio" not in fields


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100)])
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(percent: int, expected: int) -> None:
    assert percentile([*range(100, 0, -1)], percent) == expected
