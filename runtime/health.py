"""`/healthz` says that this process lives, `/readyz` which of its dependencies is missing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.client import Client as TemporalClient
from temporalio.service import RPCError

import hub.database
from hub.database import Client
from runtime.wiring import DOCUMENTS

PATIENCE_SECONDS = 2.0


def routes(mongo: Client, temporal: TemporalClient) -> list[Route]:
    """Give the routes that a supervisor or load balancer asks."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        answers = await asyncio.gather(_mongodb(mongo), _migrations(mongo), _temporal(temporal))
        checks = dict(zip(("mongodb", "migrations", "temporal"), answers, strict=True))
        missing = sorted(name for name, answer in checks.items() if answer != "ok")
        return JSONResponse({"ready": not missing, "missing": missing, "checks": checks}, 503 if missing else 200)

    return [Route("/healthz", live), Route("/readyz", ready)]


async def _mongodb(mongo: Client) -> str:
    async def ping() -> bool:
        await mongo.admin.command("ping")
        return True

    return await _answer(ping, "MongoDB does not answer. Is HUB_MONGO_URL right?")


async def _migrations(mongo: Client) -> str:
    async def migrated() -> bool:
        return await hub.database.migrated(mongo, DOCUMENTS)

    return await _answer(migrated, "Collections and indexes are not those of this version. Run `hub migrate`.")


async def _temporal(temporal: TemporalClient) -> str:
    async def healthy() -> bool:
        return await temporal.service_client.check_health(timeout=timedelta(seconds=PATIENCE_SECONDS))

    return await _answer(healthy, "Temporal does not answer. Is TEMPORAL_ADDRESS right?")


async def _answer(check: Callable[[], Awaitable[bool]], cure: str) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return "ok" if await check() else cure
    except (TimeoutError, PyMongoError, RPCError, RuntimeError):
        return cure
