"""Advance: what a cohort does with its runs that are woken or due.

Read in bulk, decide in the pure machine, save the decisions, then perform them, then clear them. Never the other way
round: with effects first, six kills sent both branches to 116 of 1,000 people.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from hub.decisions import store as decisions_store
from hub.decisions.model import Decision
from hub.journeys import cohorts, facts, guards, language, machine, store
from hub.journeys.cohorts import Loaded
from hub.journeys.definition import Definition
from hub.journeys.machine import Facts
from hub.journeys.model import ReleaseGuard, Run, SendMessage, Version
from hub.kit import ids
from hub.messaging import store as messages_store
from hub.messaging.model import Message

log = structlog.get_logger(__name__)

BATCH: Final = 500


class Advancer:
    """Advances the runs of cohorts. Keeps the definitions it has read: versions never change."""

    def __init__(self) -> None:
        self._definitions: dict[Version, Definition] = {}

    async def advance(self, cohort: str, clock: Callable[[], datetime]) -> int:
        """Advance one batch of a cohort, woken runs first, and tell how many runs it took up."""
        now = clock()
        loaded, unreadable = await cohorts.ready(cohort, now, BATCH)
        await cohorts.give_up(unreadable, now=now)
        if not loaded:
            return len(unreadable)
        left = [it for it in loaded if it.run.intents]
        decided = await self._decide([it.run for it in loaded if not it.run.intents], now)
        token = ids.new_id()
        saved = await cohorts.save(decided, token=token, now=now)
        to_perform = [Loaded(after, token) for before, after in decided if before.id in saved and after.intents]
        await perform([*left, *to_perform], now=now)
        return len(loaded) + len(unreadable)

    async def _decide(self, runs: Sequence[Run], now: datetime) -> list[tuple[Run, Run]]:
        if not runs:
            return []
        definitions = {version: await self._definition(version) for version in {run.version for run in runs}}
        found = await facts.of_branches(runs, definitions, now=now)
        return [(run, _advanced(definitions[run.version], run, found[run.id], now)) for run in runs]

    async def _definition(self, version: Version) -> Definition:
        if version not in self._definitions:
            self._definitions[version] = language.read_published(await store.source(version))
        return self._definitions[version]


async def perform(decisions: Iterable[Loaded], *, now: datetime) -> None:
    """Perform saved intents under their keys and clear them under their decision's token. It may be repeated."""
    decided = list(decisions)
    if not decided:
        return
    messages = [
        _message(it.run, intent, now) for it in decided for intent in it.run.intents if isinstance(intent, SendMessage)
    ]
    # Before the messages: whoever dies in between says the same once more, under the same key.
    await decisions_store.record([it for each in decided for it in _choices(each.run, now)])
    released = {it.run.guard_id: it.run.id for it in decided if ReleaseGuard() in it.run.intents}
    await messages_store.queue(messages)
    await guards.release(released)
    by_token: defaultdict[UUID, list[Run]] = defaultdict(list)
    for it in decided:
        if it.token is not None:
            by_token[it.token].append(it.run)
    for token, runs in by_token.items():
        await cohorts.clear(token, runs)


def _advanced(definition: Definition, run: Run, found: Facts, now: datetime) -> Run:
    try:
        return machine.advance(definition, run, found, now=now)
    except Exception as error:
        # Whatever is wrong belongs to this run and must touch no neighbour.
        log.exception("run_failed", run_id=str(run.id), journey=run.version.journey, version=run.version.number)
        return machine.fail(run, type(error).__name__, now=now)


def _choices(run: Run, now: datetime) -> Iterator[Decision]:
    """Tell what the messages of a run were chosen by that asked for the best channel or hour."""
    for intent in run.intents:
        if isinstance(intent, SendMessage) and intent.why:
            detail = {"journey": run.version.journey, "run": str(run.id), "step": intent.step, **intent.why}
            detail["channels"] = ", ".join(intent.channels)
            question = f"where and when to send {intent.template}"
            yield Decision(run.profile_id, question, str(run.message_id(intent)), None, now, detail)


def _message(run: Run, intent: SendMessage, now: datetime) -> Message:
    return Message(
        id=run.message_id(intent),
        profile_id=run.profile_id,
        run_id=run.id,
        event_id=run.event_id,
        journey=run.version.journey,
        version=run.version.number,
        step=intent.step,
        visit=intent.visit,
        template=intent.template,
        channels=intent.channels,
        brand=intent.brand,
        topic=intent.topic,
        priority=intent.priority,
        created_at=now,
    )
