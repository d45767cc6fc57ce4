"""`hub questions`: a question is checked, published and listed on the command line."""

import functools
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.access.audit import EntryDocument
from hub.database import Database
from runtime.cli import application
from tests.runtime.verbs import Verb

BREWS = """\
question: brews
texts: {en: How do you brew?, de: Wie brauen Sie?}
several: true
answers: [{answer: filter, texts: {en: Filter}}, {answer: moka, texts: {en: Moka}}]
"""


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "questions")


async def test_a_question_is_checked_published_and_listed(run: Verb, tmp_path: Path, database: Database) -> None:
    del database
    file = tmp_path / "brews.question.yaml"
    file.write_text(BREWS)

    assert (await run("list")).startswith("There is no question yet.")
    assert await run("check", str(file)) == "brews.question.yaml: brews has no problem."
    assert await run("publish", str(file), "--key", "k") == "brews version 1 can be answered from now on."
    assert await run("publish", str(file), "--key", "l") == (
        "brews version 1 was published already: nothing has changed."
    )
    assert await run("list") == "brews version 1: How do you brew? (several of filter, moka)"
    (listed,) = (await run("list", "--json"))["questions"]
    assert (listed["name"], listed["version"], listed["several"]) == ("brews", 1, True)
    (entry,) = await EntryDocument.find_all().to_list()
    assert (entry.what, entry.subject, entry.after) == ("publish question", "brews", {"version": 1})


def test_a_problem_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.question.yaml"
    file.write_text(BREWS.replace("brews", "How Brew").replace("several: true", "several: 2"))

    refused = CliRunner().invoke(application(), ["questions", "check", str(file)])

    first, second = str(refused.exception).splitlines()
    assert first.startswith("1:11: ")
    assert first.endswith("Did you mean `how-brew`? [bad_name]")
    assert second.startswith("3:10: ")


async def test_a_journey_that_asks_for_an_answer_nobody_can_give_is_not_published(
    verb: Verb, tmp_path: Path, database: Database
) -> None:
    question, journey = tmp_path / "brews.question.yaml", tmp_path / "a.journey.yaml"
    question.write_text(BREWS.replace("several: true\n", ""))
    await verb("questions", "publish", str(question))
    template = tmp_path / "templates" / "thanks" / "en"
    template.mkdir(parents=True)
    (template / "sms.liquid").write_text("Thanks!")
    written = "journey: a\nenter: {event: X, where: 'profile.answers.brews.value = \"moka\"'}\nsteps: [end]\n"

    journey.write_text(written.replace("moka", "mocha"))
    with pytest.raises(AssertionError):  # the verb fails
        await verb("journeys", "publish", str(journey))
    assert await database["journey_versions"].count_documents({}) == 0
    assert await database["templates"].count_documents({}) == 0

    journey.write_text(written)
    await verb("journeys", "publish", str(journey))
    assert await database["journey_versions"].count_documents({}) == 1
    assert await database["templates"].count_documents({}) == 1
