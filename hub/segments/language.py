"""The document of a segment: YAML or JSON, checked name by name.

segment: german-vips
description: Who gets the parcel at Christmas.
when: profile.vip = true and profile.country = "DE"
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final
from unicodedata import combining, normalize

from hub.conditions import tree
from hub.conditions.kinds import Scope
from hub.conditions.model import Condition, InSegment, asked, leaves, segments_in, tallies_in
from hub.conditions.spelling import spell
from hub.kit import documents
from hub.kit.documents import Node
from hub.kit.problems import InvalidDefinition
from hub.kit.reading import Reading
from hub.segments import query
from hub.segments.model import Segment

LONGEST_NAME: Final = 64
LONGEST_DESCRIPTION: Final = 2_000

MOST_ASKED: Final = 1_000
"""How much a rule may ask, with all that the segments ask for which it asks: everybody is sorted by it."""
MOST_TALLIES: Final = 20
"""How much of somebody's events a rule has counted: every profile keeps that."""
MOST_REACHED: Final = 50
"""For how many segments it may ask, itself or by those."""

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Other:
    """What another segment brings along: the segments it asks for, itself or by those, and how much it asks in all."""

    reach: frozenset[str] = frozenset()
    asked: int = 0

    @property
    def is_too_large(self) -> bool:
        """Tell whether it is more than everybody can be sorted by."""
        return self.asked > MOST_ASKED or len(self.reach) > MOST_REACHED


TOO_LARGE: Final = (
    f"A rule asks {MOST_ASKED:,} things at most, with all that the segments ask for which it asks, "
    f"and for {MOST_REACHED} segments."
)
NOTHING_ASKED: Final = Other()
NO_OTHERS: Final[Mapping[str, Other]] = MappingProxyType({})


def whole(when: Condition, others: Mapping[str, Other]) -> Other:
    """Tell what a rule asks, with what the segments bring along for which it asks; once for each time it does."""
    named = Counter(it.name for it in leaves(when) if isinstance(it, InSegment))
    reach = frozenset(named).union(*(it.reach for it in others.values()))
    brought = sum(times * others[name].asked for name, times in named.items() if name in others)
    return Other(reach, sum(1 for _ in asked(when)) + brought)


def read(source: str, scope: Scope, others: Mapping[str, Other] = NO_OTHERS) -> Segment:
    """Read a segment that somebody wants to publish.

    Args:
        source: the document, YAML or JSON.
        scope: what its rule may speak of.
        others: what is known of the published segments.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    return _whole(source, scope, others)


def read_published(source: str) -> Segment:
    """Read a segment that was checked when it was published: what rollups have become since must not stop anything."""
    return _whole(source, None, NO_OTHERS)


def _whole(source: str, scope: Scope | None, others: Mapping[str, Other]) -> Segment:
    reading = Reading()
    segment = _read(documents.load(source), scope, others, reading)
    if reading.problems or segment is None:
        raise InvalidDefinition(reading.problems)
    return segment


def _read(document: Node, scope: Scope | None, others: Mapping[str, Other], reading: Reading) -> Segment | None:
    fields = reading.fields(document, "a segment", ("segment", "description", "when"), "segment", "when")
    if "description" in fields:
        reading.text(fields["description"].node, "`description`", longest=LONGEST_DESCRIPTION)
    name = _name(fields["segment"].node, reading) if "segment" in fields else None
    when = _when(fields["when"].node, scope, reading) if "when" in fields else None
    if name is None or when is None:
        return None
    for other in sorted(segments_in(when)):
        if other == name or (other in others and name in others[other].reach):
            own = "itself" if other == name else f"`{other}`, which asks for `{name}`"
            reading.report(fields["when"].node, "circular", f"`{name}` asks for {own}: nobody could tell who is in.")
    if whole(when, {it: others[it] for it in segments_in(when) & others.keys()}).is_too_large:
        reading.report(fields["when"].node, "too_large", TOO_LARGE)
    if len(tallies_in(when)) > MOST_TALLIES:
        reading.report(fields["when"].node, "too_large", f"A rule has at most {MOST_TALLIES} things counted of events.")
    return Segment(name, when, spell(when))


def _name(node: Node, reading: Reading) -> str | None:
    name = reading.text(node, "`segment`", longest=LONGEST_NAME)
    if name is not None and not _NAME.fullmatch(name):
        # `é` is an e with an accent, which is left out.
        plain = "".join(it for it in normalize("NFKD", name.lower()) if not combining(it))
        near = "-".join(re.findall(r"[a-z0-9]+", plain))
        hint = f" Did you mean `{near}`?" if near else ""
        reading.report(node, "bad_name", f"A segment's name is lower case with hyphens, as in german-vips.{hint}")
        return None
    return name


def _when(node: Node, scope: Scope | None, reading: Reading) -> Condition | None:
    """Read the rule. What no query finds cannot be counted or listed, so that it picks nobody."""
    when = tree.read(node, scope, reading)
    if when is None or scope is None:
        return when
    try:
        query.of(when, now=_ANY_TIME)
    except query.BadRule as error:
        reading.report(node, "not_listable", error.message)
        return None
    return when
