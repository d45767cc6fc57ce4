"""`hub policy`: the contact policy is checked, published and shown on the command line."""

import functools
from pathlib import Path

import pytest

from hub.access.audit import EntryDocument
from hub.database import Database
from tests.runtime.verbs import Verb

POLICY = 'policy: contact\ncaps: [{most: 2, per: 24h}]\nquiet_hours: [{from: "21:00", to: "08:00"}]'


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "policy")


async def test_the_policy_is_checked_published_and_shown(run: Verb, tmp_path: Path, database: Database) -> None:
    del database
    file = tmp_path / "contact.policy.yaml"
    file.write_text(POLICY)

    assert (await run("show")).startswith("There is no policy yet")
    assert (await run("show", "--json"))["policy"] is None
    assert await run("check", str(file)) == "contact.policy.yaml: the policy has no problem (1 caps, 1 quiet hours)."
    assert await run("publish", str(file), "--key", "k") == "contact version 1 holds."
    assert await run("publish", str(file), "--key", "l") == (
        "contact version 1 was published already: nothing has changed."
    )
    assert await run("show") == POLICY
    shown = (await run("show", "--json"))["policy"]
    assert (shown["version"], shown["source"]) == (1, POLICY)
    (entry,) = await EntryDocument.find_all().to_list()
    assert (entry.what, entry.subject, entry.after) == ("publish policy", "contact", {"version": 1})
