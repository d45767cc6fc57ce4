import pytest

from bench.bulk_memory import LOOKS, Watch, resident_megabytes


def watched(*peaks: float, rows: int) -> Watch:
    left = iter(peaks)
    watch = Watch("import", rows, look=lambda: next(left))
    for seen in range(1, rows + 1):
        watch.saw(seen)
    return watch


@pytest.mark.parametrize(
    ("peaks", "grown"),
    [((10, 50, *[50] * 18), 0), ((10, 50, *[40] * 17, 58), 8), ((50, 10, *[49] * 18), 0)],
    ids=["flat", "grown", "shrunk"],
)
def test_memory_has_grown_by_what_was_needed_after_the_first_tenth_beyond_the_most_in_it(
    peaks: tuple[float, ...], grown: float
) -> None:
    assert watched(*peaks, rows=20).grown == grown


def test_what_is_told_is_the_most_of_the_first_tenth_and_of_all() -> None:
    assert watched(10, 50, *[40] * 17, 58.04, rows=20).told == {"first_tenth_mb": 50, "peak_mb": 58.0}


def test_of_many_rows_a_few_are_looked_at() -> None:
    looks = iter(range(5_000))
    watch = Watch("export", 5_000, look=lambda: next(looks))
    for _ in range(5_000):
        watch.saw_one()

    assert next(looks) == LOOKS


def test_memory_is_that_of_this_process() -> None:
    before = resident_megabytes()
    held = b"x" * 50_000_000

    assert (resident_megabytes() - before > 40, len(held)) == (True, 50_000_000)
