"""`ledger`: postings a second, flushed and told of, against bare writes of the same documents.

`ledger_batch`: orders earn in batches, as a router does it. The baseline guards each purse by its revision and inserts
the very same postings in bulk. `ledger_single`: points are spent one request at a time, sixteen at once, as vouchers
are redeemed. The baseline is the guarded update alone. `ledger_race`: fifty want the last points of one purse.

The baselines read nothing, decide nothing, tell nobody, would post twice, and lose postings when they die halfway.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pymongo import UpdateOne

from bench.line import SAMPLES, Line, percentile, say
from bench.proc import CpuMeter
from bench.stage import Stage, stage
from hub import database
from hub.database import Database
from hub.ledger import flushing, service, verifying
from hub.ledger.errors import InsufficientPoints
from hub.ledger.model import About
from hub.ledger.moves import Earn, Move, Spend
from hub.ledger.service import Posted, Request
from runtime import processes
from runtime.wiring import DOCUMENTS

MEMBERS = 1_000
EARNED = 3_000
BATCH = 500
SPENT = 800
AT_ONCE = 16
RACES = 20
RACERS = 50
CLUB = "club"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=365)


async def measure() -> AsyncIterator[Line]:
    """Measure ours and the baselines in turn, each on an empty database."""
    samples: dict[str, list[float]] = {name: [] for name in ("batch", "bare batch", "single", "bare single")}
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        for seed in range(SAMPLES + 1):
            for name, rate in [it async for it in _round(on)]:
                say(f"  {name}: {rate:.0f} postings/s")
                if seed > 0:  # the first round only warms up
                    samples[name].append(rate)
        races = await _races(await _emptied(on.client))
    for name in ("batch", "single"):
        ours, bare = samples[name], samples[f"bare {name}"]
        yield Line(bench=f"ledger_{name}", unit="postings/s", higher_is_better=True, ours=ours, baseline=bare)
    p99 = round(percentile(races, 99) * 1000)
    yield Line(
        bench="ledger_race",
        unit="races/s",
        higher_is_better=True,
        ours=[len(races) / sum(races)],
        beside={"negative": 0, "double": 0, "p99_ms": p99},
    )


async def _round(on: Stage) -> AsyncIterator[tuple[str, float]]:
    bound = await _emptied(on.client)
    yield "batch", await _timed(on, EARNED, _earn)
    # The last of each purse is told of at another time than the others: what is compared is all that was posted.
    await _check(bound, EARNED)
    wallets, postings = await bound["wallets"].find().to_list(), await bound["postings"].find().to_list()
    yield "single", await _timed(on, SPENT, _spend)
    await _check(bound, EARNED + SPENT)
    bound = await _emptied(on.client)
    await bound["wallets"].insert_many([{**row, "wallets": {}, "rev": 0} for row in wallets])
    yield "bare batch", await _timed(on, EARNED, lambda: _bare_batch(bound, wallets, postings))
    yield "bare single", await _timed(on, SPENT, lambda: _bare_single(bound, wallets))


async def _timed(on: Stage, count: int, work: Callable[[], Awaitable[None]]) -> float:
    meter, begun = CpuMeter({"client": os.getpid(), "mongod": on.pids["mongod"]}), time.perf_counter()
    await work()
    seconds = time.perf_counter() - begun
    say("    " + ", ".join(f"{name} {it / count * 1e6:.0f} µs CPU each" for name, it in meter.seconds().items()))
    return count / seconds


async def _earn() -> None:
    for start in range(0, EARNED, BATCH):
        earned = [_asked(f"earn/{it}", Earn("points", 50, f"order/{it}", NOON, LATER), it) for it in _some(start)]
        _all_posted(await service.post(earned, now=NOON))
    await _flushed()


async def _spend() -> None:
    left = list(range(SPENT))

    async def speak() -> None:
        while left:
            number = left.pop()
            _all_posted(await service.post([_asked(f"cup/{number}", Spend("points", 20, "cup"), number)], now=NOON))

    await asyncio.gather(*(speak() for _ in range(AT_ONCE)))
    await _flushed()


async def _flushed() -> None:
    while await flushing.flush_waiting(BATCH, now=NOON + flushing.AGE):
        pass


async def _bare_batch(bound: Database, wallets: Sequence[Any], postings: Sequence[Any]) -> None:
    by_owner = {row["owner"]: row for row in wallets}
    for start in range(0, EARNED, BATCH):
        of_batch = postings[start : start + BATCH]
        await asyncio.gather(
            bound["postings"].insert_many(of_batch, ordered=False),
            bound["wallets"].bulk_write([_guarded(by_owner[it["owner"]]) for it in of_batch], ordered=False),
        )


async def _bare_single(bound: Database, wallets: Sequence[Any]) -> None:
    left = list(range(SPENT))

    async def speak() -> None:
        while left:
            row = wallets[left.pop() % MEMBERS]
            await bound["wallets"].update_one({"_id": row["_id"], "rev": {"$gte": 0}}, _changes(row))

    await asyncio.gather(*(speak() for _ in range(AT_ONCE)))


def _guarded(row: Any) -> UpdateOne:
    return UpdateOne({"_id": row["_id"], "rev": {"$gte": 0}}, _changes(row))


def _changes(row: Any) -> dict[str, Any]:
    return {"$set": {"wallets": row["wallets"], "numbered": row["numbered"]}, "$inc": {"rev": 1}}


async def _races(bound: Database) -> list[float]:
    """Let fifty want ten points of each of some purses, which hold a hundred: ten of them get some."""
    seconds: list[float] = []
    for race in range(RACES):
        await service.post([_asked(f"earn/{race}", Earn("points", 100, "order", NOON), race)], now=NOON)
        asked = [_asked(f"race/{race}/{it}", Spend("points", 10, f"cup {it}"), race) for it in range(RACERS)]
        begun = time.perf_counter()
        answers = await asyncio.gather(*(service.post([it], now=NOON) for it in asked))
        seconds.append(time.perf_counter() - begun)
        got = sum(isinstance(it, Posted) for (it,) in answers)
        refused = sum(isinstance(it, InsufficientPoints) for (it,) in answers)
        if (got, refused) != (10, RACERS - 10):
            raise RuntimeError(f"Ten can have points, {got} got them.")
    await _flushed()
    await _check(bound, 11 * RACES)
    return seconds


async def _check(bound: Database, count: int) -> None:
    """A side that loses or doubles points is not measured."""
    found = await bound["postings"].count_documents({})
    if found != count or (await verifying.verify()).differences:
        raise RuntimeError(f"{count} postings were asked for, {found} are there, or they are not right.")


def _all_posted(answers: Sequence[Any]) -> None:
    if not all(isinstance(it, Posted) and not it.replayed for it in answers):
        raise RuntimeError("A posting was refused.")


def _some(start: int) -> range:
    return range(start, start + BATCH)


def _asked(key: str, move: Move, number: int) -> Request:
    owner = UUID(int=number % MEMBERS + 1)
    return Request(CLUB, owner, key, service.fixed(move), About(cause=key, store="s-1"), NOON, origins=[key])


async def _emptied(client: database.Client) -> Database:
    await client.drop_database(database.DEFAULT_NAME)
    return await database.migrate(client, DOCUMENTS)
