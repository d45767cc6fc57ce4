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
from hub.journeys.definition import Branch, Definition, End, Send, StepId, Wait
from hub.journeys.model import Intent, Mark, ReleaseGuard, Run, SendMessage, Status, Version


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run may look at while it advances: what rules may ask of its profile, and its entering event's properties.

    `profile` has the traits, `stage` and `preferred`: see `hub.rollups.facts`. `others` is what its conditions ask for
    besides: segments, consents, and numbers of rollups by their names, see `hub.segments.scope`.
    """

    profile: Properties
    properties: Properties
    others: Properties = field(default_factory=dict)

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
    intents: list[Intent] = []
    trail: list[Mark] = []
    step_id, due, visits = run.step, run.due, run.visits
    while step_id is not None:
        step = definition.steps[step_id]
        if isinstance(step, Wait):
            if due is None:
                due = now + step.duration
                visits += 1
                trail.append(Mark(at=now, step=step_id, did="waits", detail={"until": due}))
            if due > now:
                break
            due, step_id = None, step.then
            continue
        visits += 1
        match step:
            case Send():
                intents.append(_send(step, visits))
                trail.append(Mark(at=now, step=step_id, did="sends", detail={"template": step.template}))
                step_id = step.then
            case Branch():
                arm, step_id = _choose(step, facts, now)
                trail.append(Mark(at=now, step=step.id, did="branches", detail={"arm": arm}))
            case End():
                step_id = None
    onward = replace(
        run, step=step_id, due=due, visits=visits, intents=(*run.intents, *intents), trail=(*run.trail, *trail)
    )
    if step_id is None:
        return _ended(onward, Status.FINISHED, None, now)
    return onward


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


def _send(step: Send, visit: int) -> SendMessage:
    return SendMessage(step.id, visit, step.template, step.channels, step.brand, step.topic, step.priority)


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
