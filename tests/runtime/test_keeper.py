import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from runtime.keeper import Keeper
from runtime.leash import Child, Leash
from tests.runtime.watching import until

SLEEP = ["/bin/sleep", "300"]


def starting(leash: Leash, folder: Path, *command: str) -> Callable[[], Awaitable[Child]]:
    return partial(leash.start, "child", command, log=folder / "log")


async def test_a_child_that_is_killed_is_started_again_and_its_new_pid_made_known(tmp_path: Path) -> None:
    said: list[str] = []
    changed = asyncio.Event()
    async with Leash() as leash:
        keeper = Keeper(say=said.append, changed=changed.set)
        first = await keeper.start("worker", starting(leash, tmp_path, *SLEEP))
        changed.clear()

        os.kill(first.pid, signal.SIGKILL)
        await changed.wait()

        assert said == ["worker was ended by SIGKILL; it is started again"]
        assert list(keeper.pids) == ["worker"]
        assert keeper.pids["worker"] != first.pid
        await keeper.stop()


async def test_a_child_that_may_finish_is_let_go(tmp_path: Path) -> None:
    said: list[str] = []
    finished = asyncio.Event()
    async with Leash() as leash:
        keeper = Keeper(say=said.append, changed=lambda: None if keeper.pids else finished.set())
        await keeper.start("demo", starting(leash, tmp_path, "/bin/sh", "-c", "exit 0"), may_finish=True)
        await finished.wait()

    assert said == []


async def test_children_stop_in_the_reverse_of_their_order(tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = f"trap 'echo $0 >> {order}; exit' TERM; echo up; while :; do sleep 0.02; done"
    async with Leash() as leash:
        keeper = Keeper(say=lambda _: None, changed=lambda: None)
        for name in ("mongod", "worker", "api"):
            child = await keeper.start(name, starting(leash, tmp_path, "/bin/sh", "-c", script, name))
            await until(child.last_lines)

        await keeper.stop()

    assert order.read_text().split() == ["api", "worker", "mongod"]


async def test_a_child_that_dies_while_all_are_stopped_is_not_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    stubborn = ("/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.02; done")
    async with Leash() as leash:
        keeper = Keeper(say=said.append, changed=lambda: None)
        first = await keeper.start("mongod", starting(leash, tmp_path, *SLEEP))
        last = await keeper.start("api", starting(leash, tmp_path, *stubborn))
        await until(last.last_lines)

        stopping = asyncio.create_task(keeper.stop())
        await asyncio.sleep(0)
        os.kill(first.pid, signal.SIGKILL)
        await first.wait()
        os.kill(last.pid, signal.SIGKILL)
        await stopping

    assert said == []
