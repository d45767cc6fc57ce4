"""Route: which live journeys does an event enter, and which waiting runs does it concern.

Everything here has a key and may be repeated. A run is stored with what its own batch says of it: so an order in the
batch of its checkout ends the run, however long nobody can write after that. Other inputs are written after the runs,
and a new run looks for later events that the timeline already holds: so does an order in another process's batch.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.broadcasts import gathering as broadcasts
from hub.decisions import store as decisions
from hub.decisions.model import Decision, Reason
from hub.events import store as events_store
from hub.events.model import Event, Kind
from hub.intake.apply import Applied
from hub.journeys import facts, gathering, guards, machine, runs
from hub.journeys.catalogue import Catalogue
from hub.journeys.model import Input, Run
from hub.profiles import merging


async def route(applied: Applied, catalogue: Catalogue, *, now: datetime) -> set[str]:
    """Write the effects of applied events on journeys, and mark the events routed.

    Returns:
        The cohorts that have been given something to do.
    """
    entering = [it for it in applied.events if it.name in catalogue.entered_by and not it.is_history]
    heard = [it for it in applied.events if it.name in catalogue.exits]
    united = _united(applied, entering)
    ended = await gathering.gather(united, now=now) if united else set()
    await broadcasts.gather(united)
    # An event that may concern a run is stamped before anybody looks for runs, and a run is stored before anybody looks
    # for events: of two processes that do this at the same time, one sees what the other wrote. Nobody looks for an
    # event that only enters, so it is stamped when all is done, by the write that takes it off the work list.
    later = {it.id for it in entering} - {it.id for it in heard}
    await events_store.stamp([it for it in applied.events if it.id not in later], unrouted={it.id for it in heard})
    entered = await _enter(entering, heard, applied, catalogue, now)
    told = await _tell(heard, entered, applied, united, catalogue)
    await events_store.mark_routed([it.id for it in heard])
    await events_store.stamp([it for it in entering if it.id in later], unrouted=())
    return {*ended, *(run.version.cohort for run in (*entered, *told))}


def _united(applied: Applied, entering: Sequence[Event]) -> dict[UUID, Sequence[UUID]]:
    """Give those whose runs have to be gathered, with those they absorbed: usually nobody.

    It is done when somebody is joined, merged or divided, and anew before they enter: nobody may enter twice, although
    another process has not come to that event yet, or has died at it.
    """
    joining = [it for it in applied.events if it.kind in {Kind.IDENTIFY, Kind.ALIAS}]
    heads = {it.profile_id for it in (*joining, *entering)}
    decided = {it.profile_id for it in applied.events if it.about is not None and it.name in merging.DECIDED}
    return {
        profile_id: profile.own_ids
        for profile_id, profile in applied.profiles.items()
        if profile_id in decided or (profile_id in heads and profile.members)
    }


@dataclass(frozen=True, slots=True)
class _Candidate:
    run: Run
    decision: Decision


def _candidates(events: Sequence[Event], applied: Applied, catalogue: Catalogue, now: datetime) -> list[_Candidate]:
    found = []
    for event in events:
        for version in catalogue.entered_by.get(event.name, ()):
            definition = catalogue.definitions[version]
            run = machine.enter(definition, version, event, now=now)
            known = facts.of_entry(definition, event, applied.profiles[run.profile_id], now=now)
            if machine.admits(definition, event, known, now=now):
                found.append(_Candidate(run, _decision(run, now)))
    return found


async def _enter(
    events: Sequence[Event], heard: Sequence[Event], applied: Applied, catalogue: Catalogue, now: datetime
) -> list[Run]:
    """Decide for every event that matched whether it enters, and store the runs of those that do."""
    candidates = _candidates(events, applied, catalogue, now)
    if not candidates:
        return []
    # A decision once recorded stands: a retry must not admit what was refused, or the numbers would not add up.
    standing = await decisions.standing([it.decision.id for it in candidates])
    decided_before = standing.keys()
    undecided = [it for it in candidates if it.decision.id not in standing]
    admitted = await guards.admit([it.run for it in undecided])
    recorded = await decisions.record(
        [it.decision if it.run.id in admitted else _refused(it.decision) for it in undecided]
    )
    standing = {**standing, **{decision.id: decision for decision in recorded}}
    entered = _knowing([it.run for it in candidates if standing[it.decision.id].reason is None], heard, catalogue)
    stored_before = await runs.insert(entered)
    over = await runs.ended([run.id for run in stored_before]) if stored_before else set()
    # Guards that were taken in vain, by this attempt or by one that died before it could give them back: another one
    # had refused the run, or even finished it, by then.
    vain = [
        it.run
        for it in candidates
        if (it.run.id in admitted or it.decision.id in decided_before)
        and (standing[it.decision.id].reason is not None or it.run.id in over)
    ]
    await guards.release({run.guard_id: run.id for run in vain})
    return entered


def _knowing(entering: Sequence[Run], heard: Sequence[Event], catalogue: Catalogue) -> list[Run]:
    """Give new runs the events of their batch that concern them. Whoever takes a run up may do so before `_tell`."""
    by_profile: defaultdict[UUID | None, list[Event]] = defaultdict(list)
    for event in heard:
        by_profile[event.profile_id].append(event)
    return [replace(run, inputs=tuple(_inputs(run, by_profile.get(run.profile_id, ()), catalogue))) for run in entering]


def _inputs(run: Run, events: Iterable[Event], catalogue: Catalogue) -> list[Input]:
    definition = catalogue.definitions[run.version]
    return [Input(it.id, it.name, it.seq or 0) for it in events if machine.concerns(definition, run, it)]


async def _tell(
    heard: Sequence[Event],
    entered: Sequence[Run],
    applied: Applied,
    united: Mapping[UUID, Sequence[UUID]],
    catalogue: Catalogue,
) -> list[Run]:
    """Write into waiting runs the events that concern them.

    New runs also look what the timeline already holds, and so do those of people who were united: what the one did
    concerns the run of the other.
    """
    head_of = {own_id: head.id for head in applied.profiles.values() for own_id in head.own_ids}
    since: dict[UUID, int] = {}
    for run in (*entered, *(await runs.waiting([it for own_ids in united.values() for it in own_ids]))):
        for own_id in united.get(head_of.get(run.profile_id, run.profile_id), [run.profile_id]):
            since[own_id] = min(run.seq, since.get(own_id, run.seq))
    known = [*heard, *await events_store.later_than(since, catalogue.exits)]
    if not known:
        return []
    by_head: dict[UUID, dict[UUID, Event]] = {}
    for event in known:
        if event.profile_id is not None:
            by_head.setdefault(head_of.get(event.profile_id, event.profile_id), {})[event.id] = event
    concerned = [
        (run, it)
        for run in await runs.waiting(by_head.keys() | {it for it, head in head_of.items() if head in by_head})
        for it in _inputs(run, by_head[head_of.get(run.profile_id, run.profile_id)].values(), catalogue)
    ]
    await runs.tell(concerned)
    return [run for run, _ in concerned]


def _decision(run: Run, now: datetime) -> Decision:
    detail: Mapping[str, str] = {"journey": run.version.journey, "version": str(run.version.number)}
    return Decision(
        profile_id=run.profile_id,
        question=f"enter {run.version.journey}",
        cause=str(run.event_id),
        reason=None,
        at=now,
        detail=detail,
    )


def _refused(decision: Decision) -> Decision:
    return replace(decision, reason=Reason.ALREADY_IN)
