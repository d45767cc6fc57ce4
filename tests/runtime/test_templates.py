"""`hub templates`: a folder is checked, shown, published, listed and sent to a colleague on the command line."""

import functools
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.access.audit import EntryDocument
from hub.database import Database
from hub.kit import ids
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from integrations.console.store import InboxDocument
from runtime import pictures
from runtime.cli import application
from runtime.errors import NotReady
from tests.runtime.verbs import Verb

BODY = (
    "<mjml><mj-body><mj-section><mj-column>\n<mj-text>Hello {{ profile.firstName }}</mj-text>\n"
    '<mj-button href="{{ links.unsubscribe }}">Stop</mj-button></mj-column></mj-section></mj-body></mjml>'
)
MEANT = "`profile.first_name`: `first_name` is not known. Did you mean `firstName`?"
PARTS = {"en/subject": "Hi {{ profile.firstName }}", "en/body.mjml": BODY, "de/sms": "Grüße, {{ profile.firstName }}"}


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "templates")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "hello", PARTS)


def written(folder: Path, parts: dict[str, str]) -> Path:
    for name, source in parts.items():
        file = folder / f"{name}.liquid"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    return folder


def test_every_problem_is_named_with_its_file_line_and_column(folder: Path) -> None:
    written(
        folder, {"en/sms": "Hi\n {{ profile.first_name }}", "en/body.mjml": BODY.replace("{{ links.unsubscribe }}", "")}
    )

    done = CliRunner().invoke(application(), ["templates", "check", str(folder)])

    assert done.exit_code == 1
    problems = json.loads(CliRunner().invoke(application(), ["templates", "check", str(folder), "--json"]).output)
    assert [tuple(it[name] for name in ("file", "line", "column", "code", "hint")) for it in problems["problems"]] == [
        (f"{folder}/de", 1, 1, "other_language", True),
        (f"{folder}/en/body.mjml.liquid", 1, 1, "no_way_out", False),
        (f"{folder}/en/body.mjml.liquid", 3, 12, "broken_link", False),
        (f"{folder}/en/sms.liquid", 2, 5, "unknown_variable", False),
    ]
    assert done.output.splitlines()[2:] == [
        f"{folder}/en/body.mjml.liquid:3:12: This href leads nowhere. [broken_link]",
        f"{folder}/en/sms.liquid:2:5: {MEANT} [unknown_variable]",
        "1 template, 3 problems, 1 hint.",
    ]


def test_hints_let_a_template_pass_and_a_folder_of_templates_is_checked_whole(folder: Path) -> None:
    written(folder.parent / "bye", {"en/sms": "Bye {{ profile.nick }}"})

    by_folder = CliRunner().invoke(application(), ["templates", "check", str(folder.parent), "--json"])
    by_file = CliRunner().invoke(application(), ["templates", "check", str(folder / "en" / "subject.liquid")])

    assert (by_folder.exit_code, by_file.exit_code) == (0, 0)
    assert [(it["code"], it["hint"]) for it in json.loads(by_folder.output)["problems"]] == [
        ("other_language", True)
    ] * 2
    assert by_file.output.splitlines()[-1] == "1 template, no problems, 2 hints."


def test_a_folder_without_a_template_says_so(tmp_path: Path) -> None:
    refused = CliRunner().invoke(application(), ["templates", "check", str(tmp_path)])

    assert str(refused.exception) == f"{tmp_path} holds no template: its parts lie in LANG/PART.liquid."


def test_a_preview_needs_no_server_and_shows_a_made_up_customer(folder: Path, tmp_path: Path) -> None:
    out, sample = tmp_path / "mail.html", tmp_path / "ada.json"
    sample.write_text('{"profile": {"firstName": "Ada"}}')

    made_up = CliRunner().invoke(application(), ["templates", "preview", str(folder), "--out", str(out)])
    known = CliRunner().invoke(application(), ["templates", "preview", str(folder), "--sample", str(sample), "--json"])
    sms = CliRunner().invoke(application(), ["templates", "preview", str(folder), "--channel", "sms"])

    assert made_up.output.startswith("Language: en\nSubject: Hi Katharina\n\nHello Katharina\n\nStop (https://")
    assert out.read_text().startswith("<!doctype html>")
    assert json.loads(known.output)["subject"] == "Hi Ada"
    assert sms.output == "Language: de\nTakes: 1 SMS (16 units of GSM-7)\n\nGrüße, Katharina\n"


async def test_a_preview_for_a_real_customer_is_in_their_language(run: Verb, folder: Path, database: Database) -> None:
    del database
    ada = Profile(id=ids.new_id(), traits={"firstName": "Ada", "locale": "en-GB"})
    await profiles_store.save([ada], token=ids.new_id())

    shown = await run("preview", str(folder), "--profile", str(ada.id), "--json")

    assert (shown["language"], shown["subject"]) == ("en", "Hi Ada")


@pytest.mark.skipif(pictures.chromium() is None, reason="there is no Chromium on this machine")
def test_a_preview_has_a_picture_where_there_is_a_browser(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "mail.png"

    done = CliRunner().invoke(
        application(), ["templates", "preview", str(folder), "--picture", str(file), "--width", "390"]
    )

    assert done.exit_code == 0, done.output
    data = file.read_bytes()
    assert (data[:8], int.from_bytes(data[16:20])) == (b"\x89PNG\r\n\x1a\n", 390)


def test_without_a_browser_a_sentence_says_so(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    refused = CliRunner().invoke(
        application(), ["templates", "preview", str(folder), "--picture", str(tmp_path / "a.png")]
    )

    assert isinstance(refused.exception, NotReady)
    assert str(refused.exception).startswith("There is no Chromium on this machine")


async def test_a_template_is_published_once_and_listed(run: Verb, folder: Path, database: Database) -> None:
    del database
    assert (await run("list")).startswith("There is no template yet.")

    assert await run("publish", str(folder), "--key", "k") == "hello version 1 is sent from now on."
    assert await run("publish", str(folder), "--key", "k") == "hello version 1 is sent from now on."
    assert await run("publish", str(folder), "--key", "l") == (
        "hello version 1 was published already: nothing has changed."
    )
    written(folder, {"de/sms": "Servus"})
    assert await run("publish", str(folder)) == "hello version 2 is sent from now on."
    assert await run("list") == "hello version 2: de: sms; en: body.mjml, subject"
    entries = await EntryDocument.find_all().sort("_id").to_list()
    assert [(it.what, it.subject, it.after) for it in entries] == [
        ("publish template", "hello", {"version": 1}),
        ("publish template", "hello", {"version": 2}),
    ]


async def test_a_template_with_a_problem_is_not_published(verb: Verb, folder: Path, database: Database) -> None:
    written(folder, {"de/sms": "{{ profil.firstName }}"})

    with pytest.raises(AssertionError):  # the verb fails
        await verb("templates", "publish", str(folder))

    assert await database["templates"].count_documents({}) == 0


async def test_a_test_goes_to_the_staff_once_and_is_in_no_numbers(
    run: Verb, folder: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_STAFF_ADDRESSES", "eve@other.example, @shop.example")
    await run("publish", str(folder))

    for _ in range(2):
        done = await run("send-test", "hello", "--to", "Bob@Shop.example", "--key", "k")
        assert done == "hello is on its way."

    [mail] = await InboxDocument.find_all().to_list()
    assert (mail.to, mail.subject, mail.text[:15]) == ("Bob@Shop.example", "[Test] Hi Katharina", "Hello Katharina")
    assert mail.html is not None
    assert [await database[name].count_documents({}) for name in ("messages", "contacts", "profiles")] == [0, 0, 0]
    last = await EntryDocument.find_all().sort("-_id").first_or_none()
    assert last is not None
    assert (last.what, last.subject, last.after) == ("send test", "hello", {"channel": "email"})


async def test_a_test_to_anybody_else_is_refused(run: Verb, folder: Path, database: Database) -> None:
    await run("publish", str(folder))

    with pytest.raises(AssertionError):  # the verb fails
        await run("send-test", "hello", "--to", "ada@customer.example")

    assert await database["inbox"].count_documents({}) == 0
