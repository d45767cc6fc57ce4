"""Facts: what the conditions of a journey are asked of, and no more than they ask for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.conditions.evaluator import SEGMENTS
from hub.conditions.kinds import SEGMENT
from hub.conditions.model import Asked, Condition, asked, segments_in
from hub.contact import hours
from hub.contact.model import Policy
from hub.contact.store import Policies
from hub.events import store as events_store
from hub.events.model import Event
from hub.journeys.definition import Branch, Definition, Send
from hub.journeys.machine import Facts
from hub.journeys.model import Run, Version
from hub.profiles.model import Profile
from hub.rollups import engagement
from hub.rollups import facts as profile_facts
from hub.rollups.engagement import Habits
from hub.rollups.model import ENGAGEMENT
from hub.segments import scope

_PROPERTIES = "properties"


def of_entry(definition: Definition, event: Event, profile: Profile, *, now: datetime) -> Facts:
    """Give what the entry of a journey is asked of."""
    where = definition.entry.where
    return _of(profile, event.properties, _asked([where] if where else []), now)


async def of_branches(
    runs: Sequence[Run], definitions: Mapping[Version, Definition], *, now: datetime
) -> dict[UUID, Facts]:
    """Read in bulk what the branches of these runs are asked of, by run, and nothing where there is no branch."""
    asks = {version: _asked(_branches(it)) for version, it in definitions.items()}
    roots = {
        version: {it.path[0] for it in asks[version]} | {SEGMENT for it in _branches(definition) if segments_in(it)}
        for version, definition in definitions.items()
    }
    by_habit = {version for version, it in definitions.items() if _goes_by_habit(it)}
    rollups = {it.path[0] for parts in asks.values() for it in parts if _is_number(it)}
    profiles = await profile_facts.load(
        {it.profile_id for it in runs if roots[it.version] - {_PROPERTIES} or it.version in by_habit},
        rollups=rollups | ({ENGAGEMENT} if by_habit else set()),
    )
    policy = await Policies().current() if by_habit else Policy()
    properties = await events_store.properties_of({it.event_id for it in runs if _PROPERTIES in roots[it.version]})
    nobody = Profile(id=UUID(int=0))
    found: dict[UUID, Facts] = {}
    for run in runs:
        profile = profiles.get(run.profile_id, nobody)
        told = _of(profile, properties.get(run.event_id, {}), asks[run.version], now)
        found[run.id] = replace(told, habits=_habits(profile, policy)) if run.version in by_habit else told
    return found


def _goes_by_habit(definition: Definition) -> bool:
    return any(isinstance(it, Send) and (it.best_first or it.at_best_hour) for it in definition.steps.values())


def _habits(profile: Profile, policy: Policy) -> Habits:
    [zone, *_] = hours.zones(profile.zone, profile.phone, policy)
    return engagement.habits(profile.rollups.get(ENGAGEMENT), zone)


def _of(profile: Profile, properties: Mapping[str, object], asks: Sequence[Asked], now: datetime) -> Facts:
    others = [it for it in asks if it.path[0] not in {_PROPERTIES, scope.ROOT}]
    if not others:
        return Facts(profile_facts.of(profile, now=now), properties, {SEGMENTS: profile.segment_names})
    told = scope.told(profile, scope.windows_in(others), scope.consents_in(others), now)
    return Facts(profile_facts.of(profile, now=now), properties, told)


def _asked(conditions: Iterable[Condition]) -> list[Asked]:
    return [it for condition in conditions for it in asked(condition)]


def _is_number(asks: Asked) -> bool:
    return asks.path[0] != _PROPERTIES and scope.is_number(asks)


def _branches(definition: Definition) -> list[Condition]:
    """List the conditions of a journey's branches."""
    arms = (arm for step in definition.steps.values() if isinstance(step, Branch) for arm in step.arms)
    return [arm.when for arm in arms if arm.when is not None]
