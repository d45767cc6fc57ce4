"""What a rule that picks customers may speak of: traits, stage, consents, segments, and the numbers of rollups."""

from collections.abc import Iterable
from typing import Final

from hub.conditions.catalogue import profile_of
from hub.conditions.kinds import SEGMENT, Kind, Names, Scope
from hub.conditions.model import Asked
from hub.profiles import asking as consents
from hub.rollups import asking
from hub.rollups.catalogue import Catalogue
from hub.rollups.model import Rollup

ROOT: Final = "profile"


def of(defined: Catalogue, segments: Iterable[str] = (), answers: Names | None = None) -> Scope:
    """Give what rules may speak of where these rollups and segments are published, and these answers can be given.

    Without `answers` nobody knows which there are.
    """
    rollups = [it for it in defined.measures.values() if isinstance(it, Rollup)]
    known = {SEGMENT: Names(dict.fromkeys(segments, Kind.OBJECT))}
    numbers = {it.name: asking.shape_of(it) for it in rollups}
    return {ROOT: profile_of(answers), consents.ROOT: consents.SHAPE, **known, **numbers}


def is_number(asked: Asked) -> bool:
    """Tell whether a number of a rollup is asked for."""
    return asked.path[0] not in {ROOT, consents.ROOT}
