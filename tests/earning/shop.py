"""What the tests of earning in the event path say to the hub, and what customers have then."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hub.database import Database
from hub.earning.difference import VERSION
from hub.events.model import Source
from hub.ledger import flushing, store
from hub.ledger import service as ledger
from hub.ledger.model import Posting
from hub.programs import service as programs
from tests.commerce.ordering import profile_id_of, sale
from tests.earning.ordering import BASE, written
from tests.intake.inflow import NOW, SHOP, route_all, said

LONG_AGO: Final = NOW - timedelta(days=300)
CLUB: Final = written(BASE)


async def activate(source: str = CLUB, *, key: str = "k", at: datetime = LONG_AGO) -> None:
    drafted = await programs.draft(source, by="t", key=key, now=at)
    await programs.activate(drafted.version, by="t", key=key, now=at)


async def told(*calls: Mapping[str, Any], source: Source = SHOP) -> None:
    """Tell of these, each as a batch of its own, and route them."""
    for call in calls:
        receipt = await said(call, source=source)
        assert not receipt.refused
    await route_all()


async def bought(
    user: str, order: str, total: object, *, name: str = "Completed", message: str = "", **said: Any
) -> None:
    await told(sale(name, user, order, message=message or f"{name} {order}", total=total, **said))


async def gave_back(user: str, order: str, total: object, *, refund: str, **said: Any) -> None:
    await told(sale("Refunded", user, order, message=f"refund {refund}", refund_id=refund, total=total, **said))


async def balance(database: Database, user: str, wallet: str = "points", program: str = "club") -> int:
    owner = await profile_id_of(database, user)
    return (await ledger.purses(program, [owner]))[owner].wallet(wallet).balance


async def available(database: Database, user: str, at: datetime = NOW) -> int:
    owner = await profile_id_of(database, user)
    return (await ledger.purses("club", [owner]))[owner].wallet("points").available(at)


async def postings(database: Database, user: str, program: str = "club") -> Sequence[Posting]:
    """All postings of a customer, flushed and read again."""
    owner = await profile_id_of(database, user)
    await flushing.flush([owner])
    found = await store.postings([], program, await _origins(database))
    return sorted((it for it in found.values() if it.owner == owner), key=lambda it: it.number)


async def _origins(database: Database) -> list[str]:
    return [str(it) for it in await database["postings"].distinct("origins")]


async def moved(database: Database, user: str) -> list[tuple[str, int]]:
    """What each posting of a customer has moved in their wallets, with what it is about."""
    return [
        (next(iter(it.origins)), sum(entry.points for entry in it.entries if entry.account == "wallet"))
        for it in await postings(database, user)
    ]


async def earned(database: Database, user: str) -> dict[str, int]:
    """What each origin has earned a customer, less what was taken back of it."""
    found: defaultdict[str, int] = defaultdict(int)
    for posting in await postings(database, user):
        for entry in posting.entries:
            if entry.account in {"issued", "reversed"}:
                found[entry.origin] -= entry.points
    return dict(found)


def version_of(posting: Posting) -> int:
    number: int = posting.about.detail[VERSION]
    return number
