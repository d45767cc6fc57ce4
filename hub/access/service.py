"""Who is asking: a caller is made once per request, here."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

from hub.access import tokens
from hub.access.keyring import Keyring
from hub.access.model import NOBODY, Caller, Unauthenticated
from hub.access.oidc import Issuers
from hub.access.tokens import Revocations, Verified
from hub.settings import Settings

MOST_REMEMBERED: Final = 10_000


class Callers:
    """Makes callers of what they present. A token that was verified is remembered by its hash until it is over."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._keys = Keyring(clock)
        self._issuers = Issuers(settings.oidc.values(), clock)
        self._revoked = Revocations()
        self._remembered: dict[bytes, Verified] = {}

    async def of(self, presented: str | None) -> Caller:
        """Tell who presents this key or token; nothing presented is nobody.

        Raises:
            Unauthenticated: something was presented that is not valid.
            IssuerUnavailable: the issuer of the token cannot be asked.
        """
        if not presented:
            return NOBODY
        found = self._keys.caller if presented.startswith("hub_") else self._bearer
        caller = await found(presented)
        if caller is None:
            raise Unauthenticated("The key or token is not valid.")
        return caller

    async def _bearer(self, token: str) -> Caller | None:
        digest = hashlib.sha256(token.encode()).digest()
        known = self._remembered.get(digest)
        if known is None:
            known = tokens.verified(self._settings, token) or await self._issuers.verified(token)
            if known is None:
                return None
            if len(self._remembered) >= MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]  # the one remembered for longest
            self._remembered[digest] = known
        elif known.until <= self._clock():
            del self._remembered[digest]
            return None
        if known.caller.token_id and await self._revoked.hold(known.caller.token_id):
            return None
        return known.caller
