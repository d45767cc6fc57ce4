"""What a rule that picks customers may speak of: traits, stage, consents, segments, and the numbers of rollups."""

from collections.abc import Collection, Iterable
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from hub.conditions.catalogue import EVENTS, profile_of
from hub.conditions.evaluator import RANKED, SEGMENTS
from hub.conditions.model import Asked, Path, Ranked, tallies_of
from hub.conditions.shapes import DID, RANKING, SEGMENT, Happenings, Kind, Names, Scope
from hub.profiles import asking as consents
from hub.profiles.model import Profile
from hub.rankings import grades
from hub.rankings import model as rankings
from hub.rankings.model import Boundaries
from hub.rollups import asking
from hub.rollups.catalogue import Catalogue
from hub.rollups.model import Rollup
from hub.rollups.service import PURCHASES

ROOT: Final = "profile"
STAGE: Final = "stage"
OF_SEGMENTS: Final = frozenset({DID, RANKING, grades.ROOT})
"""What only rules of segments may speak of: it is counted for them. Others ask whether somebody is in the segment."""
NO_BOUNDARIES: Final[Boundaries] = MappingProxyType({})


def of(
    defined: Catalogue, segments: Iterable[str] = (), answers: Names | None = None, *, counted: bool = False
) -> Scope:
    """Give what rules may speak of where these rollups and segments are published, and these answers can be given.

    Without `answers` nobody knows which there are. If all must be `counted`, of events just what is counted already.
    """
    rollups = [it for it in defined.measures.values() if isinstance(it, Rollup) and it.name not in defined.tallies]
    known = {
        SEGMENT: Names(dict.fromkeys(segments, Kind.OBJECT)),
        RANKING: Names(dict.fromkeys(rankings.NUMBERS, Kind.NUMBER)),
    }
    numbers = {it.name: asking.shape_of(it) for it in rollups}
    happenings = Happenings(EVENTS, defined.tallies if counted else None)
    graded = {grades.ROOT: grades.SHAPE} if PURCHASES in numbers else {}
    return {ROOT: profile_of(answers), DID: happenings, consents.ROOT: consents.SHAPE, **known, **numbers, **graded}


def told(
    profile: Profile,
    windows: Iterable[tuple[str, int | None]],
    words: Iterable[Path],
    at: datetime,
    *,
    boundaries: Boundaries = NO_BOUNDARIES,
    graded: Collection[Path] = (),
) -> dict[str, Any]:
    """Give what rules are asked of: the same as a query finds in the profile's row.

    Args:
        profile: the customer.
        windows: which numbers of rollups to tell: see `windows_in`.
        words: which consents: see `consents_in`.
        at: the time.
        boundaries: where the ends of rankings begin that are asked for.
        graded: which scores: see `graded_in`.
    """
    days_of: dict[str, list[int]] = {}
    for name, days in windows:
        kept = days_of.setdefault(name, [])
        if days is not None:
            kept.append(days)
    numbers = {name: asking.value_of(profile.rollups.get(name), at, windows=days) for name, days in days_of.items()}
    said = consents.value_of(profile.consents, words)
    own: dict[str, Any] = {
        ROOT: {**profile.traits, STAGE: profile.stage},
        SEGMENTS: profile.segment_names,
        consents.ROOT: said,
    }
    if boundaries:
        places = {it.path: rankings.place_of(it.path, profile) for it in boundaries}
        own[RANKED] = frozenset(it for it, end in boundaries.items() if rankings.picks(it, places[it.path], end))
    if graded:
        own[grades.ROOT] = grades.value_of(graded, profile, boundaries)
    return {**own, **numbers}


def windows_in(asks: Iterable[Asked]) -> tuple[tuple[str, int | None], ...]:
    """List the rollups that are asked for, each with the days of the window, None for a lifetime."""
    asked = list(filter(is_number, asks))
    own = {(it.path[0], asking.window_of(it.path)): 0 for it in asked}
    return tuple({**own, **{(tally.name, None): 0 for it in asked for tally in tallies_of(it) if tally.days is None}})


def consents_in(asks: Iterable[Asked]) -> tuple[Path, ...]:
    """List the consents that are asked for."""
    return tuple({it.path: 0 for it in asks if it.path[0] == consents.ROOT})


def ranked_in(asks: Iterable[Asked]) -> frozenset[Ranked]:
    """List the rankings that are asked for, and those that scores are made of."""
    asked = list(asks)
    scores = {end for path in graded_in(asked) for end in grades.ends_of(path)}
    return frozenset(scores).union(it for it in asked if isinstance(it, Ranked))


def graded_in(asks: Iterable[Asked]) -> tuple[Path, ...]:
    """List the scores that are asked for."""
    return tuple({it.path: 0 for it in asks if it.path[0] == grades.ROOT})


def is_number(asked: Asked) -> bool:
    """Tell whether a number of a rollup is asked for."""
    return asked.path[0] not in {ROOT, consents.ROOT, grades.ROOT}
