"""One workflow per run: the plain way to build journeys on Temporal, in its best form.

Fair because it does the same in the fewest steps: unsandboxed, two activities around a timer (started eagerly), one
worker on uvloop, the server with a write-ahead log. The same durable writes under the same kinds of keys: the run, and
each message before and after the call to the sender. It reads nothing but the profile its branch asks for, renders no
text, keeps no entry guard, no decision and no trail, and the events by which we are entered cost it nothing: whoever
starts the workflows is not counted.

`python -m bench.baselines.workflow_per_run`, with HUB_MONGO_URL and TEMPORAL_ADDRESS.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import uvloop
from pymongo.asynchronous.database import AsyncDatabase
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from hub import database
from hub.kit import ids
from hub.settings import Settings

TASK_QUEUE = "plain"
RUNS, MESSAGES = "plain_runs", "plain_messages"


@dataclass(frozen=True)
class Order:
    """Who enters, by which order, at what time (seconds since 1970), and how long the run waits."""

    customer: str
    number: str
    entered: float
    wait_seconds: float

    @property
    def run_id(self) -> UUID:
        """The key of the run."""
        return ids.key_of("run", self.customer, self.number)


@workflow.defn(name="plain-run")
class RunWorkflow:
    """Send, wait, branch, send."""

    @workflow.run
    async def run(self, order: Order) -> None:
        """Go through one run."""
        patience = timedelta(seconds=30)
        await workflow.execute_activity("plain-begin", order, start_to_close_timeout=patience)
        await asyncio.sleep(order.wait_seconds)
        await workflow.execute_activity("plain-end", order, start_to_close_timeout=patience)


class Activities:
    """What a run does outside its workflow. Each may be repeated: its writes have keys."""

    def __init__(self, store: AsyncDatabase[dict[str, Any]]) -> None:
        self._profiles, self._runs, self._messages = store["plain_profiles"], store[RUNS], store[MESSAGES]

    @activity.defn(name="plain-begin")
    async def begin(self, order: Order) -> None:
        """Store the run and send the first message."""
        run = {"customer": order.customer, "order": order.number, "entered_at": order.entered, "status": "waiting"}
        await self._runs.update_one({"_id": order.run_id}, {"$setOnInsert": run}, upsert=True)
        await self._send(order, "first")

    @activity.defn(name="plain-end")
    async def end(self, order: Order) -> None:
        """Choose the second message, send it and finish the run."""
        profile = await self._profiles.find_one({"_id": order.customer})
        await self._send(order, "vip" if profile and profile["vip"] else "last")
        finished = {"status": "finished", "ended_at": datetime.now(UTC)}
        await self._runs.update_one({"_id": order.run_id}, {"$set": finished})

    async def _send(self, order: Order, template: str) -> None:
        key = ids.key_of("message", order.run_id, template)
        message = {"run": order.run_id, "template": template, "entered_at": order.entered, "state": "sending"}
        await self._messages.update_one({"_id": key}, {"$setOnInsert": message}, upsert=True)
        # Here the null sender accepts.
        sent = {"state": "sent", "sent_at": datetime.now(UTC).timestamp()}
        await self._messages.update_one({"_id": key}, {"$set": sent})


async def main() -> None:
    """Be the worker."""
    settings = Settings()
    client = await Client.connect(settings.temporal_address)
    async with database.connect(settings) as mongo:
        activities = Activities(mongo.get_default_database())
        await Worker(
            client,
            task_queue=TASK_QUEUE,
            workflows=[RunWorkflow],
            activities=[activities.begin, activities.end],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ).run()


if __name__ == "__main__":
    uvloop.run(main())
