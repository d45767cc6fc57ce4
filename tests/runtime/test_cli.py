import os
import subprocess
import sys

import pytest

from runtime import addresses


def hub(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_help_names_the_verbs() -> None:
    told = hub("--help")

    assert told.returncode == 0
    assert {verb for verb in ("up", "api", "worker", "router", "migrate", "health") if f" {verb} " in told.stdout} == {
        *("up", "api", "worker", "router", "migrate", "health")
    }


def test_an_unknown_verb_is_wrong_use() -> None:
    assert hub("deploy").returncode == 2


def test_a_hub_that_does_not_answer_is_not_ready() -> None:
    port = addresses.free_port()
    asked = hub("health", "--ready", HUB_API_BIND=f"127.0.0.1:{port}")

    assert (asked.returncode, asked.stdout) == (3, "")
    assert asked.stderr == f"hub: http://127.0.0.1:{port}/readyz does not answer: ConnectError.\n"


def test_a_wrong_setting_is_wrong_use_in_one_sentence_that_keeps_its_value_to_itself() -> None:
    refused = hub("migrate", HUB_MONGO_TIMEOUT_MS="a secret pasted here")

    assert refused.returncode == 2
    assert refused.stderr == (
        "hub: HUB_MONGO_TIMEOUT_MS: Input should be a valid integer, unable to parse string as an integer.\n"
    )


@pytest.mark.parametrize("variable", ["HUB_SECRET_KEY_FILE", "TEMPORAL_API_KEY_FILE"])
def test_a_secret_file_that_is_missing_is_wrong_use_in_one_sentence(variable: str) -> None:
    refused = hub("migrate", **{variable: "/nowhere/secret"})

    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "/nowhere/secret" in refused.stderr


def test_a_mongodb_that_does_not_answer_is_not_ready() -> None:
    url = f"mongodb://ada:secret@127.0.0.1:{addresses.free_port()}/hub"
    refused = hub("migrate", HUB_MONGO_URL=url, HUB_MONGO_TIMEOUT_MS="100")

    assert refused.returncode == 3
    assert refused.stderr == "hub: MongoDB does not answer within 100 ms: look at HUB_MONGO_URL and the server.\n"


def test_an_address_that_is_none_is_wrong_use() -> None:
    refused = hub("migrate", HUB_MONGO_URL="postgres://ada:secret@127.0.0.1/hub")

    assert refused.returncode == 2
    assert refused.stderr == "hub: HUB_MONGO_URL is not the address of a MongoDB.\n"


def test_a_migration_can_be_repeated(mongo_url: str) -> None:
    assert [hub("migrate", HUB_MONGO_URL=mongo_url).returncode for _ in range(2)] == [0, 0]
