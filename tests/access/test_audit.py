"""The audit is a chain: entries are only ever added, and whoever touches one is found at that one."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pymongo.errors import BulkWriteError

from hub.access import audit, chain
from hub.access.audit import Actor, Change, Entry, EntryDocument, Wanted
from hub.access.chain import Fault, Head, Tampering, Verdict
from hub.access.model import Caller, CallerKind, Role
from hub.database import Database, Row
from hub.kit import ids, pages
from hub.settings import Settings

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA = Caller(CallerKind.STAFF, "ada", frozenset(), roles=frozenset({Role.MARKETER, Role.ADMIN}))
BOB = Caller(CallerKind.STAFF, "bob", frozenset())
SPRING = Change("publish journey", "spring", {"version": 1}, {"version": 2})


async def record(*subjects: str, by: Caller = ADA) -> None:
    for minutes, subject in enumerate(subjects):
        await audit.record(by, Change("count", subject), request_id="r1", at=NOON + timedelta(minutes=minutes))


async def subjects(wanted: Wanted | None = None, **page: int) -> list[str]:
    found = await audit.page(wanted or Wanted(), pages.span(page.get("first"), None, page.get("last"), None))
    return [entry.change.subject for _, entry in found.rows]


async def test_an_entry_tells_who_did_what_to_which_and_how_it_stood_before_and_after() -> None:
    await audit.record(ADA, SPRING, request_id="r7", at=NOON)

    ((_, entry),) = (await audit.page(Wanted(), pages.Span())).rows

    hashed = (await EntryDocument.get_pymongo_collection().find_one({}) or {})["hash"]
    assert entry == Entry(1, hashed, Actor("staff", "ada", ("admin", "marketer")), SPRING, NOON, "r7")


async def test_ids_times_and_enums_are_kept_as_text_and_verified_as_they_were_written() -> None:
    profile = UUID(int=7)
    at = datetime(2026, 11, 22, 12, 0, 0, 123_987, tzinfo=UTC)
    values = {"z": profile, "a": at, "role": Role.STORE, "list": [1, None, True], "text": "ß"}

    await audit.record(ADA, Change("try", "all", values, {}), at=at)

    ((_, entry),) = (await audit.page(Wanted(), pages.Span())).rows
    assert entry.change.before == {
        "z": str(profile),
        "a": "2026-11-22T12:00:00.123987+00:00",
        "role": "store",
        "list": [1, None, True],
        "text": "ß",
    }
    assert (await audit.verify()).fault is None


async def test_the_same_cause_is_told_once() -> None:
    cause = ids.new_id()

    await asyncio.gather(*(audit.record(ADA, SPRING, cause=cause) for _ in range(5)))

    assert (await audit.verify()) == Verdict(Head(1, (await rows())[0]["hash"]), None)


async def test_entries_of_many_at_once_are_one_chain_and_those_of_one_request_stand_together() -> None:
    await asyncio.gather(*(audit.record(ADA, Change("a", str(n)), Change("b", str(n)), at=NOON) for n in range(10)))

    told = [(row["what"], row["subject"]) for row in await rows()]
    assert (await audit.verify()).head.number == 20
    assert sorted(told) == sorted((what, str(n)) for what in "ab" for n in range(10))
    assert [it for it in told if it[0] == "a"] == [("a", subject) for _, subject in told[1::2]]


async def test_entries_of_several_processes_at_once_are_one_chain_without_a_gap_or_a_repeat() -> None:
    processes = [audit._Appender() for _ in range(3)]
    told = [audit._row_of(Actor("staff", "ada"), Change("count", str(n)), NOON, "r1") for n in range(15)]
    causes = [{**row, "cause": UUID(int=n // 2)} for n, row in enumerate(told)]

    await asyncio.gather(*(processes[n % 3].append([row]) for n, row in enumerate([*told, *causes])))

    verdict = await audit.verify()
    assert (verdict.fault, verdict.head.number) == (None, 15 + 8)


async def test_whoever_waits_for_an_entry_hears_that_it_could_not_be_written(database: Database) -> None:
    await database.command("collMod", "audit", validator={"never": {"$exists": True}})
    try:
        outcomes = await asyncio.gather(*(audit.record(ADA, SPRING) for _ in range(3)), return_exceptions=True)
    finally:
        await database.command("collMod", "audit", validator={})

    assert [type(it) for it in outcomes] == [BulkWriteError] * 3
    await audit.record(ADA, SPRING)
    assert (await audit.verify()).head.number == 1


async def rows() -> list[Row]:
    return await EntryDocument.get_pymongo_collection().find().sort("_id", 1).to_list()


async def changed(database: Database, number: int) -> None:
    await database["audit"].update_one({"_id": number}, {"$set": {"after": {"version": 9}}})


async def rehashed(database: Database, number: int) -> None:
    """Change an entry as somebody does who knows how the hash is made."""
    row = await database["audit"].find_one({"_id": number}) or {}
    row["subject"] = "other"
    await database["audit"].replace_one({"_id": number}, {**row, "hash": chain.hash_of(row)})


async def removed(database: Database, number: int) -> None:
    await database["audit"].delete_one({"_id": number})


async def inserted(database: Database, number: int) -> None:
    """Put an entry in front of one; there is no room between whole numbers."""
    row = await database["audit"].find_one({"_id": number}) or {}
    await database["audit"].insert_one({**row, "_id": number - 0.5})


@pytest.mark.parametrize("number", [1, 3, 4, 5])
@pytest.mark.parametrize(
    ("tamper", "what"),
    [
        (changed, Tampering.CHANGED),
        (rehashed, Tampering.CHANGED),
        (removed, Tampering.REMOVED),
        (inserted, Tampering.INSERTED),
    ],
)
async def test_tampering_with_one_row_is_found_at_that_row(
    database: Database, tamper: Callable[[Database, int], Awaitable[None]], what: Tampering, number: int
) -> None:
    await record("one", "two", "three", "four", "five")
    noted = (await audit.verify()).head

    await tamper(database, number)

    assert (await audit.verify(noted)).fault == Fault(number, what)


async def test_without_a_noted_head_only_the_end_of_the_chain_can_be_cut_off_unseen(database: Database) -> None:
    await record("one", "two", "three")
    noted = (await audit.verify()).head
    await removed(database, 3)

    assert (await audit.verify()).fault is None
    assert (await audit.verify(noted)).fault == Fault(3, Tampering.REMOVED)


async def test_hub_audit_verify_names_the_entry_and_fails(database: Database, settings: Settings) -> None:
    await record("one", "two", "three")
    head = (await audit.verify()).head
    noted = f"{head.number}:{head.hash}"

    sound = await verify_by_command(settings, "--noted", noted)
    assert (sound.returncode, sound.stdout) == (0, f"3 entries, none was touched. Note for later: {noted}\n")

    await changed(database, 2)
    found = await verify_by_command(settings, "--json")
    assert (found.returncode, json.loads(found.stdout)["fault"]) == (1, {"number": 2, "tampering": "changed"})


async def verify_by_command(settings: Settings, *options: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "runtime.cli", "audit", "verify", *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HUB_MONGO_URL": settings.mongo_url.get_secret_value()},
    )


async def test_entries_are_found_by_subject_actor_what_and_time_newest_first() -> None:
    ada, bob = UUID(int=1), UUID(int=2)
    await record("one", "two")
    await record("three", by=BOB)
    await audit.record_reading(ADA, {bob, ada}, request_id="r2", at=NOON + timedelta(hours=1))

    assert await subjects() == ["profiles", "three", "two", "one"]
    assert await subjects(Wanted(subject="two")) == ["two"]
    assert await subjects(Wanted(subject=str(bob))) == ["profiles"]
    assert await subjects(Wanted(actor=frozenset({"bob"}))) == ["three"]
    assert await subjects(Wanted(what=audit.READ)) == ["profiles"]
    assert await subjects(Wanted(since=NOON + timedelta(minutes=1), until=NOON + timedelta(hours=1))) == ["two"]
    assert await subjects(first=1) == ["profiles"]
    assert await subjects(last=2) == ["two", "one"]


async def test_pages_follow_each_other_while_entries_are_added() -> None:
    await record("one", "two", "three")
    first = await audit.page(Wanted(), pages.span(2, None, None, None))
    await record("four")

    after = await audit.page(Wanted(), pages.span(2, first.rows[-1][0].cursor, None, None))
    before = await audit.page(Wanted(), pages.span(None, None, 2, first.rows[0][0].cursor))

    assert [entry.change.subject for _, entry in first.rows] == ["three", "two"]
    assert ([entry.change.subject for _, entry in after.rows], after.has_next) == (["one"], False)
    assert ([entry.change.subject for _, entry in before.rows], before.has_previous) == (["four"], False)
