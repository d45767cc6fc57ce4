"""Temporal's whole database is lost while runs wait: they go on from MongoDB."""

import sys
from collections import Counter
from random import Random

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from tests.chaos.sdk import deliver
from tests.chaos.shoppers import WAITING, as_expected, letters_of, shoppers
from tests.chaos.stage import Stage
from tests.traffic.running import until

COHORT = "cohort/chaos-cart/1/0"
SHOPPERS_A_BATCH = 60

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@pytest.mark.timeout(180)
async def test_runs_go_on_when_temporal_has_lost_everything_it_knew(stage: Stage) -> None:
    people = shoppers("waiting", Random(1))
    for start in range(0, len(people), SHOPPERS_A_BATCH):
        batch = people[start : start + SHOPPERS_A_BATCH]
        await deliver(stage.http, [call for shopper in batch for call in shopper.calls()])

    async def all_wait() -> bool:
        return await stage.rows["runs"].count_documents({"status": "waiting", "due": {"$ne": None}}) == WAITING

    await until(all_wait, seconds=30, what="all who do not buy wait")
    address = stage.hub.facts["temporal_address"]
    before = await (await Client.connect(address)).get_workflow_handle(COHORT).describe()
    assert before.status is WorkflowExecutionStatus.RUNNING

    for file in stage.data.glob("temporal.db*"):
        file.unlink()  # the server still writes into the removed files, until it is killed
    await stage.killer.kill("temporal")
    await stage.over(len(people))

    after = await Client.connect(address)
    assert (await after.get_workflow_handle(COHORT).describe()).run_id != before.run_id
    with pytest.raises(RPCError) as lost:
        await after.get_workflow_handle(COHORT, run_id=before.run_id).describe()
    assert lost.value.status is RPCStatusCode.NOT_FOUND
    expected, got = letters_of(people), as_expected(await stage.letters(), people)
    assert (expected - got, got - expected) == (Counter(), Counter())
