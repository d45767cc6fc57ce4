"""What all members of a program have together: as the purses say now, and as the postings say of any moment.

Both are added up where they lie, so that memory does not grow with the ledger.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hub.ledger import model
from hub.ledger.store import PostingDocument, PurseDocument

_NEVER: Final = datetime.max.replace(tzinfo=UTC, microsecond=0)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Points of one currency that all members of a program have together.

    Attributes:
        unexpired: in lots, pending ones too.
        held: locked in holds.
        owed: what members owe. It makes nothing less that others have.
        over: in lots that have expired and were not booked as such yet. Nobody can spend them.
    """

    unexpired: int = 0
    held: int = 0
    owed: int = 0
    over: int = 0

    @property
    def spendable(self) -> int:
        """What may still be spent: it is what a program owes its members."""
        return self.unexpired + self.held


async def standing(program: str, now: datetime) -> dict[str, Outstanding]:
    """Add up the purses of a program as they are, by currency."""
    wallet = "$wallets.v"
    pipeline: list[dict[str, Any]] = [
        {"$match": {"program": program}},
        {"$project": {"wallets": {"$objectToArray": "$wallets"}}},
        {"$unwind": "$wallets"},
        {
            "$group": {
                "_id": "$wallets.k",
                "unexpired": {"$sum": _left(f"{wallet}.lots", {"$not": [_over("$$it", now)]})},
                "over": {"$sum": _left(f"{wallet}.lots", _over("$$it", now))},
                "held": {
                    "$sum": {"$sum": {"$map": {"input": f"{wallet}.holds", "in": {"$sum": "$$this.draws.points"}}}}
                },
                "owed": {"$sum": f"{wallet}.owed"},
            }
        },
    ]
    found = await PurseDocument.get_pymongo_collection().aggregate(pipeline)
    return {row.pop("_id"): Outstanding(**row) for row in await found.to_list()}


async def replayed(program: str, at: datetime) -> dict[str, Outstanding]:
    """Add up the copied postings of a program that hold by a time, by currency: what there was then."""
    entry = "$entries"
    is_held = {"$eq": [f"{entry}.account", model.HELD]}
    is_lot = {"$ne": [{"$ifNull": [f"{entry}.lot", None]}, None]}
    over = _over(f"{entry}.lot", at)
    pipeline: list[dict[str, Any]] = [
        {"$match": {"program": program, "at": {"$lte": at}}},
        {"$unwind": entry},
        {"$match": {"entries.account": {"$in": [model.WALLET, model.HELD]}}},
        {
            "$group": {
                "_id": f"{entry}.currency",
                "unexpired": _points(is_lot, {"$not": [over]}),
                "over": _points(is_lot, over),
                "held": _points(is_held),
                "debt": _points({"$not": [is_held]}, {"$not": [is_lot]}),
            }
        },
    ]
    found = await PostingDocument.get_pymongo_collection().aggregate(pipeline)
    return {row.pop("_id"): Outstanding(owed=-row.pop("debt"), **row) for row in await found.to_list()}


def _over(terms: str, at: datetime) -> dict[str, Any]:
    return {"$lte": [{"$ifNull": [f"{terms}.expires_at", _NEVER]}, at]}


def _left(lots: str, which: dict[str, Any]) -> dict[str, Any]:
    """Add up what is left of those of these lots, `it` each."""
    wanted = {"$filter": {"input": lots, "as": "it", "cond": which}}
    return {"$sum": {"$map": {"input": wanted, "in": "$$this.left"}}}


def _points(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"$sum": {"$cond": [{"$and": list(conditions)}, "$entries.points", 0]}}
