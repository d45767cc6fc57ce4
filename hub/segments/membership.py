"""Who is in which segment, as a pure function of the profile: kept in it, and moved by what changes it.

`profile.segments` holds `in`, the segments it is in, each since when and for which cause; `edition`, by which it was
sorted; `pending`, what it entered and left and perhaps was not announced yet; and `due`, when time alone may move it
next. All of it is written by the update that changes the profile, so that nobody is moved without it, or by it twice.

Publishing a segment sorts everybody and announces nothing, for nothing has happened to these people: whoever does not
know the newest edition is sorted by it first, as they were before the event.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self, TypeAlias

from hub.events.model import Event, Kind
from hub.profiles import answers, consents
from hub.profiles import asking as consents_asking
from hub.profiles.model import Profile, Unranked
from hub.segments.catalogue import Catalogue
from hub.segments.model import Segment, facts_of
from hub.segments.scope import ROOT, STAGE

ENTERED: Final = "Segment Entered"
LEFT: Final = "Segment Left"
DEFINITION: Final = "definition"
"""The cause of a membership that follows from a new rule, and from nothing that has happened."""

_TOLD: Final[Mapping[str, str]] = {
    # Consents are written by whoever decides them, before this says that they have changed.
    consents.CHANGED: consents_asking.ROOT,
    answers.ANSWERED: f"{ROOT}.{answers.TRAIT}",
}
"""What rules look at that an event of the hub's own has changed, by its name."""

State: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """A profile entered or left a segment, by the event or at the moment that `cause` names."""

    name: str
    segment: str
    at: datetime
    cause: str

    @property
    def row(self) -> dict[str, Any]:
        """How a profile keeps it until it is announced."""
        return {"name": self.name, "segment": self.segment, "at": self.at, "cause": self.cause}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read it from a profile."""
        return cls(row["name"], row["segment"], row["at"], row["cause"])


class OutdatedError(Exception):
    """A profile was sorted by segments that this process does not know yet: it has to look again which there are."""


def moved(
    before: Profile,
    after: Profile,
    event: Event,
    defined: Catalogue,
    *,
    now: datetime,
    uncounted: Collection[str] = (),
) -> Profile:
    """Say where a profile stands after an event, by asking only the rules that look at what it may have changed.

    Args:
        before: as it was, brought up to `now`.
        after: as it is.
        event: what happened.
        defined: the segments.
        now: the time.
        uncounted: the rollups that are not complete for it. Who asks for them is not moved: the back-fill sorts them.

    Raises:
        OutdatedError: it was sorted by newer segments.
    """
    _check(before, defined)
    if not defined.edition:
        return after
    if _is_new(before):
        sorted_before: State = {"edition": defined.edition, "in": []}
        touched = [*defined.segments.values()]
    else:
        sorted_before = _known(before, defined, now=now, uncounted=uncounted)
        traits = _changed(before, after, event) if event.kind is Kind.IDENTIFY else ()
        said = (_TOLD[event.name],) if event.name in _TOLD else ()
        touched = _looking_at({*traits, *said, *_found_out(before, after)}, defined)
    return _stood(
        replace(after, segments=sorted_before),
        _counted(touched, uncounted),
        defined,
        at=now,
        cause=str(event.id),
        announced=not event.is_history,
    )


def passed(
    before: Profile, after: Profile, defined: Catalogue, *, at: datetime, uncounted: Collection[str] = ()
) -> Profile:
    """Say where a profile stands after time alone has come to `at`, and perhaps brought it to another stage.

    Only the segments are asked by which it was sorted: a newer one would move people to whom nothing has happened. If
    they are newer than the defined ones, nothing is decided here.
    """
    edition = before.segments.get("edition", 0)
    if edition > defined.edition:
        return after
    due = before.segments.get("due")
    is_due = due is not None and due <= at
    timed = defined.timed if is_due else ()
    touched = {it.name: it for it in (*_looking_at(_found_out(before, after), defined), *timed)}
    known = [it for it in touched.values() if defined.editions[it.name] <= edition]
    after = _undated(after) if is_due else after
    return _stood(after, _counted(known, uncounted), defined, at=at, cause=at.isoformat())


def settled(
    before: Profile, after: Profile, defined: Catalogue, *, now: datetime, uncounted: Collection[str] = ()
) -> Profile:
    """Sort a profile to which nothing has happened: by segments it does not know, and by what was found out of it.

    A segment that was deleted it is in no longer. It announces nothing.
    """
    edition = before.segments.get("edition", 0)
    if edition > defined.edition:
        return after
    touched = {it.name: it for it in (*defined.since(edition), *_looking_at(_found_out(before, after), defined))}
    if after.absorbed_by is not None:
        touched = {}
    elif edition == defined.edition and not touched:
        return after
    kept = [it for it in after.segments.get("in", ()) if it["name"] in defined.segments]
    state = {**_undated(after).segments, "edition": defined.edition, "in": kept}
    counted = _counted(touched.values(), uncounted)
    return _stood(replace(after, segments=state), counted, defined, at=now, cause=DEFINITION, announced=False)


def reranked(
    profile: Profile,
    defined: Catalogue,
    *,
    at: datetime,
    cause: str,
    uncounted: Collection[str] = (),
    announced: bool = True,
) -> Profile:
    """Say where a profile stands after boundaries of rankings have moved, by the segments by which it was sorted."""
    edition = profile.segments.get("edition", 0)
    if profile.absorbed_by is not None:
        return replace(profile, unranked=None)
    touched = _counted([it for it in defined.ranking if defined.editions[it.name] <= edition], uncounted)
    after = _stood(profile, touched, defined, at=at, cause=cause, announced=announced)
    return replace(after, unranked=None)


def anew(profile: Profile) -> Profile:
    """Have a profile sorted anew by the back-fill: what it is was not changed by an event."""
    return replace(profile, segments={**profile.segments, "edition": 0})


def merged(
    head: Profile,
    other: Profile,
    both: Profile,
    defined: Catalogue,
    *,
    now: datetime,
    uncounted: Collection[str] = (),
) -> Profile:
    """Give a head its segments after it has taken in another profile.

    A person who was in a segment by either of their profiles does not enter it again.

    Raises:
        OutdatedError: one of them was sorted by newer segments.
    """
    _check(head, defined)
    _check(other, defined)
    if not defined.edition:
        return both
    ours, theirs = (_known(it, defined, now=now, uncounted=uncounted) for it in (head, other))
    names = {it["name"] for it in ours.get("in", ())}
    either = [*ours.get("in", ()), *(it for it in theirs.get("in", ()) if it["name"] not in names)]
    state = {**ours, "edition": defined.edition, "in": either}
    # By its revision too: two who are divided and merged again become one twice.
    cause = f"merge/{other.id}/{both.rev}"
    touched = _counted(defined.segments.values(), uncounted)
    return _stood(replace(both, segments=state), touched, defined, at=now, cause=cause)


def unannounced(profile: Profile) -> Sequence[Move]:
    """List the moves of a profile that are decided and perhaps not announced yet."""
    return [Move.of(row) for row in profile.segments.get("pending", ())]


def announced(profile: Profile) -> Profile:
    """Forget the moves that were announced."""
    if "pending" not in profile.segments:
        return profile
    return replace(profile, segments={name: it for name, it in profile.segments.items() if name != "pending"})


def undue(profile: Profile, *, now: datetime) -> Profile:
    """Have nobody look at a profile again for what is past."""
    due = profile.segments.get("due")
    return replace(profile, segments={**profile.segments, "due": None}) if due is not None and due <= now else profile


def _stood(
    profile: Profile,
    touched: Collection[Segment],
    defined: Catalogue,
    *,
    at: datetime,
    cause: str,
    announced: bool = True,
) -> Profile:
    """Ask these rules where a profile stands, and note what has changed and when to ask again."""
    if not touched and ("due" in profile.segments or not defined.timed):
        return profile
    edition, unranked = profile.segments.get("edition", 0), profile.unranked
    if any(it.ranked for it in touched):
        # What it counts may have changed, and the boundaries may be older than those that stand by now.
        unranked = Unranked.LOUD if announced else Unranked.SILENT
        touched = [it for it in touched if it.ranked <= defined.boundaries.keys()]
    facts = facts_of(profile, touched, at, defined.boundaries)
    standing = {it["name"]: it for it in profile.segments.get("in", ())}
    moves = []
    for segment in touched:
        if (is_in := segment.picks(facts, at)) == (segment.name in standing):
            continue
        if is_in:
            standing[segment.name] = {"name": segment.name, "since": at, "cause": cause}
        else:
            del standing[segment.name]
        moves.append(Move(ENTERED if is_in else LEFT, segment.name, at, cause).row)
    state = {"due": None, **profile.segments, "in": list(standing.values())}
    if "due" not in profile.segments or any(it.is_timed for it in touched):
        state["due"] = defined.turns_of(edition).next(profile, facts, at)
    if moves and announced:
        state["pending"] = [*profile.segments.get("pending", ()), *moves]
    return replace(profile, segments=state, unranked=unranked)


def _undated(profile: Profile) -> Profile:
    """Forget when time alone moves a profile next: it is found out anew, for rules may have gone."""
    return replace(profile, segments={name: it for name, it in profile.segments.items() if name != "due"})


def _known(profile: Profile, defined: Catalogue, *, now: datetime, uncounted: Collection[str]) -> State:
    """Give the segments of a profile, sorted by all that are defined."""
    return settled(profile, profile, defined, now=now, uncounted=uncounted).segments


def _check(profile: Profile, defined: Catalogue) -> None:
    if profile.segments.get("edition", 0) > defined.edition:
        raise OutdatedError


def _counted(segments: Iterable[Segment], uncounted: Collection[str]) -> list[Segment]:
    """Leave out the segments that look at a rollup which is not complete."""
    return [it for it in segments if not uncounted or it.asks.isdisjoint(uncounted)]


def _looking_at(names: Collection[str], defined: Catalogue) -> list[Segment]:
    """List the segments that look at something of these names, each once."""
    return list({segment.name: segment for name in names for segment in defined.asking.get(name, ())}.values())


def _changed(before: Profile, after: Profile, event: Event) -> list[str]:
    """Name the traits that an event has changed: most are said again and again, and moved whom they move before."""
    changed = []
    for name in event.traits:
        one, other = before.traits.get(name), after.traits.get(name)
        # To Python 1 and true are equal, inside of lists and objects too; to rules they are not.
        if type(one) is not type(other) or one != other or isinstance(one, list | dict):
            changed.append(f"{ROOT}.{name}")
    return changed


def _found_out(before: Profile, after: Profile) -> list[str]:
    """Name what the hub has found out of a profile, and what is no trait."""
    counted = [name for name, state in after.rollups.items() if state is not before.rollups.get(name)]
    return [*counted, *([f"{ROOT}.{STAGE}"] if before.stage != after.stage else ())]


def _is_new(profile: Profile) -> bool:
    """Tell whether nothing is known of a profile yet, so that all there is to it begins with this event."""
    return not profile.rev and not profile.events and not profile.members
