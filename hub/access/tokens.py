"""Tokens of customers, signed with the hub's own secret. `sub` is the customer's user id, `jti` the token's own."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

import jwt
from pydantic import SecretStr
from pymongo import IndexModel

from hub.access.model import Caller, CallerKind
from hub.access.permissions import KINDS
from hub.database import Keyed
from hub.kit import ids
from hub.kit.errors import HubError
from hub.settings import Settings

LIFETIME: Final = timedelta(days=30)
FRESH_SECONDS: Final = 1.0
"""How long a token that was looked up is believed without asking: a revoked one is refused within a second."""

_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "engagement-hub"
_REQUIRED: Final = ["sub", "jti", "exp"]


class NoSecretKey(HubError):
    """Tokens cannot be signed: nobody has set the secret."""

    code = "NO_SECRET_KEY"

    def __init__(self) -> None:
        super().__init__("Set HUB_SECRET_KEY to at least 32 characters: tokens are signed with it.")


@dataclass(frozen=True, slots=True)
class Verified:
    """Who presents a token, and until when that holds."""

    caller: Caller
    until: datetime


class RevokedTokenDocument(Keyed):
    """A token that is over before its time. `_id` is a key made of its `jti`; the row goes when the token is over."""

    expires_at: datetime

    class Settings:
        """Where revoked tokens lie and when they are forgotten."""

        name = "revoked_tokens"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0)]


def issue(settings: Settings, user_id: str, *, now: datetime) -> str:
    """Make a customer's token, valid for thirty days.

    Raises:
        NoSecretKey: there is no secret to sign with.
    """
    return _signed(settings, {"sub": user_id, "jti": ids.new_id().hex}, now)


def issue_to_profile(settings: Settings, profile_id: UUID, *, token_id: str, now: datetime) -> str:
    """Make the token of a customer who may have no user id, valid for thirty days: the same one for the same id.

    Raises:
        NoSecretKey: there is no secret to sign with.
    """
    # A claim of its own: what another issuer puts into `sub` never names a profile.
    return _signed(settings, {"sub": f"profile:{profile_id}", "profile": str(profile_id), "jti": token_id}, now)


def _signed(settings: Settings, claims: dict[str, str], now: datetime) -> str:
    times = {"aud": _AUDIENCE, "iat": now, "exp": now + LIFETIME}
    return jwt.encode({**claims, **times}, _secret(settings.secret_key), algorithm=_ALGORITHM)


def verified(settings: Settings, token: str) -> Verified | None:
    """Tell which customer presents this token. None where it is not ours, changed or expired."""
    for secret in (settings.secret_key, settings.secret_key_previous):
        if not secret.get_secret_value():
            continue
        try:
            claims: dict[str, Any] = jwt.decode(
                token, _secret(secret), algorithms=[_ALGORITHM], audience=_AUDIENCE, options={"require": _REQUIRED}
            )
        except jwt.InvalidTokenError:
            continue
        caller = Caller(
            CallerKind.CUSTOMER,
            claims["sub"],
            KINDS[CallerKind.CUSTOMER],
            token_id=claims["jti"],
            profile_id=UUID(claims["profile"]) if "profile" in claims else None,
        )
        return Verified(caller, datetime.fromtimestamp(claims["exp"], UTC))
    return None


async def revoke(token_id: str, *, now: datetime) -> None:
    """Make a token useless within a second. Doing it again changes nothing.

    Args:
        token_id: its `jti`, as `Caller.token_id` has it.
        now: when it is over.
    """
    row = {"expires_at": now + LIFETIME}
    await RevokedTokenDocument.get_pymongo_collection().update_one(
        {"_id": _key_of(token_id)}, {"$setOnInsert": row}, upsert=True
    )


class Revocations:
    """Tells which tokens are revoked; remembers for a second what it read."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[float, bool]] = {}

    async def hold(self, token_id: str) -> bool:
        """Tell whether this token is revoked."""
        now = time.monotonic()
        read_at, revoked = self._read.get(token_id, (-FRESH_SECONDS, False))
        if now - read_at >= FRESH_SECONDS:
            found = await RevokedTokenDocument.get_pymongo_collection().find_one({"_id": _key_of(token_id)}, {"_id": 1})
            revoked = found is not None
            if len(self._read) > 10_000:  # noqa: PLR2004 - a busy day must not fill the memory
                self._read.clear()
            self._read[token_id] = (now, revoked)
        return revoked


def _key_of(token_id: str) -> UUID:
    return ids.key_of("revoked token", token_id)


def _secret(secret: SecretStr) -> str:
    if not secret.get_secret_value():
        raise NoSecretKey
    return secret.get_secret_value()
