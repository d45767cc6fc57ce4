"""Short links: addresses in SMS and push messages, led through the hub by a token of twelve characters.

An SMS has no room for a token that holds where it leads, so that is stored beside it. The token is made of what it
stands for and of the hub's secret: a message that is prepared again has the same, and nobody guesses one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub import seal
from hub.database import Named, insert_once
from hub.seal import Personal

LASTS: Final = timedelta(days=180)
"""For how long a short link leads on."""
LENGTH: Final = 12
"""Characters of its token."""


@dataclass(frozen=True, slots=True)
class ShortLink:
    """What a token stands for: the message that it is in, whose that is, its number there, and where it leads."""

    token: str
    profile_id: UUID
    message_id: UUID
    link: int
    target: str
    expires_at: datetime


class ShortLinkDocument(Named):
    """A short link at rest. `_id` is its token; it goes when it leads nowhere any more."""

    profile_id: UUID
    message_id: UUID
    link: int
    target: str
    expires_at: datetime

    class Settings:
        """Where short links lie and how they are found."""

        name = "short_links"
        personal = Personal("profile_id", ("target",))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1)], name="profile"),
            IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
        ]


async def keep(links: Sequence[ShortLink]) -> None:
    """Store links before anybody is sent them. One that is stored already stays as it is."""
    rows = [
        {
            "_id": it.token,
            "profile_id": it.profile_id,
            "message_id": it.message_id,
            "link": it.link,
            "expires_at": it.expires_at,
            **seal.shut(ShortLinkDocument, {"target": it.target}),
        }
        for it in links
    ]
    await insert_once(ShortLinkDocument, rows)


async def find(token: str, *, now: datetime) -> ShortLink | None:
    """Tell what a token stands for. None where it is none, or leads nowhere any more."""
    row = await ShortLinkDocument.get_pymongo_collection().find_one({"_id": token, "expires_at": {"$gt": now}})
    if row is None:
        return None
    opened = seal.opened(ShortLinkDocument, row)
    return ShortLink(
        token, row["profile_id"], row["message_id"], row["link"], opened["target"], expires_at=row["expires_at"]
    )
