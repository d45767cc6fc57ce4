"""Who is in which segment, as a pure function of the profile: kept in it, and moved by what changes it.

`profile.segments` holds `in`, the segments it is in, each since when and for which cause; `edition`, by which it was
sorted; `pending`, what it entered and left and perhaps was not announced yet; and `due`, when time alone may move it
next. All of it is written by the update that changes the profile, so that nobody is moved without it, or by it twice.

Publishing a segment sorts everybody and announces nothing, for nothing has happened to these people: whoever does not
know the newest edition is sorted by it first, as they were before the event.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self, TypeAlias

from hub.events.model import Event, Kind
from hub.profiles import answers, consents
from hub.profiles import asking as consents_asking
from hub.profiles.model import Profile
from hub.segments.catalogue import Catalogue
from hub.segments.model import STAGE, Segment, facts_of
from hub.segments.scope import ROOT

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


def moved(before: Profile, after: Profile, event: Event, defined: Catalogue, *, now: datetime) -> Profile:
    """Say where a profile stands after an event, by asking only the rules that look at what it may have changed."""
    if not defined.edition:
        return after
    if _is_new(before):
        sorted_before, touched = {"edition": defined.edition, "in": []}, [*defined.segments.values()]
    else:
        sorted_before = dict(_known(before, defined, now=now))
        traits = [f"{ROOT}.{name}" for name in event.traits] if event.kind is Kind.IDENTIFY else ()
        said = (_TOLD[event.name],) if event.name in _TOLD else ()
        touched = _looking_at({*traits, *said, *_found_out(before, after)}, defined)
    known = replace(after, segments=sorted_before)
    return _stood(known, touched, defined, at=now, cause=str(event.id), announced=not event.is_history)


def passed(before: Profile, after: Profile, defined: Catalogue, *, at: datetime) -> Profile:
    """Say where a profile stands after time alone has come to `at`, and perhaps brought it to another stage."""
    due = before.segments.get("due")
    is_due = due is not None and due <= at
    timed = defined.timed if is_due else ()
    touched = {it.name: it for it in (*_looking_at(_found_out(before, after), defined), *timed)}
    return _stood(_undated(after) if is_due else after, touched.values(), defined, at=at, cause=at.isoformat())


def settled(before: Profile, after: Profile, defined: Catalogue, *, now: datetime) -> Profile:
    """Sort a profile to which nothing has happened: by segments it does not know, and by what was found out of it.

    A segment that was deleted it is in no longer.
    """
    known = before.segments.get("edition", 0)
    touched = {it.name: it for it in (*defined.since(known), *_looking_at(_found_out(before, after), defined))}
    if after.absorbed_by is not None:
        touched = {}
    elif known == defined.edition and not touched:
        return after
    kept = [it for it in after.segments.get("in", ()) if it["name"] in defined.segments]
    after = replace(after, segments={**after.segments, "in": kept})
    stood = _stood(_undated(after), touched.values(), defined, at=now, cause=DEFINITION, announced=False)
    return replace(stood, segments={**stood.segments, "edition": defined.edition})


def anew(profile: Profile) -> Profile:
    """Have a profile sorted anew by the back-fill: what it is was not changed by an event."""
    return replace(profile, segments={**profile.segments, "edition": 0})


def merged(head: Profile, other: Profile, both: Profile, defined: Catalogue, *, now: datetime) -> Profile:
    """Give a head its segments after it has taken in another profile.

    A person who was in a segment by either of their profiles does not enter it again.
    """
    if not defined.edition:
        return both
    ours, theirs = (_known(it, defined, now=now) for it in (head, other))
    names = {it["name"] for it in ours.get("in", ())}
    either = [*ours.get("in", ()), *(it for it in theirs.get("in", ()) if it["name"] not in names)]
    state = {**ours, "edition": defined.edition, "in": either}
    return _stood(replace(both, segments=state), defined.segments.values(), defined, at=now, cause=f"merge/{other.id}")


def unannounced(profile: Profile) -> Sequence[Move]:
    """List the moves of a profile that are decided and perhaps not announced yet."""
    return [Move.of(row) for row in profile.segments.get("pending", ())]


def announced(profile: Profile) -> Profile:
    """Forget the moves that were announced."""
    if "pending" not in profile.segments:
        return profile
    return replace(profile, segments={name: it for name, it in profile.segments.items() if name != "pending"})


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
    timed = defined.timed if "due" not in profile.segments or any(it.is_timed for it in touched) else ()
    facts = facts_of(profile, (*touched, *timed), at)
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
    if timed:
        turns = [turn for it in timed if (turn := it.next_turn(profile, facts, at)) is not None]
        state["due"] = min(turns, default=None)
    if moves and announced:
        state["pending"] = [*profile.segments.get("pending", ()), *moves]
    return replace(profile, segments=state)


def _undated(profile: Profile) -> Profile:
    """Forget when time alone moves a profile next: it is found out anew, for rules may have gone."""
    return replace(profile, segments={name: it for name, it in profile.segments.items() if name != "due"})


def _known(profile: Profile, defined: Catalogue, *, now: datetime) -> State:
    """Give the segments of a profile, sorted by all that are defined."""
    return settled(profile, profile, defined, now=now).segments


def _looking_at(names: Collection[str], defined: Catalogue) -> list[Segment]:
    """List the segments that look at something of these names, each once."""
    return list({segment.name: segment for name in names for segment in defined.asking.get(name, ())}.values())


def _found_out(before: Profile, after: Profile) -> list[str]:
    """Name what the hub has found out of a profile, and what is no trait."""
    counted = [name for name, state in after.rollups.items() if state is not before.rollups.get(name)]
    return [*counted, *([f"{ROOT}.{STAGE}"] if before.stage != after.stage else ())]


def _is_new(profile: Profile) -> bool:
    """Tell whether nothing is known of a profile yet, so that all there is to it begins with this event."""
    return not profile.rev and not profile.events and not profile.members
