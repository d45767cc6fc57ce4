import json
import os
import stat
from pathlib import Path

import pytest

from runtime.data_folder import DataFolder, FolderTaken


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_holder_is_told_who_has_the_folder(tmp_path: Path) -> None:
    with DataFolder(tmp_path), pytest.raises(FolderTaken) as caught, DataFolder(tmp_path):
        pass

    assert caught.value.pid == os.getpid()
    assert caught.value.message == (
        f"{tmp_path} is in use by the hub with process id {os.getpid()}: stop it, or choose another --data."
    )


def test_the_folder_is_free_again_after_its_holder(tmp_path: Path) -> None:
    with DataFolder(tmp_path):
        pass
    with DataFolder(tmp_path) as folder:
        assert folder.path == tmp_path


def test_what_is_secret_is_for_its_owner_only_and_survives(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with DataFolder(data) as folder:
        secret = folder.secret_key()
        folder.publish({"url": "http://127.0.0.1:8000"})

        assert (mode(data), mode(data / "secret_key"), mode(data / "hub.json")) == (0o700, 0o600, 0o600)
        assert json.loads(folder.hub_json.read_text()) == {"url": "http://127.0.0.1:8000"}
    with DataFolder(data) as folder:
        assert folder.secret_key() == secret
        assert len(secret) == 64


def test_hub_json_is_there_only_while_the_hub_runs(tmp_path: Path) -> None:
    (tmp_path / "hub.json").write_text('{"url": "of a hub that was killed together with its watcher"}')
    with DataFolder(tmp_path) as folder:
        assert not folder.hub_json.exists()
        folder.publish({})
        assert folder.hub_json.exists()
    assert not folder.hub_json.exists()
