"""The chain of the audit: each entry holds the hash of the one before it, so that no row can be changed unseen."""

import hashlib
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from hub.database import Row

FIRST_PREVIOUS: Final = "0" * 64
"""What the first entry holds in place of the hash of one before it."""


class Tampering(StrEnum):
    """What was done to an entry."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain: whoever notes it elsewhere can tell later that nothing before it was touched."""

    number: int = 0
    hash: str = FIRST_PREVIOUS


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry at which the chain does not hold."""

    number: int
    tampering: Tampering


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking the chain has found: how far it came, and what stopped it."""

    head: Head
    fault: Fault | None


def hash_of(row: Mapping[str, Any]) -> str:
    """Tell what an entry says, with its number and the hash before it, in 64 characters."""
    content = {name: value for name, value in row.items() if name != "hash"}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=repr)).hexdigest()


def linked(rows: Iterable[Row], head: Head) -> list[Row]:
    """Give rows their numbers and hashes, as they follow on the last entry."""
    found: list[Row] = []
    for row in rows:
        numbered = {"_id": head.number + 1, "previous": head.hash, **row}
        head = Head(head.number + 1, hash_of(numbered))
        found.append({**numbered, "hash": head.hash})
    return found


async def verdict(rows: AsyncIterable[Row], noted: Head | None = None) -> Verdict:
    """Walk the chain in order of its numbers, up to the first entry at which it does not hold.

    Args:
        rows: all entries.
        noted: a head that was written down before. Without one nobody can tell that the last entries were taken away,
            or that a whole chain was made anew.
    """
    head = Head()
    odd: Row | None = None
    async for row in rows:
        if odd is not None:
            break
        if fault := _fault_of(row, head):
            return Verdict(head, fault)
        if row["previous"] != head.hash:
            odd = row
            continue
        head = Head(row["_id"], row["hash"])
        if noted and noted.number == head.number and noted.hash != head.hash:
            return Verdict(head, Fault(head.number, Tampering.CHANGED))
    if odd is not None:
        return Verdict(head, _parting(head, odd, row))
    if noted and noted.number > head.number:
        return Verdict(head, Fault(head.number + 1, Tampering.REMOVED))
    return Verdict(head, None)


def _parting(head: Head, odd: Row, last: Row) -> Fault:
    """Judge two neighbours that are each sound, the second of which does not follow on the first.

    Where the chain goes on from the second, or ends with it, the first is not what it was; else the second is not.
    """
    goes_on = last is odd or last["previous"] == odd["hash"]
    return Fault(head.number if goes_on and head.number else odd["_id"], Tampering.CHANGED)


def _fault_of(row: Row, head: Head) -> Fault | None:
    """Judge an entry by itself and by its number."""
    number = row["_id"]
    if not isinstance(number, int) or number <= head.number:
        return Fault(head.number + 1, Tampering.INSERTED)
    if number > head.number + 1:
        return Fault(head.number + 1, Tampering.REMOVED)
    if hash_of(row) != row["hash"]:
        return Fault(number, Tampering.CHANGED)
    return None
