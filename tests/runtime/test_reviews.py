"""`hub reviews`: the rules of reviews are checked, published and shown on the command line."""

import functools
from pathlib import Path

import pytest

from hub.access.audit import EntryDocument
from hub.database import Database
from tests.runtime.verbs import Verb

RULES = "reviews: rules\nhold: {words: [scam]}\napprove: {score_from: 30}"


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "reviews")


async def test_the_rules_are_checked_published_and_shown(run: Verb, tmp_path: Path, database: Database) -> None:
    del database
    file = tmp_path / "rules.reviews.yaml"
    file.write_text(RULES)

    assert (await run("show")).startswith("There are no rules yet")
    assert (await run("show", "--json"))["rules"] is None
    assert await run("check", str(file)) == "rules.reviews.yaml: the rules have no problem."
    assert await run("publish", str(file), "--key", "k") == "rules version 1 holds."
    assert (
        await run("publish", str(file), "--key", "l") == "rules version 1 was published already: nothing has changed."
    )
    assert await run("show") == RULES
    shown = (await run("show", "--json"))["rules"]
    assert (shown["version"], shown["source"]) == (1, RULES)
    (entry,) = await EntryDocument.find_all().to_list()
    assert (entry.what, entry.subject, entry.after) == ("publish review rules", "rules", {"version": 1})
