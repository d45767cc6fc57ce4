"""`hub posters`: a poster is made, switched off and listed on the command line."""

import asyncio
import functools

import pytest
from typer.testing import CliRunner

from hub.access.audit import EntryDocument
from runtime.cli import application
from tests.membership.people import activated
from tests.runtime.verbs import Verb


@pytest.fixture
async def run(verb: Verb) -> Verb:
    await activated("club")
    return functools.partial(verb, "posters")


async def test_a_poster_is_made_once_switched_off_and_listed(run: Verb) -> None:
    assert (await run("list")).startswith("There is no poster yet")
    wish = ("create", "club", "--campaign", "opening", "--word", "Coffee, PLS!", "--key", "k")
    made = await run(*wish, "--expires", "2027-01-01T00:00:00", "--json")

    assert (await run(*wish, "--json"))["code"] == made["code"]
    assert (made["program"], made["campaign"], made["word"]) == ("club", "opening", "coffee pls")
    assert (made["enabled"], made["expiresAt"]) == (True, "2027-01-01T00:00:00+00:00")
    assert made["url"].endswith(f"/q/{made['code']}")
    off = await run("change", made["code"], "--no-enabled", "--json")
    assert off == {**made, "enabled": False, "expiresAt": None}
    assert (await run("list", "--json"))["posters"] == [off]
    assert await run("list") == f"{off['url']} join club (off): campaign opening, word coffee pls"
    told = [it.what for it in await EntryDocument.find_all().sort("_id").to_list()]
    assert told == ["create poster", "change poster"]


async def test_a_code_that_nobody_printed_is_refused_in_one_sentence(verb: Verb) -> None:
    del verb  # for its database

    refused = await asyncio.to_thread(CliRunner().invoke, application(), ["posters", "change", "00000000000"])

    assert (refused.exit_code, str(refused.exception)) == (1, "This code is not one of ours.")
