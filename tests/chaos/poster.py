"""Processes that are going to die: `python -m tests.chaos.poster post FOLDER NUMBER COUNT`, and `… flush`.

A poster asks for its share of a plan, 64 at the same time, some of it twice, and writes down what was acknowledged. One
that is started again goes on with what was not.
"""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pymongo.errors import PyMongoError

import hub.database
from hub.kit.errors import HubError, TryLater
from hub.ledger import keeper, moving, service
from hub.ledger.model import About, hold_id, posting_id
from hub.ledger.moves import Capture, Earn, Move, Reach, Reserve, Spend, TakeBack
from hub.ledger.moving import Transfer
from hub.ledger.service import Request
from hub.ledger.store import PostingDocument, PurseDocument
from hub.profiles.store import ProfileDocument
from runtime import configuration

PROGRAM = "club"
POSTERS = 2
AT_ONCE = 64
OWNERS = 40
AGAIN = 0.2
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)


def owner(number: int) -> UUID:
    return UUID(int=number % OWNERS + 1)


def asked(number: int) -> Request | Transfer:
    """Give the posting of this number: it is the same in every process."""
    key, origin = f"posting {number}", f"order {number % 500}"
    about = About(cause=key)
    match number % 10:
        case 3:
            return Transfer(PROGRAM, owner(number), owner(number * 7 + 1), key, "points", 2, about, AT)
        case 5:
            moves: list[Move] = [Reserve("points", 3, origin, AT.replace(year=2030))]
        case 6:
            moves = [Capture("points", hold_id(posting_id(PROGRAM, f"posting {number - 1}")))]
            return Request(PROGRAM, owner(number - 1), key, service.fixed(*moves), about, AT, body=repr(moves))
        case 7:
            moves = [Spend("points", 4, origin)]
        case 8:
            moves = [TakeBack("points", 2, origin, Reach.NEGATIVE)]
        case _:
            moves = [Earn("points", 5, origin, AT), Earn("stars", 1, origin, AT)]
    return Request(PROGRAM, owner(number), key, service.fixed(*moves), about, AT, body=repr(moves), origins=[origin])


async def post(folder: Path, share: int, count: int) -> None:
    told = os.open(folder / f"told {share}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    left = [it for it in range(share, count, POSTERS) if it not in acknowledged(folder, share)]
    random.shuffle(left)

    async def speak() -> None:
        while left:
            number = left.pop()
            for _ in range(1 + (random.random() < AGAIN)):
                what = await _until_answered(lambda number=number: _post(number))  # type: ignore[misc]
            os.write(told, f"{number} {what}\n".encode())

    await asyncio.gather(*(speak() for _ in range(AT_ONCE)))


def acknowledged(folder: Path, share: int) -> dict[int, str]:
    """Read what a poster was told of its postings: `posted`, or the code of the refusal."""
    file = folder / f"told {share}"
    lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
    return {int(number): what for number, what in (line.split() for line in lines)}


async def _post(number: int) -> str:
    request, now = asked(number), datetime.now(UTC)
    try:
        if isinstance(request, Transfer):
            await moving.move(request, now=now)
        else:
            await service.post_one(request, now=now)
    except TryLater:
        raise
    except HubError as error:
        return error.code
    return "posted"


async def _until_answered(ask: Callable[[], Awaitable[str]]) -> str:
    while True:
        try:
            return await ask()
        except (PyMongoError, TryLater):
            await asyncio.sleep(0.1)


async def main(what: str, *words: str) -> None:
    settings = configuration.read_settings()
    async with hub.database.connect(settings) as client:
        await hub.database.use(client, [PurseDocument, PostingDocument, ProfileDocument])
        if what == "flush":
            await keeper.keep(lambda: datetime.now(UTC))
        else:
            await post(Path(words[0]), int(words[1]), int(words[2]))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
