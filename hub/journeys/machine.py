"""The journey machine: a pure function from a run and what it heard to the run as it goes on, and its intents.

The cohort, the simulator and the back-test drive this same function.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hub.conditions.evaluator import compiled
from hub.conditions.model import Path
from hub.events.model import Event, Properties
from hub.journeys import model
from hub.journeys.definition import Branch, Definition, End, Send, Step, StepId, Wait
from hub.journeys.model import Intent, Mark, ReleaseGuard, Run, SendMessage, Status, Version
from hub.messaging import habits
from hub.profiles.model import Channel
from hub.rollups.engagement import Habits


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run may look at while it advances: what rules may ask of its profile, and its entering event's properties.

    `profile` has the traits, `stage` and `preferred`: see `hub.rollups.facts`. `others` is what its conditions ask for
    besides: segments, consents, and numbers of rollups by their names, see `hub.segments.scope`. `habits` is where and
    when they take notice of messages, as far as a step asks for it.
    """

    profile: Properties
    properties: Properties
    others: Properties = field(default_factory=dict)
    habits: Habits = field(default_factory=Habits)

    @property
    def scope(self) -> Mapping[str, Any]:
        """The value that conditions read."""
        return {**self.others, "profile": self.profile, "properties": self.properties}


def admits(definition: Definition, event: Event, facts: Facts, *, now: datetime) -> bool:
    """Tell whether an event matches the entry of a journey, with what rules may ask of it and its profile."""
    if event.name != definition.entry.event:
        return False
    where = definition.entry.where
    return where is None or compiled(where)(facts.scope, now)


def enter(definition: Definition, version: Version, event: Event, *, now: datetime) -> Run:
    """Make the run of a stamped event that was admitted. It waits at the first step, not yet begun."""
    if event.profile_id is None or event.seq is None:
        raise ValueError(f"Event {event.id} is not stamped.")
    key = _key(definition.entry.key, event.properties)
    return Run(
        id=model.run_id(event.profile_id, version.journey, key, event.id),
        version=version,
        profile_id=event.profile_id,
        guard_id=model.guard_id(event.profile_id, version.journey, key),
        key=key,
        event_id=event.id,
        seq=event.seq,
        matches=tuple(_value(it.match, event.properties) for it in definition.exits),
        entered_at=now,
        status=Status.WAITING,
        step=definition.first,
        trail=(Mark(at=now, step=None, did="entered", detail={"event": event.name}),),
    )


def concerns(definition: Definition, run: Run, event: Event) -> bool:
    """Tell whether a waiting run must hear of an event of its profile: one that is later and matches an exit."""
    if event.seq is None or event.seq <= run.seq or event.id in run.heard:
        return False
    return any(
        it.event == event.name and (it.match is None or _same(run.matches[place], _value(it.match, event.properties)))
        for place, it in enumerate(definition.exits)
    )


def advance(definition: Definition, run: Run, facts: Facts, *, now: datetime) -> Run:
    """Take a live run as far as it goes at `now`."""
    if leaving := _exit_heard(definition, run):
        return _ended(run, Status.EXITED, leaving, now)
    run = _heard(run)
    way, step_id = _Way(facts, now, run.due, run.visits), run.step
    while step_id is not None:
        step = definition.steps[step_id]
        if way.stays_at(step):
            break
        step_id = way.leads_on(step)
    onward = replace(
        run,
        step=step_id,
        due=way.due,
        visits=way.visits,
        intents=(*run.intents, *way.intents),
        trail=(*run.trail, *way.trail),
    )
    if step_id is None:
        return _ended(onward, Status.FINISHED, None, now)
    return onward


@dataclass(slots=True)
class _Way:
    """How far one look takes a run, and what is decided on the way. `due` is until when it waits where it is."""

    facts: Facts
    now: datetime
    due: datetime | None
    visits: int
    intents: list[Intent] = field(default_factory=list)
    trail: list[Mark] = field(default_factory=list)

    def stays_at(self, step: Step) -> bool:
        """Tell whether the run waits at a step. Once it has waited there, it does not come to it again."""
        if self.due is None or not _may_wait(step):
            self.visits += 1
            until, why = self._until(step)
            if until is None:
                return False
            self.due = until
            self.trail.append(Mark(at=self.now, step=step.id, did="waits", detail={"until": until, **why}))
        if self.due > self.now:
            return True
        self.due = None
        return False

    def leads_on(self, step: Step) -> StepId | None:
        """Do what a step says, and give the one that follows."""
        match step:
            case Wait():
                return step.then
            case Send():
                way = habits.route(step, self.facts.habits)
                why = {**way.why, **habits.hour(step, self.facts.habits, self.now)}
                self.intents.append(_send(step, self.visits, way.channels, why))
                self._note(step, "sends", {"template": step.template, **why})
                return step.then
            case Branch():
                arm, then = _choose(step, self.facts, self.now)
                self._note(step, "branches", {"arm": arm})
                return then
            case End():
                return None

    def _until(self, step: Step) -> tuple[datetime | None, Mapping[str, Any]]:
        match step:
            case Wait():
                return self.now + step.duration, {}
            case Send():
                at, why = habits.moment(step, self.facts.habits, self.now)
                return (at, why) if at > self.now else (None, {})
        return None, {}

    def _note(self, step: Step, did: str, detail: Mapping[str, Any]) -> None:
        self.trail.append(Mark(at=self.now, step=step.id, did=did, detail=detail))


def _may_wait(step: Step) -> bool:
    return isinstance(step, Wait) or (isinstance(step, Send) and step.at_best_hour)


def fail(run: Run, reason: str, *, now: datetime) -> Run:
    """End a run that the machine could not advance. Its neighbours go on."""
    return _ended(replace(run, intents=()), Status.FAILED, reason, now)


def _exit_heard(definition: Definition, run: Run) -> str | None:
    names = {it.event for it in definition.exits}
    heard = sorted((it for it in run.inputs if it.name in names and it.seq > run.seq), key=lambda it: it.seq)
    return heard[0].name if heard else None


def _heard(run: Run) -> Run:
    if not run.inputs:
        return run
    return replace(run, inputs=(), heard=(*run.heard, *(it.event_id for it in run.inputs)))


def _ended(run: Run, status: Status, reason: str | None, now: datetime) -> Run:
    return replace(
        _heard(run),
        status=status,
        due=None,
        intents=(*run.intents, ReleaseGuard()),
        trail=(*run.trail, Mark(at=now, step=run.step, did=status.value, detail={"reason": reason} if reason else {})),
        ended_at=now,
        reason=reason,
    )


def _send(step: Send, visit: int, channels: tuple[Channel, ...], why: Mapping[str, str]) -> SendMessage:
    return SendMessage(step.id, visit, step.template, channels, step.brand, step.topic, step.priority, why)


def _choose(branch: Branch, facts: Facts, now: datetime) -> tuple[int | None, StepId | None]:
    for place, arm in enumerate(branch.arms):
        if arm.when is None or compiled(arm.when)(facts.scope, now):
            return place, arm.then
    return None, branch.then


def _key(path: Path | None, properties: Properties) -> str | None:
    value = None if path is None else _value(path, properties)
    return None if value is None else str(value)


def _value(path: Path | None, properties: Properties) -> Any:
    """Follow a path such as `properties.order_id` into the properties of an event."""
    if path is None:
        return None
    value: Any = properties
    for name in path[1:]:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str | int | float | bool) else None


def _same(entering: Any, heard: Any) -> bool:
    # A missing value matches nothing: an order without an id does not end every cart of its customer.
    return entering is not None and str(entering) == str(heard)
