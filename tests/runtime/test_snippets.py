"""`hub snippets`: published, agreed to by somebody else, said by templates, and found where something else is said."""

from datetime import timedelta
from pathlib import Path

import pytest

from hub.access.audit import EntryDocument
from hub.database import Database
from hub.kit.problems import InvalidDefinition
from hub.wording import snippet_store
from hub.wording.library import Library
from runtime import wiring
from tests.runtime.verbs import Verb

FOOTER = "snippet: footer\ntexts: {en: Finch and Sons}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "footer.snippet.yaml"
    file.write_text(FOOTER)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    part = tmp_path / "hello" / "en" / "sms.liquid"
    part.parent.mkdir(parents=True)
    part.write_text("Hello. {% snippet 'footer' %}")
    return tmp_path / "hello"


async def by_somebody_else(source: str) -> None:
    """Publish as a member of staff does over the API."""
    await snippet_store.publish(source, by="eve", key=source, now=wiring.clock())


async def test_who_has_published_a_snippet_cannot_agree_to_it(verb: Verb, file: Path, database: Database) -> None:
    del database
    assert await verb("snippets", "check", str(file)) == "footer.snippet.yaml: footer has no problem."
    assert await verb("snippets", "publish", str(file)) == "footer version 1 waits for a second person."
    assert await verb("snippets", "list") == "footer: no version is said, version 1 waits for a second person"

    with pytest.raises(AssertionError):  # the verb fails
        await verb("snippets", "approve", "footer", "1")
    with pytest.raises(snippet_store.SamePerson):
        await snippet_store.approve("footer", 1, by="cli", key="k", now=wiring.clock())
    with pytest.raises(snippet_store.NoSuchSnippet):
        await snippet_store.approve("footer", 2, by="eve", key="k", now=wiring.clock())

    assert await snippet_store.approved() == {}


async def test_a_template_says_what_was_agreed_to_and_is_listed_when_that_has_changed(
    verb: Verb, folder: Path, database: Database
) -> None:
    del database
    await by_somebody_else(FOOTER)
    with pytest.raises(AssertionError):  # nobody has agreed yet
        await verb("templates", "publish", str(folder))

    assert await verb("snippets", "approve", "footer", "1", "--key", "k") == "footer version 1 is said from now on."
    assert await verb("snippets", "approve", "footer", "1", "--key", "k") == "footer version 1 is said from now on."
    assert await verb("snippets", "approve", "footer", "1") == (
        "footer version 1 was agreed to already: nothing has changed."
    )
    await verb("templates", "publish", str(folder))
    assert (await Library().load(["hello"]))["hello"].languages == {"en": {"sms": "Hello. Finch and Sons"}}
    assert await verb("snippets", "outdated") == "Every template says what was agreed to."

    await by_somebody_else(FOOTER.replace("Sons", "Daughters"))
    assert await verb("snippets", "list") == "footer: version 1 is said, version 2 waits for a second person"
    await verb("snippets", "approve", "footer", "2")
    assert await verb("snippets", "outdated") == "hello version 1 says footer version 1, agreed is 2"
    await verb("templates", "publish", str(folder))
    assert (await Library().load(["hello"]))["hello"].languages == {"en": {"sms": "Hello. Finch and Daughters"}}
    assert (await verb("snippets", "outdated", "--json")) == {"outdated": []}
    changes = [it.what async for it in EntryDocument.find_all().sort("_id")]
    assert changes == ["approve snippet", "publish template", "approve snippet", "publish template"]


async def test_a_snippet_with_a_problem_is_not_published(database: Database) -> None:
    with pytest.raises(InvalidDefinition):
        await by_somebody_else("snippet: footer\n")

    assert await database["snippet_versions"].count_documents({}) == 0


async def test_a_folder_is_checked_with_snippets_in_files(verb: Verb, folder: Path, file: Path) -> None:
    assert await verb("templates", "check", str(folder), "--snippet", str(file)) == "1 template, no problems, no hints."
    shown = await verb("templates", "preview", str(folder), "--channel", "sms", "--snippet", str(file), "--json")

    assert shown["text"] == "Hello. Finch and Sons"


async def test_messages_that_went_out_in_other_words_are_counted(verb: Verb, database: Database) -> None:
    assert await verb("snippets", "outdated-messages") == "Every message that went out said what was agreed to."
    for number, text in enumerate(("Finch", "Sparrow"), 1):
        await by_somebody_else(f"{{snippet: footer, texts: {{en: {text}}}}}")
        await snippet_store.approve("footer", number, by="ada", key=text, now=wiring.clock())
    at = wiring.clock().replace(microsecond=0) + timedelta(seconds=5)
    told = {"template": "hello", "state": "delivered", "snippets": ["footer/1"], "worded_at": at}
    await database["messages"].insert_many([{"_id": n, **told} for n in range(2)])

    said = await verb("snippets", "outdated-messages")

    until = f"from {at.isoformat()} to {at.isoformat()}"
    assert said == f"2 messages of hello said footer version 1, agreed is 2: {until}"
    [found] = (await verb("snippets", "outdated-messages", "--json"))["messages"]
    assert (found["messages"], found["first_at"]) == (2, at.isoformat())
    assert await verb("snippets", "outdated-messages", "--since", "2099-01-01", "--json") == {"messages": []}
