"""What a rule that picks customers may speak of: traits, stage, consents, segments, and the numbers of rollups."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hub.conditions.catalogue import PROFILE
from hub.conditions.kinds import SEGMENT, Kind, Names, Scope
from hub.conditions.model import Asked, Condition, asked
from hub.profiles import asking as consents
from hub.rollups import asking
from hub.rollups.catalogue import Catalogue
from hub.rollups.model import Rollup

ROOT: Final = "profile"


def of(defined: Catalogue, segments: Iterable[str] = ()) -> Scope:
    """Give what rules may speak of where these rollups and segments are published."""
    rollups = [it for it in defined.measures.values() if isinstance(it, Rollup)]
    known = {SEGMENT: Names(dict.fromkeys(segments, Kind.OBJECT))}
    numbers = {it.name: asking.shape_of(it) for it in rollups}
    return {ROOT: PROFILE, consents.ROOT: consents.SHAPE, **known, **numbers}


def faults(condition: Condition, scope: Scope) -> Iterator[str]:
    """Say which numbers there are not. Of traits nobody knows all, of a rollup everybody does."""
    for it in asked(condition):
        shape = scope.get(it.path[0], {})
        if is_number(it) and isinstance(shape, Mapping) and shape and (fault := asking.fault_of(it.path, shape)):
            yield fault


def is_number(asked: Asked) -> bool:
    """Tell whether a number of a rollup is asked for."""
    return asked.path[0] not in {ROOT, consents.ROOT}
