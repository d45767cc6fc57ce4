import os
import subprocess
import sys
from pathlib import Path

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


def test_a_secret_that_is_too_short_is_wrong_use_also_where_nothing_is_at_stake() -> None:
    refused = hub("token", "--customer", "ada", HUB_SECRET_KEY="a short secret of 31 characters")
    long_enough = hub("token", "--customer", "ada", HUB_SECRET_KEY="a long secret of 32 characters..")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "hub: HUB_SECRET_KEY must have at least 32 characters, but has 31.\n"
    assert (long_enough.returncode, long_enough.stderr) == (0, "")


@pytest.mark.parametrize("variable", ["HUB_SECRET_KEY_FILE", "TEMPORAL_API_KEY_FILE"])
def test_a_secret_file_that_is_missing_is_wrong_use_in_one_sentence(variable: str) -> None:
    refused = hub("migrate", **{variable: "/nowhere/secret"})

    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "/nowhere/secret" in refused.stderr


JOURNEY = "journey: hello\nenter: {event: Signed Up}\nsteps: [end]\n"


@pytest.mark.parametrize("verb", ["migrate", "keys list", "journeys publish FILE", "audit verify", "rollups status"])
def test_a_mongodb_that_does_not_answer_is_not_ready(verb: str, tmp_path: Path) -> None:
    file = tmp_path / "hello.journey.yaml"
    file.write_text(JOURNEY)
    url = f"mongodb://ada:secret@127.0.0.1:{addresses.free_port()}/hub"

    refused = hub(*verb.replace("FILE", str(file)).split(), HUB_MONGO_URL=url, HUB_MONGO_TIMEOUT_MS="100")

    assert (refused.returncode, refused.stdout) == (3, "")
    assert refused.stderr == "hub: MongoDB does not answer: look at HUB_MONGO_URL and the server.\n"


@pytest.mark.parametrize(
    "url",
    ["postgres://ada:secret@127.0.0.1/hub", "mongodb://ada:secret@127.0.0.1:port/hub", "mongodb+srv://a:secret@b"],
)
def test_an_address_that_is_none_is_wrong_use(url: str) -> None:
    refused = hub("keys", "list", HUB_MONGO_URL=url)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "hub: HUB_MONGO_URL is not the address of a MongoDB.\n"


def test_a_user_whom_mongodb_does_not_know_is_wrong_use(mongo_url: str) -> None:
    refused = hub("keys", "list", HUB_MONGO_URL=mongo_url.replace("://", "://ada:secret@"))

    assert refused.returncode == 2
    assert refused.stderr == "hub: MongoDB does not let the user in HUB_MONGO_URL do this.\n"


@pytest.mark.parametrize("verb", ["journeys", "rollups", "shipping"])
def test_a_file_that_is_no_text_fails_in_one_sentence_that_names_it(verb: str, tmp_path: Path) -> None:
    file = tmp_path / "binary.yaml"
    file.write_bytes(b"journey: \xff\xfe")

    refused = hub(verb, "check", str(file))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"hub: {file} is not UTF-8 text: byte 10 cannot be read.\n"


def test_a_template_that_is_no_text_fails_in_one_sentence_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "hello.journey.yaml"
    file.write_text(JOURNEY)
    template = tmp_path / "templates" / "hello" / "en" / "text.liquid"
    template.parent.mkdir(parents=True)
    template.write_bytes(b"\xe9")

    refused = hub("journeys", "check", str(file))

    assert (refused.returncode, refused.stderr) == (1, f"hub: {template} is not UTF-8 text: byte 1 cannot be read.\n")


def test_a_folder_that_cannot_be_made_fails_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    refused = hub("up", "--data", str(file / "data"))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"hub: {file / 'data'} cannot be used: Not a directory.\n"


def test_a_migration_can_be_repeated(mongo_url: str) -> None:
    assert [hub("migrate", HUB_MONGO_URL=mongo_url).returncode for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [("import", "one of profiles, events, orders"), ("export", "No such command 'dogs'.")],
)
def test_a_kind_of_rows_that_there_is_not_is_wrong_use_before_any_server_is_asked(
    verb: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "rows.csv"
    file.touch()

    refused = hub(verb, "dogs", str(file), HUB_MONGO_URL=f"mongodb://127.0.0.1:{addresses.free_port()}/hub")

    assert refused.returncode == 2
    assert sentence in refused.stderr
