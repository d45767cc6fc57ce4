"""A key stands for one request: who comes first does it, everybody gets the answer."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.access import idempotency, keeper
from hub.access.audit import Change, EntryDocument
from hub.access.idempotency import BadKey, Done, IdempotencyDocument, IdempotencyKeyReused, InProgress
from hub.access.model import Caller, CallerKind, Scope
from hub.database import Database
from hub.kit.errors import HubError

pytestmark = pytest.mark.usefixtures("database")

ADA = Caller(CallerKind.STAFF, "ada", frozenset({Scope.JOURNEYS_WRITE}))
BOB = Caller(CallerKind.STAFF, "bob", frozenset({Scope.JOURNEYS_WRITE}))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Refused(HubError):
    code = "REFUSED_HERE"


class Work:
    """Counts how often it is done, and can be held up, refused or broken."""

    def __init__(self) -> None:
        self.done = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.fails: BaseException | None = None

    async def __call__(self) -> Done:
        self.begun.set()
        await self.may_end.wait()
        if self.fails:
            raise self.fails
        self.done += 1
        return Done({"number": self.done}, Change("count", "counter", None, {"number": self.done}))


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


async def once(
    work: Work,
    key: str = "k1",
    given: object = None,
    *,
    caller: Caller = ADA,
    clock: Clock | None = None,
    of: str = "add",
) -> Mapping[str, Any]:
    return await idempotency.once(caller, of, key, given, work, clock=clock or Clock(), request_id="r1")


async def entries() -> int:
    return await EntryDocument.get_pymongo_collection().count_documents({})


async def test_fifty_calls_at_once_run_it_once_and_all_get_its_answer() -> None:
    work = Work()

    answers = await asyncio.gather(*(once(work) for _ in range(50)))

    assert answers == [{"number": 1}] * 50
    assert (work.done, await entries()) == (1, 1)


async def test_a_repeat_gets_the_answer_that_was_kept_and_leaves_no_second_entry() -> None:
    work = Work()
    first = await once(work, given={"a": 1, "b": [None, 1.5]})

    assert await once(work, given={"b": [None, 1.5], "a": 1}) == first
    assert (work.done, await entries()) == (1, 1)


async def test_the_first_answer_is_the_very_one_that_a_repeat_gets() -> None:
    now = datetime(2026, 11, 22, 12, 0, 0, 123_456, tzinfo=UTC)

    async def do() -> Done:
        return Done({"at": now, "ids": (UUID(int=7),)}, None)

    first, again = [await idempotency.once(ADA, "add", "k1", {}, do, clock=Clock(), request_id="r1") for _ in range(2)]
    assert first == again == {"at": now.replace(microsecond=123_000), "ids": [UUID(int=7)]}


@pytest.mark.parametrize(("first", "other"), [({"a": 1}, {"a": 2}), ({"a": 1}, {"a": True}), ({"a": None}, {})])
async def test_the_same_key_with_another_input_is_refused_and_nothing_is_done(first: object, other: object) -> None:
    work = Work()
    await once(work, given=first)

    with pytest.raises(IdempotencyKeyReused):
        await once(work, given=other)

    assert (work.done, await entries()) == (1, 1)


async def test_a_key_is_its_callers_and_its_mutations_own() -> None:
    work = Work()

    answers = [await once(work), await once(work, caller=BOB), await once(work, of="subtract"), await once(work, "k2")]

    assert answers == [{"number": number} for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_has_1_to_255_characters(key: str) -> None:
    work = Work()

    with pytest.raises(BadKey) as refused:
        await once(work, key)

    assert (refused.value.code, work.done) == ("BAD_USER_INPUT", 0)
    assert await once(work, "k" * 255) == {"number": 1}


async def test_what_nests_too_deep_to_be_compared_is_refused_for_that() -> None:
    deep: object = 1
    for _ in range(300):
        deep = {"x": [deep]}
    work = Work()

    with pytest.raises(BadKey, match=r"The input cannot be compared: it nests deeper than 250 levels\."):
        await once(work, given=deep)

    assert work.done == 0
    assert await IdempotencyDocument.get_pymongo_collection().count_documents({}) == 0


async def test_a_number_that_cannot_be_compared_is_refused() -> None:
    with pytest.raises(BadKey, match=r"The input cannot be compared: its numbers must fit into 64 bits\."):
        await once(Work(), given={"n": 2**70})


async def test_who_waits_in_vain_is_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.05)
    work, clock = Work(), Clock()
    work.may_end.clear()
    first = asyncio.create_task(once(work, clock=clock))
    await work.begun.wait()
    clock.now += timedelta(seconds=20)

    with pytest.raises(InProgress) as told:
        await once(work, clock=clock)

    assert (told.value.code, told.value.retry_after) == ("CONFLICT", 40)
    work.may_end.set()
    assert await first == {"number": 1}


async def test_a_refusal_means_that_nothing_was_done_and_frees_the_key() -> None:
    work = Work()
    work.fails = Refused("No.")
    with pytest.raises(Refused):
        await once(work)
    assert await entries() == 0

    work.fails = None
    assert await once(work, given="another input") == {"number": 1}


@pytest.mark.parametrize("failure", [RuntimeError("broken"), asyncio.CancelledError()])
async def test_what_broke_off_is_done_again_by_the_next_call(failure: BaseException) -> None:
    work, clock = Work(), Clock()
    work.fails = failure
    with pytest.raises(type(failure)):
        await once(work, clock=clock)

    work.fails = None
    with pytest.raises(IdempotencyKeyReused):
        await once(work, given="another input", clock=clock)
    assert await once(work, clock=clock) == {"number": 1}


async def test_after_a_crash_the_next_call_does_it_again_when_the_lease_has_run_out() -> None:
    dead, work, clock = Work(), Work(), Clock()
    dead.may_end.clear()
    asleep = asyncio.create_task(once(dead, clock=clock))
    await dead.begun.wait()

    clock.now += idempotency.LEASE
    assert await once(work, clock=clock) == {"number": 1}

    # The dead one wakes up: its claim is another's, whose answer stands.
    dead.done = 7
    dead.may_end.set()
    assert await asleep == {"number": 1}
    assert await entries() == 1


async def test_a_request_that_nobody_finished_is_told_of_once_and_may_still_be_finished() -> None:
    dead, work, clock = Work(), Work(), Clock()
    dead.fails = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await once(dead, clock=clock)
    await once(work, "k2", clock=clock)

    clock.now += idempotency.LEASE
    assert await idempotency.tell_unfinished(clock()) == 0
    clock.now += timedelta(seconds=1)
    assert await idempotency.tell_unfinished(clock()) == 1
    assert await idempotency.tell_unfinished(clock()) == 0

    assert await once(work, clock=clock) == {"number": 2}
    rows = await EntryDocument.get_pymongo_collection().find().sort("_id", 1).to_list()
    assert [(row["what"], row["subject"]) for row in rows] == [
        ("count", "counter"),
        ("unfinished", "add"),
        ("count", "counter"),
    ]
    assert rows[1]["actor"] == {"kind": "staff", "subject": "ada", "roles": []}


async def test_the_keeper_finds_what_nobody_finished() -> None:
    dead, clock = Work(), Clock()
    dead.fails = RuntimeError()
    with pytest.raises(RuntimeError):
        await once(dead, clock=clock)
    clock.now += idempotency.LEASE + timedelta(seconds=1)

    keeping = asyncio.create_task(keeper.keep(clock))
    async with asyncio.timeout(60):
        while await entries() == 0:  # noqa: ASYNC110 - the keeper tells nobody but the database
            await asyncio.sleep(0.01)
    keeping.cancel()

    with suppress(asyncio.CancelledError):
        await keeping
    assert (await EntryDocument.get_pymongo_collection().find_one({}) or {})["what"] == "unfinished"


async def test_the_answer_is_kept_for_thirty_days(database: Database) -> None:
    clock = Clock()
    await once(Work(), clock=clock)

    (row,) = await database["idempotency"].find().to_list()
    assert row["expires_at"] == NOON + timedelta(days=30)
    indexes = await database["idempotency"].index_information()
    assert (indexes["expiry"]["key"], indexes["expiry"]["expireAfterSeconds"]) == ([("expires_at", 1)], 0)


async def test_neither_key_nor_input_nor_a_customers_id_is_stored(database: Database) -> None:
    customer = Caller(CallerKind.CUSTOMER, "ada@example.com", frozenset({Scope.PROFILE_SELF}), key="a key")

    await once(Work(), "secret-key", {"email": "ada@example.com"}, caller=customer)

    stored = str([await database[name].find().to_list() for name in ("idempotency", "audit")])
    assert "ada@" not in stored
    assert "secret-key" not in stored
    assert IdempotencyDocument.Settings.personal is None
