"""The workflow of the nights: what is over is booked in the first night after it, whoever dies meanwhile."""

import asyncio
from datetime import timedelta
from uuid import UUID

from temporalio.testing import WorkflowEnvironment

from hub.database import Database
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Earn
from hub.ledger.service import Request, fixed
from hub.programs import service as programs
from hub.tiers.nights import NightDocument
from tests.tiers.written import TIERED
from tests.workflows.cohorts import working
from workflows.night import starting
from workflows.night.model import WORKFLOW_ID

ADA = UUID(int=0xADA)
DAYS = 3


async def test_points_that_are_over_are_booked_in_the_night_and_the_workflow_is_one_however_often_it_is_started(
    database: Database, time_skipping: WorkflowEnvironment
) -> None:
    client, now = time_skipping.client, await time_skipping.get_current_time()
    drafted = await programs.draft(TIERED, by="t", key="k", now=now)
    await programs.activate(drafted.version, by="t", key="k", now=now)
    move = Earn("points", 40, "order/1", now, now + timedelta(days=DAYS - 1))
    await ledger.post_one(Request("finch-club", ADA, "1", fixed(move), About("test"), at=now), now=now)

    async with working(client):
        await starting.start(client)
        await starting.start(client)
        handle = client.get_workflow_handle(WORKFLOW_ID)
        try:
            await time_skipping.sleep(timedelta(days=DAYS))
            async with asyncio.timeout(20):
                while await database["wallets"].count_documents({"due": None}) == 0:  # noqa: ASYNC110  only MongoDB knows
                    await asyncio.sleep(0.05)
        finally:
            await handle.terminate()

    purse = (await ledger.purses("finch-club", [ADA]))[ADA]
    assert purse.wallet("points").lots == ()
    night = await NightDocument.find_one({"_id": "finch-club"})
    assert night
    assert night.day >= (now + timedelta(days=DAYS - 1)).date().isoformat()
