"""Idempotency: a key stands for one request, so that sending it again does nothing twice.

A request is claimed under its key, done, and its answer kept for thirty days. A claim is leased: where its process
died, the next call with the same key does it again, and the effect, which has a key of its own, happens once all the
same.
"""

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, TypeAlias
from uuid import UUID

import bson
import orjson
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.access import audit
from hub.access.audit import Actor, Change
from hub.access.model import Caller
from hub.database import CODEC, Keyed, Row
from hub.kit import ids
from hub.kit.errors import HubError, TryLater

LONGEST_KEY: Final = 255
KEPT: Final = timedelta(days=30)
LEASE: Final = timedelta(seconds=60)
BATCH: Final = 100
MOST_DEPTH: Final = 250
"""How deep an input may nest: orjson writes a few levels more."""
WAIT_SECONDS: Final = 3.0
"""How long a second call waits for the answer of the first before it is told to come again."""

_FIRST_PAUSE_SECONDS: Final = 0.01
_LONGEST_PAUSE_SECONDS: Final = 0.2


class IdempotencyKeyReused(HubError):
    """The same key came with another input."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self) -> None:
        super().__init__("This idempotency key was used with another input. Use a new key for a new request.")


class BadKey(HubError):
    """What was sent cannot be a key, or cannot be compared."""

    code = "BAD_USER_INPUT"


class InProgress(TryLater):
    """The same request is being done. Nobody knows its answer yet."""

    code = "CONFLICT"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"This request is being done. Ask again in {retry_after} s.", retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: the answer to keep, of ids and small words and without personal data, and the change to tell of.

    `change` is None only where nothing has changed, or what was done is a record itself.
    """

    answer: Mapping[str, Any]
    change: Change | None


Do: TypeAlias = Callable[[], Awaitable[Done]]


class IdempotencyDocument(Keyed):
    """A request under its key. `token` fences the attempt that holds the claim `until` then.

    `open` is true until it is answered, or the audit has told that nobody finished it.
    """

    caller: dict[str, Any]
    mutation: str
    digest: str
    token: UUID
    until: datetime
    request_id: str
    answer: dict[str, Any] | None = None
    open: bool
    expires_at: datetime

    class Settings:
        """Where requests lie and when they are forgotten."""

        name = "idempotency"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
            IndexModel([("until", 1)], name="open", partialFilterExpression={"open": True}),
        ]


async def once(
    caller: Caller,
    mutation: str,
    key: str,
    input: object,  # noqa: A002 - the word of the API
    do: Do,
    *,
    clock: Callable[[], datetime],
    request_id: str,
) -> Mapping[str, Any]:
    """Do a request unless it was done, and give its answer. Of calls at the same time one does it, the others wait.

    Args:
        caller: who asks; their keys are theirs alone.
        mutation: what is asked for: the name of a mutation, or method and path of a route.
        key: 1 to 255 characters, chosen by the caller.
        input: what was sent, as orjson writes it; compared on a repeat by its digest.
        do: does it. It must be repeatable: after a crash, or where it outlives its lease, it is run again. A HubError
            from it means that nothing was done, and frees the key.
        clock: tells the time.
        request_id: the request, for the audit.

    Raises:
        BadKey: the key is empty or too long.
        IdempotencyKeyReused: the key came with another input before.
        InProgress: another call holds the claim, and its answer did not come in time.
    """
    if not 1 <= len(key) <= LONGEST_KEY:
        raise BadKey(f"An idempotency key has 1 to {LONGEST_KEY} characters.")
    attempt = _Attempt(
        ids.key_of("once", caller.kind, caller.subject, mutation, key),
        ids.new_id(),
        caller,
        mutation,
        request_id,
        clock,
    )
    digest = _digest(key, input)
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    while True:
        standing = await attempt.claim(digest)
        if standing["digest"] != digest:
            raise IdempotencyKeyReused
        if standing["answer"] is not None:
            answer: Mapping[str, Any] = standing["answer"]
            return answer
        if standing["token"] == attempt.token:
            kept = await attempt.keep(await attempt.carry_out(do))
            if kept is not None:
                return kept
            continue  # it outlived its lease and somebody else does it again: theirs is the answer
        if asyncio.get_running_loop().time() >= deadline:
            raise InProgress(max(1, math.ceil((standing["until"] - clock()).total_seconds())))
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def tell_unfinished(now: datetime) -> int:
    """Tell the audit of requests that were begun and that nobody has finished, and say how many there were.

    What they have changed nobody knows. The next call with the same key may still finish them.
    """
    rows = IdempotencyDocument.get_pymongo_collection()
    # A whole lease later: whoever was cut off and comes again at once needs no entry of that.
    found = await rows.find({"open": True, "until": {"$lt": now - LEASE}}).limit(BATCH).to_list()
    for row in found:
        by = Actor(row["caller"]["kind"], row["caller"]["subject"], tuple(row["caller"]["roles"]))
        change = Change("unfinished", row["mutation"])
        await audit.record(by, change, request_id=row["request_id"], at=now, cause=ids.key_of("unfinished", row["_id"]))
        await rows.update_one({"_id": row["_id"], "token": row["token"]}, {"$set": {"open": False}})
    return len(found)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One call of a request: it holds the claim while the row has its token."""

    id: UUID
    token: UUID
    caller: Caller
    mutation: str
    request_id: str
    clock: Callable[[], datetime]

    async def claim(self, digest: str) -> Row:
        """Take the request if nobody has it, or its lease has run out; give it as it stands."""
        rows = IdempotencyDocument.get_pymongo_collection()
        while True:
            now = self.clock()
            mine = {"token": self.token, "until": now + LEASE, "request_id": self.request_id}
            standing: Row | None = await rows.find_one({"_id": self.id})
            if standing is None:
                row = {
                    "_id": self.id,
                    "caller": asdict(Actor.of(self.caller)),
                    "mutation": self.mutation,
                    "digest": digest,
                    "answer": None,
                    "open": True,
                    "expires_at": now + KEPT,
                    **mine,
                }
                with suppress(DuplicateKeyError):  # another call was faster: look again what stands there
                    await rows.insert_one(row)
                    return row
                continue
            if standing["answer"] is not None or standing["digest"] != digest or standing["until"] > now:
                return standing
            left_behind = {"_id": self.id, "token": standing["token"], "answer": None, "until": standing["until"]}
            if (await rows.update_one(left_behind, {"$set": mine})).matched_count:
                return {**standing, **mine}

    async def carry_out(self, do: Do) -> Done:
        """Do it. A refusal frees the key; after anything else nobody knows what was done: the next call does it."""
        held = {"_id": self.id, "token": self.token, "answer": None}
        rows = IdempotencyDocument.get_pymongo_collection()
        try:
            return await do()
        except HubError:
            await rows.delete_one(held)
            raise
        except BaseException:
            await rows.update_one(held, {"$set": {"until": self.clock()}})
            raise

    async def keep(self, done: Done) -> Mapping[str, Any] | None:
        """Tell the audit what has changed and keep the answer, in this order: no change is without its entry.

        Returns:
            The answer as every repeat will read it; None where the claim is another's meanwhile.
        """
        now = self.clock()
        if done.change:
            await audit.record(self.caller, done.change, request_id=self.request_id, at=now, cause=self.id)
        answer: Mapping[str, Any] = bson.decode(
            bson.encode(dict(done.answer), codec_options=CODEC), codec_options=CODEC
        )
        kept = await IdempotencyDocument.get_pymongo_collection().update_one(
            {"_id": self.id, "token": self.token},
            {"$set": {"answer": answer, "open": False, "expires_at": now + KEPT}},
        )
        return answer if kept.matched_count else None


def _digest(key: str, given: object) -> str:
    """Tell inputs apart. The key goes in, which is stored nowhere: an address cannot be guessed from the digest."""
    try:
        content = orjson.dumps(given, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    except TypeError:
        if _is_deep(given):
            raise BadKey(f"The input cannot be compared: it nests deeper than {MOST_DEPTH} levels.") from None
        raise BadKey("The input cannot be compared: its numbers must fit into 64 bits.") from None
    return hashlib.sha256(key.encode() + b"\0" + content).hexdigest()


def _is_deep(given: object) -> bool:
    """Tell whether objects and lists nest deeper than orjson writes them."""
    level, depth = [given], 0
    while level and depth <= MOST_DEPTH:
        level, depth = [inner for value in level for inner in _inside(value)], depth + 1
    return depth > MOST_DEPTH


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    if is_dataclass(value):
        return [getattr(value, it.name) for it in fields(value)]
    return value if isinstance(value, list | tuple) else ()
