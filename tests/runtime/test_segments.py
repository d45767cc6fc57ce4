"""`hub segments`: a segment is checked, previewed and published on the command line."""

import functools
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.access.audit import EntryDocument
from hub.database import Database
from hub.rollups import service as rollups
from runtime.cli import application
from tests.rollups.stage import Shop
from tests.runtime.verbs import Verb

GERMANS = 'segment: germans\nwhen: profile.country = "DE"\n'


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "segments")


@pytest.fixture
def germans(tmp_path: Path) -> str:
    file = tmp_path / "germans.segment.yaml"
    file.write_text(GERMANS)
    return str(file)


async def test_a_segment_is_checked_previewed_published_and_listed(run: Verb, germans: str, database: Database) -> None:
    shop = Shop(database)
    for user, country in (("ada", "DE"), ("bob", "AT")):
        await shop.identify(user=user, traits={"country": country})
        await shop.bought(30 if user == "ada" else 10, user=user)

    assert (await run("list")).startswith("There is no segment yet.")
    assert await run("check", germans) == "germans.segment.yaml: germans has no problem."
    assert (await run("preview", germans)).splitlines() == [
        'germans: profile.country = "DE"',
        "  1 of 2 customers",
        "  30.00 EUR paid, 75.0% of all",
        "  1 would come, 0 would go",
    ]
    previewed = await run("preview", germans, "--json")
    assert (previewed["members"]["count"], previewed["total"], previewed["revenue"][0]["share"]) == (1, 2, 0.75)
    assert previewed["members"]["examples"] == [str((await shop.profile()).id)]

    assert await run("publish", germans, "--key", "k") == "germans version 1 counts from now on."
    assert await run("publish", germans, "--key", "l") == (
        "germans version 1 was published already: nothing has changed."
    )
    (listed,) = (await run("list", "--json"))["segments"]
    assert (listed["name"], listed["version"], listed["size"], listed["percent"]) == ("germans", 1, 0, 0)
    await shop.filled()
    assert await run("list") == 'germans version 1: 1 in, 100 % sorted; profile.country = "DE"'
    (entry,) = await EntryDocument.find_all().to_list()
    assert (entry.what, entry.subject, entry.after) == ("publish segment", "germans", {"version": 1})

    assert await run("delete", "germans", "--key", "d") == "germans is deleted: nobody is in it any more."
    assert await run("list", "--json") == {"segments": []}
    assert await EntryDocument.find(EntryDocument.what == "delete segment").count() == 1


async def test_ready_segments_are_listed_and_those_that_are_named_published(run: Verb, database: Database) -> None:
    await Shop(database).publish(rollups.shipped()[0])
    vip = "vip: Spent 500 or more in the last 365 days, in the currency in which they buy. purchases.365d.sum >= 500"

    assert vip in (await run("ready")).splitlines()
    assert await run("ready", "vip", "new", "--publish") == (
        "vip version 1 counts from now on.\nnew version 1 counts from now on."
    )
    assert await run("ready", "vip", "--publish") == "vip version 1 was published already: nothing has changed."
    assert await run("ready", "vip") == vip.replace("vip:", "vip (published):")
    listed = (await run("ready", "--json"))["segments"]
    assert {it["name"] for it in listed if it["published"]} == {"vip", "new"}
    assert all(it["source"] and it["rule"] and it["description"] for it in listed)
    assert await EntryDocument.find_all().count() == 2


async def test_customers_are_graded_by_how_recently_how_often_and_for_how_much(run: Verb, database: Database) -> None:
    shop = Shop(database)
    await shop.publish(rollups.shipped()[0])
    await shop.bought(10, user="bob")
    await shop.bought(30, 60)

    assert (await run("rfm")).splitlines() == [
        "recency 5, frequency 5, monetary 5: 1 customers, 90.00 EUR",
        "recency 3, frequency 3, monetary 3: 1 customers, 10.00 EUR",
        "2 customers in all, and 0 who have bought and have no sum.",
    ]
    graded = await run("rfm", "--json")
    assert (graded["customers"], graded["others"]) == (2, 0)
    assert graded["cells"][1] == {
        "recency": 3,
        "frequency": 3,
        "monetary": 3,
        "customers": 1,
        "revenue": [{"amount": "10.00", "currency": "EUR"}],
    }


@pytest.mark.parametrize(
    ("verb", "name", "source"),
    [
        ("segments", "a.segment.yaml", "segment: a\nwhen: spend.count > 1 and purchases.count > 1\n"),
        (
            "journeys",
            "a.journey.yaml",
            "{journey: a, enter: {event: X, where: spend.count > 1 and purchases.count > 1}, steps: [end]}\n",
        ),
    ],
)
def test_a_rule_is_checked_without_a_server_with_the_rollups_of_the_hub_and_those_in_files(
    verb: str, name: str, source: str, tmp_path: Path
) -> None:
    file, rollup = tmp_path / name, tmp_path / "spend.rollup.yaml"
    file.write_text(source)
    rollup.write_text("rollup: spend\nevent: Order Completed\n")

    refused, checked = (
        CliRunner().invoke(application(), [verb, "check", str(file), *option])
        for option in ([], ["--rollup", str(rollup)])
    )

    assert "`spend` is not known here" in str(refused.exception)
    assert (checked.exit_code, checked.stdout.endswith("no problem.\n")) == (0, True)


def test_a_problem_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.segment.yaml"
    file.write_text("segment: Bad One\nwhen: profile.country == 1\n")

    refused = CliRunner().invoke(application(), ["segments", "check", str(file)])

    assert str(refused.exception).splitlines()[0].startswith("1:10: ")
    assert "Did you mean `bad-one`?" in str(refused.exception)
    assert "2:23: " in str(refused.exception)
