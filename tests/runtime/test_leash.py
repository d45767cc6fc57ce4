import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from runtime.leash import ChildEnded, Leash
from tests.runtime.watching import running, until

SLEEP = ["/bin/sleep", "300"]

HOLDER = """
import asyncio, json, sys
from pathlib import Path
from tests.runtime.watching import running, until
from runtime.leash import Leash

async def main():
    async with Leash(notice=Path("notice")) as leash:
        alone = await leash.start("alone", ["/bin/sleep", "300"], log=Path("alone.log"))
        shell = ["/bin/sh", "-c", "/bin/sleep 300 & echo $!; wait"]
        family = await leash.start("family", shell, log=Path("family.log"))
        while not Path("family.log").read_text().strip():
            await asyncio.sleep(0.01)
        Path("notice").write_text("here we are")
        print(json.dumps([alone.pid, family.pid, int(Path("family.log").read_text())]), flush=True)
        await asyncio.sleep(300)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_nothing_survives_a_killed_holder_not_even_what_a_child_started(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    pids = json.loads(await holder.stdout.readline())
    assert [running(pid) for pid in pids] == [True, True, True]

    holder.kill()
    await holder.wait()

    await until(lambda: not any(running(pid) for pid in pids))
    assert not (tmp_path / "notice").exists()


async def test_the_end_of_the_block_ends_every_child(tmp_path: Path) -> None:
    async with Leash() as leash:
        child = await leash.start("sleeper", SLEEP, log=tmp_path / "log")
        assert running(child.pid)

    assert await child.wait() == -signal.SIGKILL


async def test_a_child_that_ignores_the_request_is_killed_after_the_deadline(tmp_path: Path) -> None:
    async with Leash() as leash:
        stubborn = ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"]
        child = await leash.start("stubborn", stubborn, log=tmp_path / "log")
        await until(child.last_lines)

        await child.stop(within=0.2)

        assert await child.wait() == -signal.SIGKILL


async def test_a_child_that_ends_before_it_is_ready_is_reported_with_its_last_line(tmp_path: Path) -> None:
    async with Leash() as leash:
        child = await leash.start("short", ["/bin/sh", "-c", "echo first; echo no room left"], log=tmp_path / "log")

        with pytest.raises(ChildEnded) as caught:
            await child.ready(asyncio.sleep(60), within=30)

    assert caught.value.message == f"short did not start: no room left (see {tmp_path / 'log'})"


async def test_a_child_that_stays_silent_is_reported_after_the_deadline(tmp_path: Path) -> None:
    async with Leash() as leash:
        child = await leash.start("silent", SLEEP, log=tmp_path / "log")

        with pytest.raises(ChildEnded) as caught:
            await child.ready(asyncio.sleep(60), within=0.1)

    assert caught.value.reason == "it was not ready after 0.1 s"


async def test_a_command_that_cannot_be_run_is_reported_by_its_path(tmp_path: Path) -> None:
    nothing = str(tmp_path / "nothing")
    async with Leash() as leash:
        child = await leash.start("nothing", [nothing], log=tmp_path / "log")

        with pytest.raises(ChildEnded) as caught:
            await child.ready(asyncio.sleep(60), within=30)

    assert caught.value.reason == f"{nothing}: {os.strerror(2)}"
