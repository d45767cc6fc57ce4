"""What an event changes in the rollups, preferences and stage of its profile, and what time alone changes.

A measure is kept up by events only where the profile's state is of the published version. Any other state waits for the
back-fill, which counts the whole history at once: so no event is counted twice or forgotten.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from hub.definitions import Version
from hub.events.model import Event, Trust
from hub.profiles.model import Profile
from hub.rollups import counting, engagement, preferring, stages, tallies
from hub.rollups.catalogue import Catalogue
from hub.rollups.model import STAGES, Engagement, Measure, Preference, Rollup, Stages, State

_ORDERS: Final = "Order "
"""Only a server's word completes, changes or refunds an order; so such events of a client count nowhere."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A profile passed from one stage to another: by the event, or at the moment, that `cause` names."""

    from_: str | None
    to: str | None
    at: datetime
    cause: str
    evidence: Mapping[str, Any]

    @property
    def row(self) -> dict[str, Any]:
        """How a profile keeps it until it is announced."""
        return {"from": self.from_, "to": self.to, "at": self.at, "cause": self.cause, "evidence": dict(self.evidence)}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read it from a profile."""
        return cls(row["from"], row["to"], row["at"], row["cause"], row["evidence"])


def begun(profile: Profile, catalogue: Catalogue) -> Profile:
    """Prepare a profile that is being made: it has no history, so it is complete for every definition."""
    states = {it.name: _empty(it, catalogue) for it in catalogue.measures.values()}
    life = {"version": catalogue.versions[STAGES].id} if catalogue.stages else {}
    return replace(profile, rollups={**profile.rollups, **states}, life=life, edition=catalogue.edition)


def taken_in(profile: Profile, event: Event, catalogue: Catalogue, *, now: datetime) -> Profile:
    """Count an event, and say where the profile stands after it."""
    measures = [it for it in catalogue.heard.get(event.name, ()) if _keeps(profile, it, catalogue)]
    states = _counted(profile.rollups, measures, event)
    if not states:
        return profile
    # What time alone has changed before the event comes before it.
    before = passed(profile, catalogue, now=now)
    after = replace(before, rollups={**before.rollups, **states})
    rules = _rules_of(after, catalogue)
    if rules is None or not rules.reads & states.keys():
        return after
    version = catalogue.versions[STAGES]
    if event.is_history:
        return _settled(after, rules, version, now=now, cause=str(event.id))
    return _moved(after, rules, version, at=now, cause=str(event.id))


def passed(profile: Profile, catalogue: Catalogue, *, now: datetime) -> Profile:
    """Bring the stage of a profile up to `now`, one transition after the other."""
    rules = _rules_of(profile, catalogue)
    while rules is not None and (due := profile.life.get("due")) is not None and due <= now:
        version = catalogue.versions[STAGES]
        profile = _moved(profile, rules, version, at=due, cause=f"{due.isoformat()}/{version.id}")
    return profile


def missing(profile: Profile, catalogue: Catalogue) -> list[Measure]:
    """List the measures for which a profile has no state of the published version."""
    return [it for it in catalogue.measures.values() if not _keeps(profile, it, catalogue)]


def replayed(profile: Profile, history: Iterable[Event], catalogue: Catalogue, *, now: datetime) -> Profile:
    """Complete a profile for all definitions by counting its whole history, in any order.

    States of the published versions stay, those of tallies that nobody asks for any more go. The stage follows without
    an announcement: it was found out, and nothing has happened.
    """
    wanted = missing(profile, catalogue)
    fresh = {it.name: _empty(it, catalogue) for it in wanted}
    for event in history:
        fresh |= _counted(fresh, [it for it in wanted if event.name in it.events], event)
    kept = {name: it for name, it in profile.rollups.items() if name in catalogue.tallies or not tallies.is_tally(name)}
    filled = replace(profile, rollups={**kept, **fresh}, edition=catalogue.edition)
    if catalogue.stages is None or (_rules_of(profile, catalogue) and not catalogue.stages.reads & fresh.keys()):
        return filled
    return _settled(filled, catalogue.stages, catalogue.versions[STAGES], now=now)


def merged(head: Profile, other: Profile, catalogue: Catalogue, *, now: datetime) -> Profile:
    """Give a head what another profile has counted. What either has not of the published version is counted anew."""
    head = passed(head, catalogue, now=now)
    both = [it for it in catalogue.measures.values() if _keeps(head, it, catalogue) and _keeps(other, it, catalogue)]
    states = {it.name: _joined(it, head.rollups[it.name], other.rollups[it.name]) for it in both}
    joined = anew(head, catalogue)
    joined = replace(joined, rollups={**joined.rollups, **states})
    if len(states) < len(catalogue.measures):
        return joined
    joined = replace(joined, edition=catalogue.edition)
    if catalogue.stages is None:
        return joined
    return _settled(joined, catalogue.stages, catalogue.versions[STAGES], now=now)


def anew(profile: Profile, catalogue: Catalogue) -> Profile:
    """Have everything counted anew by the back-fill: its history is no longer what it was."""
    kept = {name: it for name, it in profile.rollups.items() if name not in catalogue.measures}
    return replace(profile, rollups=kept, edition=0)


def unannounced(profile: Profile) -> Sequence[Transition]:
    """List the transitions of a profile that are decided and perhaps not announced yet."""
    return [Transition.of(row) for row in profile.life.get("pending", ())]


def announced(profile: Profile) -> Profile:
    """Forget the transitions that were announced; from now on the profile is due when time changes it next."""
    return replace(profile, life={name: value for name, value in profile.life.items() if name != "pending"})


def undue(profile: Profile, *, now: datetime) -> Profile:
    """Have nobody look at a profile again for what is past and could not be decided."""
    due = profile.life.get("due")
    return replace(profile, life={**profile.life, "due": None}) if due is not None and due <= now else profile


def _counted(states: Mapping[str, State], measures: Iterable[Measure], event: Event) -> dict[str, State]:
    """Add an event to the states of the measures that count it."""
    if event.name.startswith(_ORDERS) and event.trust is not Trust.SERVER:
        return {}
    counted: dict[str, State] = {}
    for measure in measures:
        match measure:
            case Rollup():
                part = counting.single(measure, event) if counting.counts(measure, event) else None
            case Preference():
                part = preferring.single(measure, event)
            case Engagement():
                part = engagement.single(measure, event)
        if part is not None:
            counted[measure.name] = _joined(measure, states[measure.name], part)
    return counted


def _joined(measure: Measure, one: State, other: State) -> State:
    """Add up two states, the first of which is a profile's."""
    if isinstance(measure, Rollup):
        # Not what else stood in it: a sum is over where another currency has come.
        return {"version": one["version"], "windows": one["windows"], **counting.merged(measure, one, other)}
    if isinstance(measure, Engagement):
        return {**one, **engagement.merged(measure, one, other)}
    return {**one, **preferring.merged(measure, one, other)}


def _empty(measure: Measure, catalogue: Catalogue) -> State:
    """Make the state of a profile that has done nothing yet. It says by itself what it can be asked for."""
    version = catalogue.versions[measure.name].id
    if isinstance(measure, Rollup):
        return {"version": version, "windows": list(measure.windows)}
    if isinstance(measure, Engagement):
        return {"version": version, "last": measure.last}
    return {"version": version, "within": measure.within_days}


def _keeps(profile: Profile, measure: Measure, catalogue: Catalogue) -> bool:
    state = profile.rollups.get(measure.name)
    return state is not None and state["version"] == catalogue.versions[measure.name].id


def _rules_of(profile: Profile, catalogue: Catalogue) -> Stages | None:
    """Give the rules of stages; None where the profile's stage or a state they read is not of published versions."""
    rules = catalogue.stages
    if rules is None or profile.absorbed_by is not None:
        return None
    measures = [it for name in rules.reads if (it := catalogue.measures.get(name))]
    of_version = profile.life.get("version") == catalogue.versions[STAGES].id
    return rules if of_version and all(_keeps(profile, it, catalogue) for it in measures) else None


def _moved(profile: Profile, rules: Stages, version: Version, *, at: datetime, cause: str) -> Profile:
    """Say where a profile stands at a moment. Where that is another stage, the transition waits to be announced."""
    stage, evidence, due = _standing(profile, rules, at)
    pending: Sequence[Mapping[str, Any]] = profile.life.get("pending", ())
    life = {**profile.life, "due": due}
    if stage != profile.stage:
        pending = [*pending, Transition(profile.stage, stage, at, cause, evidence).row]
        life = {"version": version.id, "since": at, "cause": cause, "evidence": evidence, "due": due}
        life["pending"] = pending
    return replace(profile, stage=stage, life=life)


def _settled(profile: Profile, rules: Stages, version: Version, *, now: datetime, cause: str = "definition") -> Profile:
    """Say where a profile stands, without a transition. What is not announced yet still will be."""
    stage, evidence, due = _standing(profile, rules, now)
    life = {**profile.life, "version": version.id, "due": due}
    if stage != profile.stage:
        life |= {"since": now, "cause": cause, "evidence": evidence}
    return replace(profile, stage=stage, life=life)


def _standing(profile: Profile, rules: Stages, at: datetime) -> tuple[str | None, dict[str, Any], datetime | None]:
    """Tell the stage of a profile, from what it follows, and when time changes it next."""
    rule = stages.rule_at(rules, profile.rollups, at)
    evidence = stages.evidence(rules, profile.rollups, rule)
    return rule.stage if rule else None, evidence, stages.next_change(rules, profile.rollups, at)
