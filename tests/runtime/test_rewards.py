"""`hub rewards`: a reward is checked, published and listed on the command line."""

import functools
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.access.audit import EntryDocument
from hub.database import Database
from runtime.cli import application
from tests.runtime.verbs import Verb

COFFEE = "reward: coffee\nkind: free_product\ngives: {skus: [A-1]}\nlabels: {en: A coffee}\n"


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "rewards")


async def test_a_reward_is_checked_published_and_listed(run: Verb, tmp_path: Path, database: Database) -> None:
    del database
    file = tmp_path / "coffee.reward.yaml"
    file.write_text(COFFEE)

    assert (await run("list")).startswith("There is no reward yet.")
    assert await run("check", str(file)) == "coffee.reward.yaml: coffee has no problem."
    assert await run("publish", str(file), "--key", "k") == "coffee version 1 counts from now on."
    assert await run("publish", str(file), "--key", "l") == (
        "coffee version 1 was published already: nothing has changed."
    )
    assert await run("list") == "coffee version 1: A coffee (free_product, live)"
    (entry,) = await EntryDocument.find_all().to_list()
    assert (entry.what, entry.subject, entry.after) == ("publish reward", "coffee", {"version": 1})

    file.write_text(f"{COFFEE}state: proposed\n")
    await run("publish", str(file))
    assert await run("list") == "coffee version 2: A coffee (free_product, proposed, 0 votes)"
    (listed,) = (await run("list", "--json"))["rewards"]
    assert (listed["name"], listed["version"], listed["votes"]) == ("coffee", 2, {"total": 0, "bySegment": {}})


def test_a_problem_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.reward.yaml"
    file.write_text(COFFEE.replace("coffee\n", "Free Coffee\n", 1).replace("skus", "sku"))

    refused = CliRunner().invoke(application(), ["rewards", "check", str(file)])

    first, second, third = str(refused.exception).splitlines()
    assert first.startswith("1:9: ")
    assert first.endswith("Did you mean `free-coffee`? [bad_name]")
    assert second == "3:8: `gives` needs `skus`. [missing_key]"
    assert third.endswith("Did you mean `skus`? [unknown_key]")
