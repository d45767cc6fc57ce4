"""The keyring: whose a presented key is, compared in constant time and remembered for a second."""

import hmac
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from hub.access.grants import CALLER_KINDS, KeyKind
from hub.access.keys import KeyDocument, digest_of
from hub.access.model import Caller
from hub.events.model import Source, Trust

FRESH_SECONDS: Final = 1.0
"""How long a key that was checked is believed without asking: a revoked one is refused within a second."""

_TRUSTS: Final = {KeyKind.SERVER: Trust.SERVER, KeyKind.STAFF: Trust.SERVER}
"""Only the retailer's own machines and people are believed. A device can be carried off, a partner is somebody else."""


class Keyring:
    """Tells whose a presented key is; remembers for a second what it read."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._read: dict[str, tuple[float, KeyDocument | None]] = {}

    async def caller(self, presented: str) -> Caller | None:
        """Tell who presents this key. None where it is unknown, wrong, over or revoked."""
        parts = presented.split("_", 3)
        if len(parts) != 4 or parts[0] != "hub":  # noqa: PLR2004 - hub, env, id, secret
            return None
        key_id, secret = parts[2], parts[3]
        document = await self._document(key_id)
        now = self._clock()
        # Compared also where there is no such key, so that time does not tell which ids exist.
        right = _opens(document, digest_of(secret), now)
        if document is None or not right or document.revoked_at is not None:
            return None
        grant = document.grant
        if grant.expires_at and grant.expires_at <= now:
            return None
        await _note_use(document, now)
        return Caller(
            CALLER_KINDS[grant.kind],
            grant.person or key_id,
            grant.allowed,
            Source(grant.source, _TRUSTS.get(grant.kind, Trust.CLIENT)),
            roles=grant.roles,
            brands=grant.brands,
            stores=grant.stores,
        )

    async def _document(self, key_id: str) -> KeyDocument | None:
        now = time.monotonic()
        read_at, document = self._read.get(key_id, (-FRESH_SECONDS, None))
        if now - read_at >= FRESH_SECONDS:
            document = await KeyDocument.get(key_id)
            if len(self._read) > 10_000:  # noqa: PLR2004 - made-up ids must not fill the memory
                self._read.clear()
            self._read[key_id] = (now, document)
        return document


def _opens(document: KeyDocument | None, digest: str, now: datetime) -> bool:
    """Compare with both secrets, and as often where there are none."""
    older = document.older if document else None
    older_lives = older is not None and (older.ends_at is None or older.ends_at > now)
    first = hmac.compare_digest(digest, document.digest if document else "0" * len(digest))
    second = hmac.compare_digest(digest, older.digest if older else "0" * len(digest))
    return first or (second and older_lives)


async def _note_use(document: KeyDocument, now: datetime) -> None:
    """Keep the day of the last use, with one write a day."""
    today = now.date().isoformat()
    if document.used_on != today:
        document.used_on = today
        await KeyDocument.get_pymongo_collection().update_one({"_id": document.id}, {"$max": {"used_on": today}})
