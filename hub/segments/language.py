"""The document of a segment: YAML or JSON, checked name by name.

segment: german-vips
description: Who gets the parcel at Christmas.
when: profile.vip = true and profile.country = "DE"
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from hub.conditions import tree
from hub.conditions.kinds import Scope
from hub.conditions.model import Condition, segments_in
from hub.conditions.spelling import spell
from hub.kit import documents
from hub.kit.documents import Node
from hub.kit.problems import InvalidDefinition
from hub.kit.reading import Reading
from hub.segments import query
from hub.segments.model import Segment

LONGEST_NAME: Final = 64
LONGEST_DESCRIPTION: Final = 2_000

NOBODY: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read(source: str, scope: Scope, reach: Mapping[str, frozenset[str]] = NOBODY) -> Segment:
    """Read a segment that somebody wants to publish.

    Args:
        source: the document, YAML or JSON.
        scope: what its rule may speak of.
        reach: the segments that each published one asks for, itself or by those it asks for.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    return _whole(source, scope, reach)


def read_published(source: str) -> Segment:
    """Read a segment that was checked when it was published: what rollups have become since must not stop anything."""
    return _whole(source, None, NOBODY)


def _whole(source: str, scope: Scope | None, reach: Mapping[str, frozenset[str]]) -> Segment:
    reading = Reading()
    segment = _read(documents.load(source), scope, reach, reading)
    if reading.problems or segment is None:
        raise InvalidDefinition(reading.problems)
    return segment


def _read(document: Node, scope: Scope | None, reach: Mapping[str, frozenset[str]], reading: Reading) -> Segment | None:
    fields = reading.fields(document, "a segment", ("segment", "description", "when"), "segment", "when")
    if "description" in fields:
        reading.text(fields["description"].node, "`description`", longest=LONGEST_DESCRIPTION)
    name = _name(fields["segment"].node, reading) if "segment" in fields else None
    when = _when(fields["when"].node, scope, reading) if "when" in fields else None
    if name is None or when is None:
        return None
    for other in sorted(segments_in(when)):
        if other == name or name in reach.get(other, ()):
            own = "itself" if other == name else f"`{other}`, which asks for `{name}`"
            reading.report(fields["when"].node, "circular", f"`{name}` asks for {own}: nobody could tell who is in.")
    return Segment(name, when, spell(when))


def _name(node: Node, reading: Reading) -> str | None:
    name = reading.text(node, "`segment`", longest=LONGEST_NAME)
    if name is not None and not _NAME.fullmatch(name):
        near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
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
