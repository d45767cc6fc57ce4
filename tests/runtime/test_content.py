"""`hub content`: contents are checked, published, listed and deleted on the command line."""

import functools
from pathlib import Path

import pytest

from hub.access.audit import EntryDocument
from hub.database import Database
from tests.runtime.verbs import Verb

SALE = "content: sale\nsurface: popup\ntexts: {en: {text: Hello}}\naudience: profile.vip = true\n"


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "content")


async def test_a_content_is_checked_published_listed_and_deleted(run: Verb, tmp_path: Path, database: Database) -> None:
    del database
    file = tmp_path / "sale.content.yaml"
    file.write_text(SALE)

    assert (await run("list")).startswith("There is no content yet")
    assert await run("check", str(file)) == "sale.content.yaml: sale has no problem."
    assert await run("publish", str(file), "--key", "k") == "sale version 1 is shown from now on."
    assert await run("publish", str(file), "--key", "l") == "sale version 1 was published already: nothing has changed."
    assert await run("list") == "sale version 1: popup, for profile.vip = true"
    (listed,) = (await run("list", "--json"))["contents"]
    assert (listed["name"], listed["surface"], listed["priority"]) == ("sale", "popup", 50)
    assert await run("delete", "sale", "--key", "d") == "sale is deleted: nobody is shown it any more."
    assert (await run("list", "--json"))["contents"] == []
    told = [(it.what, it.subject) for it in await EntryDocument.find_all().sort("_id").to_list()]
    assert told == [("publish content", "sale"), ("delete content", "sale")]
