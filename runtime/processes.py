"""The processes of the hub: each runs until a signal ends it, and waits for what is not there yet."""

import asyncio
import gc
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog
import uvicorn
from pymongo.errors import PyMongoError
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

import hub.database
from hub.access import keeper as audit_keeper
from hub.broadcasts import keeper as broadcasts_keeper
from hub.broadcasts.model import Limits
from hub.commerce import waiting
from hub.database import Client
from hub.intake import keeper as profiles_keeper
from hub.intake import ranks
from hub.intake.ringer import Ringer
from hub.intake.router import Router
from hub.journeys import keeper
from hub.kit import tasks
from hub.ledger import keeper as ledger_keeper
from hub.membership import birthdays, subscriptions
from hub.membership import service as membership
from hub.messaging import reports_keeper, visits_keeper
from hub.messaging.dispatch import Dispatcher
from hub.messaging.ports import Senders
from hub.privacy.service import Privacy
from hub.profiles import abandoned, consents
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from hub.tiers import keeper as tiers_keeper
from hub.vouchers import sweeping
from hub.vouchers.codes import Codes
from hub.wording.library import Library
from runtime import logs, wiring
from workflows import worker as temporal_worker
from workflows.broadcast.bell import TemporalBroadcastBell
from workflows.cohort.bell import TemporalBell
from workflows.night import starting

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 0.5
GARBAGE_THRESHOLD = 50_000
"""How many more objects are made than freed before Python looks for cycles; 700 by default."""


async def api(settings: Settings) -> None:
    """Serve HTTP until a signal ends it."""
    from runtime import http  # noqa: PLC0415  it brings the GraphQL schema along, which the other processes never use

    async with _process(settings, "api") as client:
        host, _, port = settings.api_bind.rpartition(":")
        app = await http.application(settings, client)
        config = uvicorn.Config(
            app, host=host, port=int(port), access_log=False, log_config=None, lifespan="off", server_header=False
        )
        await uvicorn.Server(config).serve()


async def router(settings: Settings) -> None:
    """Apply and route events, and keep cohorts and broadcasts going, until a signal ends it."""
    async with _process(settings, "router"):
        temporal = await wiring.temporal(settings, lazy=True)
        ringer = Ringer(TemporalBell(temporal))
        owner = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        await _until_signalled(
            Router(owner, ringer, wiring.clock, region=settings.phone_region).run(),
            ringer.run(),
            starting.keep(temporal),
            keeper.keep(ringer.ask, wiring.clock),
            broadcasts_keeper.keep(TemporalBroadcastBell(temporal), wiring.clock),
            profiles_keeper.keep(wiring.clock),
            ranks.keep(wiring.clock),
            audit_keeper.keep(wiring.clock),
            ledger_keeper.keep(wiring.clock),
            Privacy(settings, wiring.DOCUMENTS).keep(wiring.clock),
            consents.keep_sweeping(wiring.clock),
            membership.keep_sweeping(wiring.clock),
            subscriptions.keep(wiring.clock),
            birthdays.keep(settings.leap_birthday, wiring.clock),
            tiers_keeper.keep(wiring.clock),
            abandoned.keep(),
            waiting.keep(wiring.clock),
            sweeping.keep(Codes(settings), wiring.clock),
            visits_keeper.keep(Suppressions(settings), wiring.clock),
            reports_keeper.keep(Suppressions(settings), wiring.clock),
        )


async def worker(settings: Settings, senders: Senders | None = None) -> None:
    """Drive cohorts and send messages until a signal ends it. `senders` replaces those that the settings choose."""
    async with _process(settings, "worker"):
        dispatcher = Dispatcher(settings, senders or wiring.senders(settings), Library(), wiring.clock)
        await _until_signalled(dispatcher.run(), _drive(settings, dispatcher))


async def _drive(settings: Settings, dispatcher: Dispatcher) -> None:
    """Poll Temporal; when it is away, go on sending and try again."""
    if settings.metrics_bind:
        _serve_metrics(settings.metrics_bind)
    limits = Limits(settings.broadcast_bounces, settings.broadcast_complaints)
    while True:
        try:
            client = await wiring.temporal(settings)
            await temporal_worker.make(client, dispatcher.nudge, limits).run()
        except RuntimeError as error:
            # The SDK says nothing more precise when a server cannot be reached, or is lost for good.
            log.warning("worker_waits_for_temporal", error=type(error).__name__)
        await asyncio.sleep(AGAIN_SECONDS)


def _serve_metrics(address: str) -> None:
    try:
        Runtime.set_default(Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=address))))
    except ValueError:
        # Somebody else has the port. Customers must not wait for their messages because of that.
        log.warning("metrics_not_served", address=address)


def spare_garbage_collection() -> None:
    """Look for cycles less often: what is there now stays, and batches of rows come and go without any."""
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


@asynccontextmanager
async def _process(settings: Settings, name: str) -> AsyncIterator[Client]:
    logs.configure(settings, process=name)
    async with hub.database.connect(settings) as client:
        await _bind(client)
        spare_garbage_collection()
        log.info("started")
        try:
            yield client
        except (OSError, PyMongoError):
            # The command line says this in one sentence (`runtime/cli.py`): only here it can be told where it happened.
            log.critical("crashed", exc_info=True)
            raise
    log.info("stopped")


async def _bind(client: Client) -> None:
    """Bind the documents; a database that is away is waited for, and only the first time a word is said about it."""
    waits = False
    while True:
        try:
            await hub.database.use(client, wiring.DOCUMENTS)
        except PyMongoError as error:
            if not hub.database.is_away(error):
                raise
            if not waits:
                log.warning("waits_for_database", error=type(error).__name__)
            waits = True
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return


async def _until_signalled(*work: Coroutine[Any, Any, None]) -> None:
    """Run all of it; a signal cancels all of it, and what breaks ends the process with its error."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, asked.set)
    running = [asyncio.create_task(part) for part in (*work, _wait_for(asked))]
    done, pending = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    await tasks.stop(pending)
    for task in done:
        task.result()


async def _wait_for(asked: asyncio.Event) -> None:
    await asked.wait()
