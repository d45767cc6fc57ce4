"""The pictures in mails: stored once under the hash of their bytes, so that an address never shows something else."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from bson import Binary
from pymongo import IndexModel, ReturnDocument

from hub.database import Named, Row
from hub.kit import ids
from hub.wording import pictures
from hub.wording.pictures import Picture

PATH: Final = "/a/"
MOST: Final = 200
"""How many are listed."""

_HASH_LETTERS: Final = 32


class AssetDocument(Named):
    """A picture at rest. `_id` is the hash of its bytes, `key` the idempotency key they first came under."""

    ending: str
    media_type: str
    width: int
    height: int
    size: int
    content: bytes
    uploaded_at: datetime
    uploaded_by: str
    key: UUID

    class Settings:
        """Where pictures lie, the newest of which are listed."""

        name = "assets"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("uploaded_at", -1)], name="newest")]


@dataclass(frozen=True, slots=True)
class Asset:
    """A stored picture, without its bytes: `size` is how many they are."""

    hash: str
    picture: Picture
    size: int
    uploaded_at: datetime

    @property
    def path(self) -> str:
        """Where everybody can fetch it, below the public address."""
        return f"{PATH}{self.hash}.{self.picture.ending}"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an upload; `new` is False where an earlier one had brought the same bytes."""

    asset: Asset
    new: bool


async def upload(content: bytes, *, by: str, key: str, now: datetime) -> Stored:
    """Store a picture, unless it is there.

    Args:
        content: its bytes.
        by: who brings it, the scope of `key`.
        key: repeating it answers the same.
        now: when it is brought.

    Raises:
        BadAsset: it is no picture that mailboxes show, or too large.
    """
    picture = pictures.picture_of(content)
    hash_ = hashlib.sha256(content).hexdigest()[:_HASH_LETTERS]
    key_id = ids.key_of("upload asset", by, key)
    row: Row = {
        **asdict(picture),
        "size": len(content),
        "content": Binary(content),
        "uploaded_at": now,
        "uploaded_by": by,
        "key": key_id,
    }
    standing: Any = await AssetDocument.get_pymongo_collection().find_one_and_update(
        {"_id": hash_},
        {"$setOnInsert": row},
        {"content": 0},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return Stored(_asset_of(standing), new=standing["key"] == key_id)


async def one(hash_: str) -> Asset | None:
    """Read a picture without its bytes; None where there is none with this hash."""
    row = await AssetDocument.get_pymongo_collection().find_one({"_id": hash_}, {"content": 0})
    return _asset_of(row) if row else None


async def newest() -> list[Asset]:
    """List the pictures that were uploaded last."""
    found = AssetDocument.get_pymongo_collection().find({}, {"content": 0}).sort("uploaded_at", -1).limit(MOST)
    return [_asset_of(row) async for row in found]


async def fetch(name: str) -> tuple[bytes, str] | None:
    """Give the bytes and the media type of `HASH.ENDING`; None where there is no such picture."""
    hash_, _, ending = name.partition(".")
    row = await AssetDocument.get_pymongo_collection().find_one({"_id": hash_, "ending": ending})
    return (bytes(row["content"]), str(row["media_type"])) if row else None


def _asset_of(row: Row) -> Asset:
    picture = Picture(row["ending"], row["media_type"], row["width"], row["height"])
    return Asset(row["_id"], picture, row["size"], row["uploaded_at"])
