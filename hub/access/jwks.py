"""The public keys of an OpenID Connect issuer: fetched when they are needed, and kept while the issuer is away."""

import asyncio
import functools
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx2
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hub.kit.errors import TryLater

log = structlog.get_logger(__name__)

ALGORITHMS: Final = frozenset({"RS256", "ES256"})
FRESH: Final = timedelta(minutes=10)
"""How long a set of keys is used without asking. A key that the issuer took away is refused after that."""
PAUSE: Final = timedelta(seconds=10)
"""How long the issuer is left alone after it was asked: made-up key ids must not become a flood of requests."""
TIMEOUT_SECONDS: Final = 3.0

_DISCOVERY: Final = "/.well-known/openid-configuration"
_LEAST_RSA_BITS: Final = 2048


class IssuerUnavailable(TryLater):
    """The issuer of a token does not answer, and none of its keys is known yet: nobody can say whether it is good."""

    code = "UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__(
            "The issuer of this token cannot be asked for its keys.", retry_after=int(PAUSE.total_seconds())
        )


class KeySet:
    """The keys of one issuer."""

    def __init__(self, issuer: str, jwks_url: str, clock: Callable[[], datetime]) -> None:
        """Without a `jwks_url` the issuer's discovery document names it."""
        self._issuer, self._jwks_url, self._clock = issuer, jwks_url, clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._read_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._flight: asyncio.Task[None] | None = None

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """Give a key by its id. None where the issuer has no such key.

        Raises:
            IssuerUnavailable: no keys are known, and the issuer does not answer.
        """
        now = self._clock()
        if self._read_at is None or now - self._read_at >= FRESH or key_id not in self._keys:
            await self._refresh(now)
        if self._read_at is None:
            raise IssuerUnavailable
        return self._keys.get(key_id)

    async def _refresh(self, now: datetime) -> None:
        """Ask once, however many wait for it."""
        if self._flight is None and (self._asked_at is None or now - self._asked_at >= PAUSE):
            self._asked_at = now
            self._flight = asyncio.create_task(self._fetch())
        if self._flight is not None:
            # A client that hangs up takes the answer away from nobody else.
            await asyncio.shield(self._flight)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), httpx2.AsyncClient(verify=_trusted()) as client:
                url = self._jwks_url or await _discovered(client, self._issuer)
                self._keys = _usable(await _document(client, url))
                self._read_at = self._clock()
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
            log.warning("issuer_unreachable", issuer=self._issuer, error=type(error).__name__)
        finally:
            self._flight = None


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Read the authorities once: that holds up everybody for a tenth of a second."""
    return httpx2.create_ssl_context()


async def _discovered(client: httpx2.AsyncClient, issuer: str) -> str:
    document = await _document(client, issuer.rstrip("/") + _DISCOVERY)
    if document.get("issuer") != issuer or not isinstance(document.get("jwks_uri"), str):
        raise ValueError("The discovery document is of another issuer.")
    url: str = document["jwks_uri"]
    return url


async def _document(client: httpx2.AsyncClient, url: str) -> Mapping[str, Any]:
    answer = (await client.get(url)).raise_for_status().json()
    return answer if isinstance(answer, dict) else {}


def _usable(document: Mapping[str, Any]) -> Mapping[str, jwt.PyJWK]:
    """Read the keys by which tokens may be signed.

    Raises:
        ValueError: there are none. The keys known before are better than that.
    """
    listed = document.get("keys")
    found = {jwk["kid"]: key for jwk in listed if (key := _read(jwk))} if isinstance(listed, list) else {}
    if not found:
        raise ValueError("There is no usable key.")
    return found


def _read(jwk: Any) -> jwt.PyJWK | None:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str) or jwk.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(jwk)
    except jwt.PyJWTError:
        return None
    weak = isinstance(key.key, RSAPublicKey) and key.key.key_size < _LEAST_RSA_BITS
    return key if key.algorithm_name in ALGORITHMS and not weak else None
