"""Processes are killed while customers join their devices, buy, return and fill carts; then everything is added up."""

import asyncio
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import httpx2
import pytest

from tests.chaos import killer
from tests.chaos.customers import Account, Customer, customers
from tests.chaos.sdk import deliver
from tests.chaos.shoppers import Call
from tests.chaos.stage import Stage

ROUNDS = int(os.environ.get("HUB_CHAOS_ROUNDS", "1"))
SEED = int(os.environ.get("HUB_CHAOS_SEED") or Random().randrange(10**9))
ROUND_SECONDS = 90
SENDING_SECONDS = 3.0
CALLS_A_BATCH = 10
DOUBLED = 0.2
KILLED = ("router", "api", "worker", "router")

ACCOUNT = """
query Account($name: String!) {
  profiles(filter: {userId: $name}, first: 1) { nodes {
    eventCount
    orders(first: 10) { nodes { orderId gross { amount } refunded { amount } } }
    carts { lines { sku quantity } }
  } }
}
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@pytest.mark.timeout(60 + ROUND_SECONDS * ROUNDS)
async def test_whatever_is_killed_the_totals_of_every_customer_are_those_of_what_was_acknowledged(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(SEED)
    for number in range(ROUNDS):
        coming = customers(f"buyer{number}", random)
        moments = killer.plan(random, SENDING_SECONDS, KILLED)
        with capsys.disabled():
            print(f"\nchaos, HUB_CHAOS_SEED={SEED}, commerce {number + 1} of {ROUNDS}: {moments}", flush=True)  # noqa: T201

        await asyncio.gather(bring(stage, coming, random), stage.killer.kill_each(moments))
        await stage.over(0)

        expected = {customer.name: customer.account for customer in coming}
        assert await accounts(stage, coming) == expected
        assert await counted(stage, coming) == {
            name: (len(it.gross), sum(it.gross.values()), sum(it.refunded.values())) for name, it in expected.items()
        }


async def bring(stage: Stage, coming: Sequence[Customer], random: Random) -> None:
    """Send the calls of all customers in any order, some batches twice, until each is acknowledged."""
    calls = [call for customer in coming for call in customer.calls]
    random.shuffle(calls)

    async def send(moment: float, batch: Sequence[Call], *, again: bool) -> None:
        await asyncio.sleep(moment)
        await deliver(stage.http, batch)
        if again:
            await deliver(stage.http, batch)

    await asyncio.gather(
        *(
            send(
                random.uniform(0, SENDING_SECONDS),
                calls[start : start + CALLS_A_BATCH],
                again=random.random() < DOUBLED,
            )
            for start in range(0, len(calls), CALLS_A_BATCH)
        )
    )


async def accounts(stage: Stage, coming: Sequence[Customer]) -> dict[str, Account]:
    """Ask the hub what it knows of each customer."""
    facts = stage.hub.facts
    async with httpx2.AsyncClient(base_url=facts["url"], auth=(facts["admin_key"], ""), trust_env=False) as http:
        return {customer.name: await _account(http, customer.name) for customer in coming}


async def _account(http: httpx2.AsyncClient, name: str) -> Account:
    answer = (await http.post("/graphql", json={"query": ACCOUNT, "variables": {"name": name}})).json()
    assert "errors" not in answer, answer
    (profile,) = answer["data"]["profiles"]["nodes"]
    orders = profile["orders"]["nodes"]
    return Account(
        events=profile["eventCount"],
        gross={order["orderId"]: _cents(order["gross"]) for order in orders},
        refunded={order["orderId"]: _cents(order["refunded"]) for order in orders},
        cart={line["sku"]: line["quantity"] for cart in profile["carts"] for line in cart["lines"]},
    )


def _cents(money: dict[str, Any]) -> int:
    return int(Decimal(money["amount"]) * 100)


async def counted(stage: Stage, coming: Sequence[Customer]) -> dict[str, tuple[int, int, int]]:
    """Read the running totals that each customer's one profile carries: orders, cents paid, cents given back."""
    found: dict[str, tuple[int, int, int]] = {}
    for customer in coming:
        names = {"value": {"$in": [customer.name, f"{customer.name}-phone", f"{customer.name}-laptop"]}}
        owners = await stage.rows["identifiers"].distinct("profile_id", names)
        heads = stage.rows["profiles"].find({"absorbed_by": None, "$or": _own(owners)})
        (head,) = await heads.to_list()
        totals = head["rollups"]["orders"]
        turnover = totals["by_currency"]["EUR"]
        found[customer.name] = (totals["count"], turnover["gross"], turnover["refunded"])
    return found


def _own(owners: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"_id": {"$in": owners}}, {"members": {"$in": owners}}]
