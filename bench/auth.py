"""`auth`: CPU of a request whose token is verified, against the same request where whoever asks is believed.

Both go through the whole API, warm, in this process. The request is the smallest that asks who one is, so that the
token weighs most. What a token costs when it is seen for the first time stands beside.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from bench.line import SAMPLES, Line, say
from bench.stage import stage
from hub.access.model import Caller
from hub.access.service import Callers
from hub.privacy.service import Privacy
from hub.settings import OidcIssuer, Settings
from hub_api import endpoint
from runtime import addresses, logs, wiring
from runtime.http import RequestLog

TURN, TURNS = 50, 20
"""Requests in one turn, and turns in one sample."""
COLD_TOKENS: Final = 300
AUDIENCE: Final = "shop"
QUERY: Final = orjson.dumps({"query": "{ me { id } }"})
SIGNING: Final = {
    "RS256": (rsa.generate_private_key(public_exponent=65537, key_size=2048), RSAAlgorithm.to_jwk),
    "ES256": (ec.generate_private_key(ec.SECP256R1()), ECAlgorithm.to_jwk),
}


class Believing(Callers):
    """Believes whoever asks to be one caller: what a request costs without finding out who it is."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime], caller: Caller) -> None:
        super().__init__(settings, clock)
        self._caller = caller

    async def of(self, presented: str | None) -> Caller:
        """Ask for nothing."""
        del presented
        return self._caller


async def measure() -> AsyncIterator[Line]:
    """Measure both in turn, then the cold cost."""
    async with stage(with_temporal=False) as on, _issuer() as url:
        settings = on.settings.model_copy(update={"oidc": {0: OidcIssuer(issuer=url, audience=AUDIENCE, jwks_url=url)}})
        logs.configure(settings, process="bench")
        callers = Callers(settings, wiring.clock)
        token = _token(url, "RS256", "ada")
        apps = {
            "verified": _app(settings, callers),
            "believed": _app(settings, Believing(settings, wiring.clock, await callers.of(token))),
        }
        samples: dict[str, list[float]] = {name: [] for name in apps}
        for round_ in range(SAMPLES + 1):
            for name, used in (await _sample(apps, token)).items():
                say(f"  {name}: {used:.0f} us of CPU a request")
                if round_ > 0:  # the first round only warms up
                    samples[name].append(used)
        cold = {algorithm: round(await _cold(callers, url, algorithm)) for algorithm in SIGNING}
    yield Line(
        bench="auth",
        unit="us of CPU/request",
        higher_is_better=False,
        ours=samples["verified"],
        baseline=samples["believed"],
        beside={"cold_us_per_token": cold},
    )


def _app(settings: Settings, callers: Callers) -> ASGIApp:
    privacy = Privacy(settings, wiring.DOCUMENTS)
    return RequestLog(Starlette(routes=endpoint.routes(settings, callers, privacy, wiring.clock)))


async def _sample(apps: Mapping[str, ASGIApp], token: str) -> dict[str, float]:
    """Ask them in short turns, so that what else the machine does falls on both."""
    used = dict.fromkeys(apps, 0.0)
    for _ in range(TURNS):
        for name, app in apps.items():
            begun = time.process_time()
            for _ in range(TURN):
                answer = await _ask(app, token)
            used[name] += time.process_time() - begun
            if orjson.loads(answer).get("data") != {"me": None}:
                raise RuntimeError(f"The hub answered {answer!r}.")
    return {name: seconds / (TURNS * TURN) * 1e6 for name, seconds in used.items()}


async def _ask(app: ASGIApp, token: str) -> bytes:
    """Ask the application itself: a client would be measured with it."""
    headers = [(b"authorization", b"Bearer " + token.encode()), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": endpoint.PATH,
        "query_string": b"",
        "headers": headers,
    }
    answered = bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": QUERY, "more_body": False}

    async def send(message: Message) -> None:
        answered.extend(message.get("body", b""))

    await app(scope, receive, send)
    return bytes(answered)


async def _cold(callers: Callers, url: str, algorithm: str) -> float:
    tokens: Sequence[str] = [_token(url, algorithm, f"customer-{number}") for number in range(COLD_TOKENS)]
    begun = time.process_time()
    for token in tokens:
        await callers.of(token)
    return (time.process_time() - begun) / COLD_TOKENS * 1e6


def _token(url: str, algorithm: str, subject: str) -> str:
    now = datetime.now(UTC)
    claims = {"iss": url, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + timedelta(hours=1)}
    return jwt.encode(claims, SIGNING[algorithm][0], algorithm, headers={"kid": algorithm})


@asynccontextmanager
async def _issuer() -> AsyncIterator[str]:
    """Serve the public keys, and give the address."""
    listed: list[Any] = [
        {**to_jwk(key.public_key(), as_dict=True), "kid": algorithm} for algorithm, (key, to_jwk) in SIGNING.items()
    ]
    body = orjson.dumps({"keys": listed})

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, addresses.LOOPBACK, 0) as server:
        yield f"http://{addresses.LOOPBACK}:{server.sockets[0].getsockname()[1]}"
