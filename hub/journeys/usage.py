"""Which journeys speak of something that somebody wants to take away."""

from collections.abc import Iterator

from hub.conditions.model import Compare, Comparison, Condition, asked, segments_in
from hub.journeys import language, runs, store
from hub.journeys.definition import Branch, Definition
from hub.journeys.model import Version

_NAMES_A_SEGMENT = ("properties", "segment")
"""What `Segment Entered` and `Segment Left` say of which one it was."""


async def of_segment(name: str) -> list[str]:
    """Name the journeys that ask for a segment, with each version that people enter or are still in."""
    live = {Version(journey, number) for journey, number in (await store.live()).items()}
    in_use = live | set(await runs.versions_waited_in())
    asking = [
        version
        for version, source in (await store.sources(())).items()
        if version in in_use and name in _segments(language.read_published(source))
    ]
    asking.sort(key=lambda it: (it.journey, it.number))
    return [f"journey {it.journey} version {it.number}" for it in asking]


def _segments(definition: Definition) -> set[str]:
    """Name the segments that a journey speaks of."""
    return {name for it in _conditions(definition) for name in (*segments_in(it), *_compared(it))}


def _conditions(definition: Definition) -> Iterator[Condition]:
    if definition.entry.where is not None:
        yield definition.entry.where
    for step in definition.steps.values():
        if isinstance(step, Branch):
            yield from (arm.when for arm in step.arms if arm.when is not None)


def _compared(condition: Condition) -> Iterator[str]:
    """Name what the property that holds the segment's name is compared with."""
    for it in asked(condition):
        if isinstance(it, Compare) and it.path == _NAMES_A_SEGMENT and it.comparison in _EQUALS:
            yield from (value for value in it.values if isinstance(value, str))


_EQUALS = frozenset({Comparison.EQUAL, Comparison.IN})
