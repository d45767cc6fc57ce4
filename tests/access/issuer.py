"""An OpenID Connect issuer on a real port: it serves its keys, rotates them, counts who asks, and can fall silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from hub.settings import IssuerKind, OidcIssuer

AUDIENCE = "shop-app"
RSA_KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
"""Made once: they are dear."""


class Issuer:
    """Signs by its newest key; those it has published and not withdrawn are in its set."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.silent = False
        self.broken: bytes | None = None
        self.published: dict[str, Any] = {}
        self._signing: dict[str, tuple[Any, str]] = {}
        self.rotate("rsa-1", RSA_KEYS[0], "RS256")

    def rotate(self, key_id: str, key: Any = None, algorithm: str = "ES256") -> None:
        """Sign by a new key from now on; the old ones stay published."""
        made = key or ec.generate_private_key(ec.SECP256R1())
        to_jwk = RSAAlgorithm.to_jwk if algorithm == "RS256" else ECAlgorithm.to_jwk
        jwk = to_jwk(made.public_key(), as_dict=True)
        self.published[key_id] = {**jwk, "kid": key_id, "use": "sig"}
        self._signing[key_id] = (made, algorithm)

    def token(self, key_id: str = "", headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign a token by the newest key, or another one. A claim that is None is left out."""
        key_id = key_id or next(reversed(self._signing))
        key, algorithm = self._signing[key_id]
        return jwt.encode(self.claims(**claims), key, algorithm, headers={"kid": key_id, **(headers or {})})

    def claims(self, **given: Any) -> dict[str, Any]:
        now = datetime.now(UTC)
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + timedelta(hours=1)}
        return {name: value for name, value in {**usual, **given}.items() if value is not None}

    def settings(self, kind: IssuerKind = IssuerKind.CUSTOMER, **rest: Any) -> OidcIssuer:
        return OidcIssuer(issuer=self.url, audience=AUDIENCE, kind=kind, **rest)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        self.asked.append(path)
        discovery = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        document = discovery if path.startswith("/.well-known") else {"keys": list(self.published.values())}
        body = self.broken if self.broken is not None else orjson.dumps(document)
        if not self.silent:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def issuer() -> AsyncIterator[Issuer]:
    """Serve one until the block ends."""
    answering: list[Issuer] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering[0].answer(reader, writer)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        answering.append(Issuer(server.sockets[0].getsockname()[1]))
        yield answering[0]
