"""The hub's own keys: each made once, at random, and kept in the database sealed with HUB_SECRET_KEY.

So neither the rows nor the secret alone tell a key, and a change of the secret seals it anew: what was hashed with it
stays what it is.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from cryptography.fernet import Fernet, InvalidToken
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub.database import Named
from hub.kit.errors import HubError
from hub.kit.signing import NoSecret
from hub.settings import Settings


class WrongSecret(HubError):
    """A key was sealed with another secret, so that what was hashed with it cannot be found."""

    code = "WRONG_SECRET_KEY"

    def __init__(self, name: str) -> None:
        super().__init__(f"The {name} is sealed with another secret: set HUB_SECRET_KEY_PREVIOUS to the one before.")


class SealedKeyDocument(Named):
    """A key, sealed with the hub's secret. `_id` is its name."""

    sealed: bytes

    class Settings:
        """Where it lies: beside the mark of the migration that made it."""

        name = "meta"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


async def open_key(name: str, settings: Settings) -> bytes:
    """Open a key; make it if there is none, and seal it anew where the secret has changed.

    `hub migrate` does so first, so that a process that serves only reads.

    Raises:
        NoSecret: HUB_SECRET_KEY is not set.
        WrongSecret: the key was sealed with a secret that is not set any more.
    """
    given = (settings.secret_key.get_secret_value(), settings.secret_key_previous.get_secret_value())
    boxes = [_box(secret) for secret in given if secret]
    if not boxes:
        raise NoSecret
    collection = SealedKeyDocument.get_pymongo_collection()
    row = await collection.find_one({"_id": name})
    if row is None:
        made = {"_id": name, "sealed": boxes[0].encrypt(secrets.token_bytes(32))}
        with suppress(DuplicateKeyError):
            await collection.insert_one(made)
        row = await collection.find_one({"_id": name}) or made
    key = _unsealed(boxes, row["sealed"])
    if key is None:
        raise WrongSecret(name)
    if _unsealed(boxes[:1], row["sealed"]) is None:
        sealed = boxes[0].encrypt(key)
        await collection.update_one({"_id": name, "sealed": row["sealed"]}, {"$set": {"sealed": sealed}})
    return key


def _box(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"sealed keys\0" + secret.encode()).digest()))


def _unsealed(boxes: Sequence[Fernet], sealed: Any) -> bytes | None:
    for box in boxes:
        with suppress(InvalidToken):
            return box.decrypt(sealed)
    return None
