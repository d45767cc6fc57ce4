"""The other ends of a leash, started as a script by `runtime.leash`: standard library only, nothing of the hub.

`watch FILE...` reads from stdin the process groups on the leash: `+PID` joins, `-PID` has ended. The end of stdin means
that the holder is gone, however it died; then the files, which told of the children, are removed, and
every group that is left is killed.

`run FD COMMAND...` joins through the holder's pipe before it becomes the command. The child announces itself, so there
is no moment in which the holder can die and leave it unknown.
"""

import os
import signal
import sys
import time
from pathlib import Path

GONE_SECONDS = 1
"""Not longer, because the dead stay in their group until a parent buries them, and theirs may never do that."""


def watch(notices: list[str]) -> None:
    """Keep the list until the holder is gone, then kill what is on it."""
    # The holder decides when things stop; a Ctrl-C or a hang-up must not end the only witness.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for notice in notices:
        Path(notice).unlink(missing_ok=True)
    for group in groups:
        _kill(group)
    # The killed hold their files and ports for a moment yet: the lock that we hold says when it is over.
    deadline = time.monotonic() + GONE_SECONDS
    while any(_kill(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.01)


def _kill(group: int) -> bool:
    """Kill a process group, and tell whether there was one."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # the latter is macOS's answer where only the dead are left
        return False
    return True


def run(pipe: int, command: list[str]) -> None:
    """Join the leash, then become the command."""
    os.write(pipe, b"+%d\n" % os.getpid())
    os.close(pipe)
    try:
        os.execv(command[0], command)  # noqa: S606  no shell is wanted: the command is ours
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch(sys.argv[2:])
    else:
        run(int(sys.argv[2]), sys.argv[3:])
