"""What a rule that picks customers may speak of: traits, stage, consents, segments, and the numbers of rollups."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from hub.conditions.catalogue import PROFILE
from hub.conditions.evaluator import SEGMENTS
from hub.conditions.kinds import SEGMENT, Kind, Names, Scope
from hub.conditions.model import Asked
from hub.profiles import asking as consents
from hub.profiles.model import Profile
from hub.rollups import asking
from hub.rollups.catalogue import Catalogue
from hub.rollups.model import Rollup

ROOT: Final = "profile"
STAGE: Final = "stage"


def of(defined: Catalogue, segments: Iterable[str] = ()) -> Scope:
    """Give what rules may speak of where these rollups and segments are published."""
    rollups = [it for it in defined.measures.values() if isinstance(it, Rollup)]
    known = {SEGMENT: Names(dict.fromkeys(segments, Kind.OBJECT))}
    numbers = {it.name: asking.shape_of(it) for it in rollups}
    return {ROOT: PROFILE, consents.ROOT: consents.SHAPE, **known, **numbers}


def told(profile: Profile, asks: Collection[Asked], at: datetime) -> dict[str, Any]:
    """Give what these questions are asked of: the same as a query finds in the profile's row."""
    windows: dict[str, set[int]] = {}
    for it in asks:
        if is_number(it):
            days = asking.window_of(it.path)
            windows.setdefault(it.path[0], set()).update(() if days is None else (days,))
    numbers = {name: asking.value_of(profile.rollups.get(name), at, windows=it) for name, it in windows.items()}
    words = consents.value_of(profile.consents, (it.path for it in asks if it.path[0] == consents.ROOT))
    own = {ROOT: {**profile.traits, STAGE: profile.stage}, SEGMENTS: profile.segment_names, consents.ROOT: words}
    return {**own, **numbers}


def is_number(asked: Asked) -> bool:
    """Tell whether a number of a rollup is asked for."""
    return asked.path[0] not in {ROOT, consents.ROOT}
