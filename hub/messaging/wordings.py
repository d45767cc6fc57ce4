"""Wordings: messages that went out with other words of a snippet than those that were agreed to by then.

A template says the version that was the newest when it was published. When somebody agrees to another one, its messages
are outdated from then on, until it is published again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.database import Row
from hub.messaging.model import State
from hub.messaging.store import EARLIEST, MessageDocument
from hub.wording import snippet_store

_OUT: Final = (State.SENT.value, State.DELIVERED.value, State.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class Outdated:
    """Messages of one template that went out with one version of a snippet, after a newer one had been agreed to.

    Attributes:
        snippet: its name.
        said: the version that they say.
        agreed: the version that templates may say now.
        template: what they are messages of.
        messages: how many there are.
        first_at: when the first of them went out.
        last_at: when the last of them did.
    """

    snippet: str
    said: int
    agreed: int
    template: str
    messages: int
    first_at: datetime
    last_at: datetime


async def outdated(since: datetime = EARLIEST) -> list[Outdated]:
    """List them by snippet, version and template: those that went out since then."""
    replaced = {it.version.id: it for it in await snippet_store.replaced()}
    if not replaced:
        return []
    wanted: list[Row] = [
        {"snippets": id_, "worded_at": {"$gte": max(it.at, since, EARLIEST)}} for id_, it in replaced.items()
    ]
    found = await MessageDocument.get_pymongo_collection().aggregate(
        [
            {"$match": {"$or": wanted, "state": {"$in": _OUT}}},
            {"$unwind": "$snippets"},
            {"$match": {"$or": wanted}},
            {
                "$group": {
                    "_id": {"snippet": "$snippets", "template": "$template"},
                    "messages": {"$sum": 1},
                    "first_at": {"$min": "$worded_at"},
                    "last_at": {"$max": "$worded_at"},
                }
            },
        ]
    )
    listed = [_outdated(row, replaced[row["_id"]["snippet"]]) async for row in found]
    return sorted(listed, key=lambda it: (it.snippet, it.said, it.template))


def _outdated(row: Row, replaced: snippet_store.Replaced) -> Outdated:
    return Outdated(
        snippet=replaced.version.name,
        said=replaced.version.number,
        agreed=replaced.by,
        template=row["_id"]["template"],
        messages=row["messages"],
        first_at=row["first_at"],
        last_at=row["last_at"],
    )
