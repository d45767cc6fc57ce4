"""What a rule that picks customers may speak of: their traits, stage and segments, and the numbers of rollups."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hub.conditions.catalogue import PROFILE
from hub.conditions.kinds import SEGMENT, Kind, Scope
from hub.conditions.model import Condition, asked
from hub.rollups import asking
from hub.rollups.catalogue import Catalogue
from hub.rollups.model import Rollup

ROOT: Final = "profile"


def of(defined: Catalogue, segments: Iterable[str] = ()) -> Scope:
    """Give what rules may speak of where these rollups and segments are published."""
    rollups = [it for it in defined.measures.values() if isinstance(it, Rollup)]
    known = {SEGMENT: dict.fromkeys(segments, Kind.OBJECT)}
    return {ROOT: PROFILE, **known, **{it.name: asking.shape_of(it) for it in rollups}}


def faults(condition: Condition, scope: Scope) -> Iterator[str]:
    """Say which numbers there are not. Of traits nobody knows all, of a rollup everybody does."""
    for it in asked(condition):
        shape: Mapping[str, object] = scope.get(it.path[0], {})
        if it.path[0] != ROOT and shape and (fault := asking.fault_of(it.path, scope[it.path[0]])):
            yield fault
