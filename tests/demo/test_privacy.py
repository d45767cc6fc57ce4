"""The demo runs until its first reminder is out and some questions went wrong; then everything written is searched."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.client import Client as TemporalClient

from runtime.demo.regulars import REGULARS
from tests.traffic.running import RunningHub, hub_up, until

GATHERED = 2


def traces_of_customers(text: str) -> set[str]:
    """Find whatever identifies a customer of the demo: addresses, phone numbers, full and last names."""
    told = [str(trait) for person in REGULARS for trait in personal(person.traits)]
    return {trait for trait in told if re.search(rf"(?<![\w]){re.escape(trait)}(?![\w])", text)}


def personal(traits: Mapping[str, Any]) -> list[str]:
    return [str(traits[name]) for name in ("email", "phone", "lastName") if name in traits]


def test_the_search_finds_a_customer_where_there_is_one() -> None:
    someone = personal(REGULARS[1].traits)

    assert traces_of_customers(f"to {someone[0]}: hello") == {someone[0]}
    assert traces_of_customers("nobody@shop.test called") == set()


@pytest.mark.timeout(240)
async def test_no_log_error_or_history_tells_who_the_customers_of_the_demo_are(tmp_path: Path) -> None:
    async with hub_up(tmp_path, demo=True) as hub:
        errors = await wrong_questions(hub)

        async def reminded() -> bool:
            return len(await hub.inbox()) >= GATHERED

        await until(reminded, seconds=150, what="the demo's customers are reminded")
        histories = await histories_of(hub.facts["temporal_address"])

    logs = "\n".join(log.read_text(errors="replace") for log in sorted((tmp_path / "data" / "logs").glob("*.log")))
    assert "started" in logs
    assert len(histories) >= 1
    assert all("abandoned-cart/1/0" in history for history in histories if "night-spend" not in history)
    assert [traces_of_customers(text) for text in (logs, *errors, *histories)] == [set()] * (
        1 + len(errors + histories)
    )


async def wrong_questions(hub: RunningHub) -> list[str]:
    """Ask and send what must fail, with a customer in it, and give the answers."""
    customer = REGULARS[1].traits["email"]
    asked = [
        {"query": "{ nobody }", "variables": {"email": customer}},
        {"query": "query($n: Int!) { profiles(first: $n) { nodes { id } } }", "variables": {"n": customer}},
        {"query": f'{{ profile(id: "{customer}") {{ id }} }}'},
        {"query": f'{{ profiles(after: "{customer}") {{ nodes {{ id }} }} }}'},
    ]
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        key = {"Authorization": f"Bearer {hub.facts['admin_key']}"}
        answers = [await client.post(hub.facts["graphql_url"], json=question, headers=key) for question in asked]
        calls = [{"type": "identify", "traits": {"email": 7, "note": customer}}, {"type": customer}, customer]
        source = {"Authorization": f"Bearer {hub.facts['write_key']}"}
        sent = await client.post(f"{hub.facts['url']}/v1/batch", json={"batch": calls}, headers=source)
    assert all("errors" in answer.json() for answer in answers)
    assert [refusal["index"] for refusal in sent.json()["refused"]] == [0, 1, 2]
    return [answer.text for answer in (*answers, sent)]


async def histories_of(address: str) -> list[str]:
    """Read the whole history of every workflow, its payloads decoded."""
    client = await TemporalClient.connect(address)
    found: list[str] = []
    async for execution in client.list_workflows():
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        found.append((await handle.fetch_history()).to_json())
    return found
