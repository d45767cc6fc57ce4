"""Imports: the rows of a file are accepted as calls, batch after batch, and how far it has come is kept.

Whoever is killed goes on where the last batch ended. The batch that may have been stored without a note of it is
accepted once more, under the same keys.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import ClassVar, Final

import orjson
from pymongo import IndexModel

from hub.bulk import rows
from hub.bulk.rows import BadRow, Row, RowKind
from hub.database import Keyed
from hub.events.model import IMPORT
from hub.intake.accept import accept
from hub.kit import ids

BATCH: Final = 1_000
A_FEW: Final = 50
"""How many rows are made into calls before others come to their turn."""


@dataclass(frozen=True, slots=True)
class File:
    """What an import is of. `digest` is of all its bytes, by which the same file is known again."""

    kind: RowKind
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: its place from 1 on, a stable code, and a sentence without its contents."""

    row: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come: the rows read, and of those the ones taken and refused, in all and just now."""

    read: int
    accepted: int
    refused: int
    just_refused: tuple[Refused, ...] = ()


class ImportDocument(Keyed):
    """An import. `_id` is made of kind, digest and `time`: how often the same file was brought in before."""

    kind: RowKind
    name: str
    digest: str
    time: int
    read: int
    accepted: int
    refused: int
    begun_at: datetime
    done_at: datetime | None = None

    class Settings:
        """Where imports lie and how they are found."""

        name = "imports"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("digest", 1), ("kind", 1), ("time", -1)], name="file"),
            IndexModel([("begun_at", -1), ("_id", -1)], name="newest"),
        ]

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return Progress(self.read, self.accepted, self.refused)


async def begin(file: File, *, now: datetime) -> ImportDocument:
    """Give the import of this file that was broken off, or begin a new one."""
    last = (
        await ImportDocument.find(ImportDocument.digest == file.digest, ImportDocument.kind == file.kind)
        .sort("-time")
        .first_or_none()
    )
    if last is not None and last.done_at is None:
        return last
    time = last.time + 1 if last else 0
    return await ImportDocument(
        id=ids.key_of("import", file.kind, file.digest, time),
        kind=file.kind,
        name=file.name,
        digest=file.digest,
        time=time,
        read=0,
        accepted=0,
        refused=0,
        begun_at=now,
    ).insert()


async def run(
    begun: ImportDocument, found: Iterable[Row | BadRow], clock: Callable[[], datetime], *, region: str = ""
) -> AsyncIterator[Progress]:
    """Accept the rows of a file from where its import stands, and tell after every batch how far it is.

    A batch is noted when the next one is asked for: what is told of it has been kept by then, or is told again.

    Args:
        begun: what `begin` gave.
        found: all rows of the file, in their order; a fault where one could not be read.
        clock: tells the time. A batch is accepted later than the one before, and so applied after it.
        region: the country that phone numbers without a country's code are of.
    """
    progress = begun.progress
    left = islice(enumerate(found, start=1), progress.read, None)
    ready: _Ready | BaseException = await _prepared(begun, left)
    while not isinstance(ready, BaseException) and ready.read:
        # The next batch is made while MongoDB stores this one.
        refused, following = await asyncio.gather(
            _accepted(ready, clock(), region), _prepared(begun, left), return_exceptions=True
        )
        if isinstance(refused, BaseException):
            raise refused
        progress = Progress(
            read=progress.read + ready.read,
            accepted=progress.accepted + ready.read - len(refused),
            refused=progress.refused + len(refused),
            just_refused=tuple(refused),
        )
        yield progress
        await _note(begun, {"read": progress.read, "accepted": progress.accepted, "refused": progress.refused})
        ready = following
    if isinstance(ready, BaseException):
        raise ready
    await _note(begun, {"done_at": clock()})


@dataclass(slots=True)
class _Ready:
    """A batch that can be accepted: its calls with the numbers of their rows, and the rows that became none."""

    read: int = 0
    bodies: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


async def _prepared(begun: ImportDocument, left: Iterator[tuple[int, Row | BadRow]]) -> _Ready:
    """Make calls of the next rows, a few at a time, so that others come to their turn."""
    ready = _Ready()
    while ready.read < BATCH and (few := list(islice(left, A_FEW))):
        ready.read += len(few)
        for number, row in few:
            try:
                if isinstance(row, BadRow):
                    raise row
                call = rows.call_of(begun.kind, row, key=f"{begun.id}/{number}")
                ready.bodies.append(orjson.dumps(call, default=str))
                ready.numbers.append(number)
            except BadRow as error:
                ready.refused.append(Refused(number, error.reason, error.message))
            except TypeError:  # a number beyond 64 bits, or a text that is none
                sentence = "The row holds a number or text that cannot be stored."
                ready.refused.append(Refused(number, "not_storable", sentence))
        await asyncio.sleep(0)
    return ready


async def _accepted(ready: _Ready, now: datetime, region: str) -> list[Refused]:
    """Accept one batch, and list the rows that were refused, in their order."""
    receipt = await accept(IMPORT, ready.bodies, now=now, region=region)
    refused = [Refused(ready.numbers[it.index], it.code, it.message) for it in receipt.refused]
    return sorted([*ready.refused, *refused], key=lambda it: it.row)


async def _note(begun: ImportDocument, changes: Mapping[str, object]) -> None:
    await ImportDocument.get_pymongo_collection().update_one({"_id": begun.id}, {"$set": changes})
