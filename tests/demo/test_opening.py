import asyncio
import os
import signal
from pathlib import Path

import pytest

from runtime.demo import opening
from runtime.demo.regulars import REGULARS
from tests.traffic.running import HUB, hub_up, until


@pytest.mark.parametrize("content", [None, "not JSON", "{}", "[]"])
async def test_without_a_running_hub_the_shop_does_not_open(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "hub.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    with pytest.raises(opening.NoHub):
        await opening.keep_open(file)


@pytest.mark.timeout(240)
async def test_the_first_customer_is_reminded_and_a_signal_closes_the_shop(tmp_path: Path) -> None:
    async with hub_up(tmp_path) as hub:
        environment = {**os.environ, "HUB_JSON": str(tmp_path / "data" / "hub.json")}
        shop = await asyncio.create_subprocess_exec(HUB, "demo", env=environment)

        async def reminders() -> list[str]:
            assert shop.returncode is None
            return [row["subject"] for row in await hub.inbox() if row["to"] == REGULARS[0].traits["email"]]

        try:
            await until(reminders, seconds=60, what="the first customer is reminded")
            assert await reminders() == ["Your coffee is still on the counter, Ada"]
        finally:
            # Also after a failure: a shop without a hub would wait for one for ever.
            shop.send_signal(signal.SIGTERM)
            status = await asyncio.wait_for(shop.wait(), 10)
        assert status == 0
