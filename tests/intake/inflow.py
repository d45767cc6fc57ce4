"""What tests of the intake say and do: calls of two sources, a router without a bell, and what became of it all."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from hub.database import Database
from hub.events import store
from hub.events.model import Event, Source, Trust
from hub.intake import parts
from hub.intake.accept import Receipt, accept
from hub.intake.parts import RouterDocument
from hub.intake.ringer import Ringer
from hub.intake.router import Router
from hub.journeys import service

SHOP: Final = Source("shop", Trust.SERVER)
APP: Final = Source("app", Trust.CLIENT)
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)

CART: Final = """
journey: cart
enter: {event: Checkout Started, key: properties.order_id, where: properties.value > 0}
exit:
  - {event: Order Completed, match: properties.order_id}
steps:
  - wait: 1h
  - send: {template: cart-reminder, channels: [email]}
"""


class Silence:
    """A bell that nobody hears."""

    async def ring(self, cohort: str, /) -> None:
        del cohort


def router(name: str = "router") -> Router:
    return Router(name, Ringer(Silence()), lambda: NOW)


async def publish(source: str = CART) -> None:
    await service.publish(source, templates={"cart-reminder"}, by="test", key=source, now=NOW)


async def said(*calls: Mapping[str, Any], source: Source = SHOP, now: datetime = NOW, **beside: Any) -> Receipt:
    """Accept calls as one batch."""
    return await accept(source, [msgspec.json.encode(call) for call in calls], now=now, **beside)


def track(event: str, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, **fields}


def identify(**fields: Any) -> dict[str, Any]:
    return {"type": "identify", **fields}


def checkout(user: str, order: str, *, message: str, value: float = 50) -> dict[str, Any]:
    return track("Checkout Started", userId=user, messageId=message, properties={"order_id": order, "value": value})


def order(user: str, order: str, *, message: str) -> dict[str, Any]:
    return track("Order Completed", userId=user, messageId=message, properties={"order_id": order})


async def unrouted() -> list[Event]:
    return await store.work(range(64), 10_000)


async def route_all() -> None:
    """Route until nothing is left to do, as the only router: the leases of those before have run out."""
    await RouterDocument.get_pymongo_collection().delete_many({})
    last = router()
    while await last.step():
        pass
    await parts.give_back("router")


async def people(database: Database) -> dict[str, dict[str, Any]]:
    """Every profile by its identifiers, such as `anonymous:a1 user:ada`."""
    names: dict[Any, list[str]] = {}
    async for row in database["identifiers"].find():
        names.setdefault(row["profile_id"], []).append(f"{row['kind']}:{row['value']}")
    rows = {row["_id"]: row async for row in database["profiles"].find()}
    assert rows.keys() == names.keys()  # no name points to nobody, nobody is without a name
    return {" ".join(sorted(names[profile_id])): row for profile_id, row in rows.items()}


async def outcome(database: Database) -> dict[str, Any]:
    """Tell what the events have led to, in the names that events and customers have of themselves."""
    messages = {row["_id"]: row["message_id"] async for row in database["events"].find()}
    who = {row["_id"]: name for name, row in (await people(database)).items()}
    rows = [row async for row in database["runs"].find()]
    runs = {row["_id"]: messages[row["event_id"]] for row in rows}
    by_seq = database["events"].find({"routed": True}).sort([("profile_id", 1), ("seq", 1)])
    return {
        "routed": sorted([(who[row["profile_id"]], row["seq"], row["message_id"]) async for row in by_seq], key=_order),
        "profiles": {name: (row["events"], row["traits"]) for name, row in (await people(database)).items()},
        "runs": sorted(
            (
                runs[row["_id"]],
                who[row["profile_id"]],
                row["status"],
                sorted(messages[it["event_id"]] for it in row["inputs"]),
            )
            for row in rows
        ),
        "guards": sorted([runs.get(row["run_id"], "free") async for row in database["entry_guards"].find()]),
        "decisions": sorted(
            [
                (messages_of(row["cause"], messages), row["question"], str(row["reason"]))
                async for row in database["decisions"].find()
            ]
        ),
    }


def messages_of(cause: str, messages: Mapping[Any, str]) -> str:
    return next(message for event_id, message in messages.items() if str(event_id) == cause)


def _order(line: tuple[str, int, str]) -> tuple[str, int]:
    return line[:2]


def without_seqs(found: Mapping[str, Any]) -> dict[str, Any]:
    """Leave the numbers out and the order in: two tellings of the same are given different numbers."""
    return {**found, "routed": [(name, message) for name, _, message in found["routed"]]}


async def empty(database: Database) -> None:
    """Forget everything that has happened. The journeys stay."""
    kept = {"name": {"$not": {"$regex": "^(system\\.|journey|meta)"}}}
    for name in await database.list_collection_names(filter=kept):
        await database[name].delete_many({})
