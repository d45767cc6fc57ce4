"""The folder in which `hub up` keeps its data, its logs, its secret and `hub.json`."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hub.kit.errors import HubError

_PRIVATE = 0o600
_HANDOVER_SECONDS = 10.0
"""How long what a killed `hub up` has left may take to be gone."""


class FolderTaken(HubError):
    """Another `hub up` works on the folder."""

    code = "FOLDER_TAKEN"

    def __init__(self, folder: Path, *, pid: int) -> None:
        super().__init__(f"{folder} is in use by the hub with process id {pid}: stop it, or choose another --data.")
        self.pid = pid


class DataFolder:
    """A data folder, ours alone inside the `with` block.

    Raises:
        FolderTaken: on entering, when another process has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.hub_json = self.path / "hub.json"

    def __enter__(self) -> Self:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.path / "logs").mkdir(exist_ok=True)
        self.lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, _PRIVATE)
        try:
            self._take()
        except FolderTaken:
            os.close(self.lock)
            raise
        os.truncate(self.lock, 0)
        os.pwrite(self.lock, str(os.getpid()).encode(), 0)
        self.withdraw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.withdraw()
        os.close(self.lock)

    def _take(self) -> None:
        deadline = time.monotonic() + _HANDOVER_SECONDS
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = int(os.pread(self.lock, 20, 0) or b"0")
                # A killed holder's watcher has the lock until the children are gone.
                if _alive(holder) or time.monotonic() > deadline:
                    raise FolderTaken(self.path, pid=holder) from None
                time.sleep(0.05)
            else:
                return

    def log(self, name: str) -> Path:
        """Where the output of a child goes."""
        return self.path / "logs" / f"{name}.log"

    def secret_key(self) -> str:
        """The secret of this installation, made at the first call."""
        file = self.path / "secret_key"
        if not file.exists():
            _write(file, secrets.token_urlsafe(48))
        return file.read_text(encoding="ascii")

    def publish(self, facts: Mapping[str, Any]) -> None:
        """Write `hub.json`. A reader sees the old or the new one, never a part."""
        _write(self.hub_json, json.dumps(facts, indent=2) + "\n")

    def withdraw(self) -> None:
        """Remove `hub.json`: the hub it spoke of does not run."""
        self.hub_json.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but alive
        return True
    return pid > 0


def _write(file: Path, text: str) -> None:
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w", encoding="utf-8") as output:
        output.write(text)
    new.replace(file)
