"""Names: what stands for a person, an address or a network where nothing of them may stand, such as in the audit.

A name is a keyed hash. The same is always called the same, whatever becomes of HUB_SECRET_KEY, and whoever has the rows
and guesses a user id cannot tell whether it is theirs.
"""

import hashlib
import hmac
from typing import Final
from uuid import UUID

from hub import vault
from hub.settings import Settings

KEY: Final = "key of names"
_ID_BYTES: Final = 16


class Names:
    """Makes names, for one process: it opens the key once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key: bytes | None = None

    async def of(self, what: str, *parts: str) -> UUID:
        """Give the name of something, made of what it is and of its parts.

        Raises:
            NoSecret: HUB_SECRET_KEY is not set.
            WrongSecret: the key was sealed with a secret that is not set any more.
        """
        if self._key is None:
            self._key = await vault.open_key(KEY, self._settings)
        # Each with its length before it, so that no two lists of parts read alike.
        said = b"".join(len(it.encode()).to_bytes(4, "big") + it.encode() for it in (what, *parts))
        return UUID(bytes=hmac.digest(self._key, said, hashlib.sha256)[:_ID_BYTES])

    async def of_customer(self, user_id: str) -> str:
        """Name a customer as the audit does."""
        return str(await self.of("customer", user_id))
