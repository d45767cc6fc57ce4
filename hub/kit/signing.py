"""Signed tokens that stand in an address: what they hold cannot be changed, and serves one purpose until it expires."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from hub.kit.errors import HubError

_TAG_BYTES: Final = 16
_TIME_BYTES: Final = 5


class NoSecret(HubError):
    """Nothing can be signed: nobody has set the secret."""

    code = "NO_SECRET_KEY"

    def __init__(self) -> None:
        super().__init__("Set HUB_SECRET_KEY to at least 32 characters: links are signed with it.")


class Signer:
    """Signs with the first of its secrets and believes all of them, so that a change of secret breaks no link.

    Args:
        secrets: the one of today first; empty ones are left out.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = [secret.encode() for secret in secrets if secret]

    def token(self, purpose: str, content: bytes, *, until: datetime) -> str:
        """Make a token of URL-safe characters. The content can be read by whoever holds it.

        Raises:
            NoSecret: there is nothing to sign with.
        """
        if not self._secrets:
            raise NoSecret
        said = int(until.timestamp()).to_bytes(_TIME_BYTES, "big") + content
        return _written(_tag(self._secrets[0], purpose, said) + said)

    def name(self, purpose: str, content: bytes, *, length: int) -> str:
        """Make a name of URL-safe characters for a content: always the same, and nobody else can make it.

        Raises:
            NoSecret: there is nothing to make it with.
        """
        if not self._secrets:
            raise NoSecret
        return _written(hmac.digest(self._secrets[0], purpose.encode() + b"\0" + content, hashlib.sha256))[:length]

    def content(self, purpose: str, token: str, *, now: datetime) -> bytes | None:
        """Read a token. None where it was made for another purpose, was changed, or has expired."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (ValueError, binascii.Error):
            return None
        if _written(raw) != token:
            return None  # other characters for the same bytes
        tag, said = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        # Every secret is tried, so that time does not tell which one it was.
        known = [hmac.compare_digest(_tag(secret, purpose, said), tag) for secret in self._secrets]
        if not any(known) or len(said) < _TIME_BYTES:
            return None
        until = datetime.fromtimestamp(int.from_bytes(said[:_TIME_BYTES], "big"), UTC)
        return said[_TIME_BYTES:] if now < until else None


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _tag(secret: bytes, purpose: str, said: bytes) -> bytes:
    return hmac.digest(secret, purpose.encode() + b"\0" + said, hashlib.sha256)[:_TAG_BYTES]
