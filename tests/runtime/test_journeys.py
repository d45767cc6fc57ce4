"""`hub journeys`: a journey and the templates beside it are checked and published together."""

import functools
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.broadcasts import service as broadcasts
from hub.broadcasts.model import Definition
from hub.database import Database
from hub.segments import service as segments
from hub.wording import snippet_store
from runtime import wiring
from runtime.cli import application
from tests.runtime.test_templates import written
from tests.runtime.verbs import Verb

CART = """\
journey: cart
enter: {event: Checkout Started}
steps:
  - send: {template: hello, channels: [push, email]TOPIC}
"""
BARE = {"hello/en/subject": "Hi", "hello/en/text": "Hello", "hello/en/push": "Hello"}


@pytest.fixture
def run(verb: Verb) -> Verb:
    return functools.partial(verb, "journeys")


def cart(folder: Path, *, text: str = "Hello", topic: str = "") -> Path:
    written(folder / "templates", {**BARE, "hello/en/text": text})
    file = folder / "cart.journey.yaml"
    file.write_text(CART.replace("TOPIC", f", topic: {topic}" if topic else ""), encoding="utf-8")
    return file


def checked(file: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(application(), ["journeys", "check", str(file), *more])
    return done.exit_code, str(done.exception) if done.exception else ""


def test_advertising_by_email_without_a_way_out_is_named_with_its_place(tmp_path: Path) -> None:
    code, said = checked(cart(tmp_path))

    assert code == 1
    assert "4:22" in said
    assert "`hello` advertises by e-mail, and its en/text shows no way out" in said
    assert checked(cart(tmp_path, text="{{ links.unsubscribe }}")) == (0, "")
    assert checked(cart(tmp_path, topic="service")) == (0, "")


def test_a_topic_of_ones_own_advertises_unless_it_is_said_that_it_does_not(tmp_path: Path) -> None:
    file = cart(tmp_path, topic="receipts")

    assert checked(file)[0] == 1
    assert checked(file, "--transactional", "default/receipts") == (0, "")
    assert checked(file, "--transactional", "receipts") == (0, "")
    assert checked(file, "--transactional", "finch/receipts")[0] == 1


async def test_a_journey_that_is_refused_for_it_leaves_nothing(run: Verb, tmp_path: Path, database: Database) -> None:
    with pytest.raises(AssertionError, match="shows no way out"):
        await run("publish", str(cart(tmp_path)))

    assert await database["journeys"].count_documents({}) == 0
    assert await database["templates"].count_documents({}) == 0


async def test_a_template_beside_a_journey_is_held_to_what_a_broadcast_says_it_for(
    run: Verb, tmp_path: Path, database: Database
) -> None:
    await run("publish", str(cart(tmp_path, text="{{ links.unsubscribe }}", topic="service")))
    await segments.publish("segment: vips\nwhen: profile.vip = true\n", by="t", key="k", now=wiring.clock())
    await broadcasts.create(Definition("Sale", "vips", "hello"), by="t", key="k", now=wiring.clock())

    with pytest.raises(AssertionError, match="The broadcast `Sale` says it as advertising"):
        await run("publish", str(cart(tmp_path, topic="service")))

    assert await database["template_versions"].count_documents({}) == 1


async def test_templates_beside_a_journey_say_the_snippets_that_were_agreed_to(
    run: Verb, tmp_path: Path, database: Database
) -> None:
    file = cart(tmp_path, text="{% snippet 'footer' %} {{ links.unsubscribe }}")
    footer = tmp_path / "footer.snippet.yaml"
    footer.write_text("{snippet: footer, texts: {en: Little Finch}}", encoding="utf-8")

    assert "there is no snippet `footer`" in checked(file)[1]
    assert checked(file, "--snippet", str(footer)) == (0, "")
    with pytest.raises(AssertionError, match="there is no snippet `footer`"):
        await run("publish", str(file))
    assert await database["templates"].count_documents({}) == 0
    await snippet_store.publish(footer.read_text(), by="ada", key="k", now=wiring.clock())
    await snippet_store.approve("footer", 1, by="eve", key="k", now=wiring.clock())
    await run("publish", str(file))

    stored = await database["template_versions"].find_one({"_id": "hello/1"})
    assert stored is not None
    assert stored["languages"]["en"]["text"] == "Little Finch {{ links.unsubscribe }}"
    assert (stored["snippets"], stored["said_in"]) == ({"footer": 1}, {"en/text": ["footer/1"]})
