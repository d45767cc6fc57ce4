"""`time_moves`: CPU for a membership that time alone changes, a hundred thousand in an hour, against bare writing.

One half leaves a segment because a trait is no longer within thirty days, the other enters one because their last order
was sixty days ago; their moments lie anywhere in one hour. The keeper and the router work by turns as in their process,
on a clock that runs on in real time while they work and jumps where the keeper would sleep: so an hour is over when its
work is done, and a keeper that falls behind is as late as in life. Late is the end of the keeper's step, by which a
move is stored and announced, after the moment of the move; each is checked to be announced once and at its own moment.

The baseline is told who moves when: by the same index and in the same steps, it writes the very same segments and the
very same announcements, ready-made. It asks no rule, guards nothing and forgets a move when it dies in between.
"""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bench.baselines import bare_moves
from bench.line import Line, percentile, say
from bench.passing import HOUR, LATELY, NOON, PEOPLE, SEGMENTS, SILENT, Mover, movers
from bench.proc import CpuMeter
from bench.silence import Silence
from bench.stage import Stage, stage
from hub import database
from hub.events.store import EventDocument
from hub.intake import keeper
from hub.intake.keeper import EVERY_SECONDS, PAUSE_SECONDS
from hub.intake.ringer import Ringer
from hub.intake.router import Router
from hub.intake.standing import Definitions
from hub.profiles.store import ProfileDocument
from hub.rollups import service as rollups
from hub.segments import membership, service, store
from runtime import processes
from runtime.wiring import DOCUMENTS

A_WRITE: Final = 10_000
MOST_LATE_SECONDS: Final = 60.0
CLOSING: Final = timedelta(seconds=MOST_LATE_SECONDS)
MOVES: Final = {LATELY: membership.LEFT, SILENT: membership.ENTERED}


class Clock:
    """Real time from NOON on, in milliseconds as MongoDB keeps it; what is slept takes none."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._slept = 0.0

    def __call__(self) -> datetime:
        """Tell the time."""
        seconds = time.perf_counter() - self._begun + self._slept
        return NOON + timedelta(milliseconds=int(seconds * 1000))

    def sleep(self, seconds: float) -> None:
        """Be so much later."""
        self._slept += seconds


@dataclass(slots=True)
class Past:
    """A past hour: when each step ended, by its begin, and CPU seconds of all steps and of all between them."""

    steps: dict[datetime, datetime] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    between: dict[str, float] = field(default_factory=dict)


async def measure() -> AsyncIterator[Line]:
    """Let the hour pass twice for the same people: for ours, and then for the baseline."""
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        await _emptied(on)
        people = await _people()
        ours = await _ours(on)
        late = await _check(people, ours)
        say(f"  ours: {ours.cpu}, and for routing {ours.between}; at most {max(late):.1f} s late")
        writer = bare_moves.Writer(await bare_moves.moves(MOVES.values()))
        await _emptied(on)
        await _store(people)
        bare = await _hour(on, Clock(), writer.step, _nothing)
        await writer.check()
        say(f"  bare: {bare.cpu}")
    yield Line(
        bench="time_moves",
        unit="µs of CPU per move",
        higher_is_better=False,
        ours=[_sum(_per_move(ours.cpu))],
        baseline=[_sum(_per_move(bare.cpu))],
        beside={
            "moves": PEOPLE,
            "late_s_p50": round(percentile(late, 50), 2),
            "late_s_most": round(max(late), 2),
            "cpu_us_per_move_ours": _per_move(ours.cpu),
            "cpu_us_per_move_baseline": _per_move(bare.cpu),
            "cpu_us_to_route_one_ours": _per_move(ours.between),
        },
    )


async def _ours(on: Stage) -> Past:
    clock, definitions = Clock(), Definitions()
    router = Router("bench", Ringer(Silence()), clock)

    async def step(now: datetime) -> int:
        return await keeper.step(definitions, lambda: now)

    async def route() -> None:
        while await router.step():
            pass

    return await _hour(on, clock, step, route)


async def _nothing() -> None:
    pass


async def _hour(
    on: Stage, clock: Clock, step: Callable[[datetime], Awaitable[int]], between: Callable[[], Awaitable[None]]
) -> Past:
    """Let the hour pass, with a step after each of the keeper's sleeps."""
    past, cpu = Past(), CpuMeter({"hub": os.getpid(), "mongod": on.pids["mongod"]})
    used = cpu.seconds()
    while (now := clock()) <= NOON + HOUR + CLOSING:
        worked = await step(now)
        past.steps[now] = clock()
        used = _count(past.cpu, used, cpu.seconds())
        await between()
        used = _count(past.between, used, cpu.seconds())
        clock.sleep(PAUSE_SECONDS if worked else EVERY_SECONDS)
    return past


def _count(total: dict[str, float], before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    for name, seconds in after.items():
        total[name] = total.get(name, 0.0) + seconds - before[name]
    return after


async def _emptied(on: Stage) -> None:
    await on.client.drop_database(database.DEFAULT_NAME)
    await database.migrate(on.client, DOCUMENTS)
    await rollups.ship(now=NOON - HOUR)
    for source in SEGMENTS:
        await service.publish(source, by="bench", key=source, now=NOON - HOUR)


async def _people() -> list[Mover]:
    people = list(movers(PEOPLE, await Definitions().current()))
    await _store(people)
    say(f"  {PEOPLE} people are stored")
    return people


async def _store(people: Sequence[Mover]) -> None:
    for start in range(0, len(people), A_WRITE):
        rows = [it.row for it in people[start : start + A_WRITE]]
        await ProfileDocument.get_pymongo_collection().insert_many(rows, ordered=False)


async def _check(people: Sequence[Mover], past: Past) -> list[float]:
    """Check that each has moved once, and has been announced with its moment. Give how late they were, in seconds."""
    found = EventDocument.get_pymongo_collection().find({"name": {"$in": list(MOVES.values())}})
    rows = await found.to_list()
    told = {(row["about"], row["name"], row["properties"]["segment"], row["at"]): row["accepted_at"] for row in rows}
    missing = [it for it in people if (it.row["_id"], MOVES[it.segment], it.segment, it.moment) not in told]
    sizes = await store.sizes((LATELY, SILENT))
    if missing or len(rows) != PEOPLE or sizes != {LATELY: 0, SILENT: PEOPLE // 2}:
        raise RuntimeError(f"{len(rows)} moves were told, {len(missing)} are missing, and segments hold {sizes}.")
    late = [(past.steps[accepted_at] - at).total_seconds() for (*_, at), accepted_at in told.items()]
    if max(late) > MOST_LATE_SECONDS:
        raise RuntimeError(f"A move was {max(late):.1f} s late.")
    return late


def _per_move(seconds: dict[str, float]) -> dict[str, int]:
    return {name: round(it / PEOPLE * 1e6) for name, it in seconds.items()}


def _sum(parts: dict[str, int]) -> int:
    return sum(parts.values())
