import asyncio
from typing import Any

import pytest

import hub.database
from hub.database import Client, Database
from hub.wording import library
from hub.wording.library import Library, TemplateDocument, TemplateVersionDocument
from hub.wording.templates import Template, template_of


@pytest.fixture(autouse=True)
async def stored(client: Client, database: Database) -> Database:
    await hub.database.migrate(client, [TemplateDocument, TemplateVersionDocument])
    await database["templates"].delete_many({})
    await database["template_versions"].delete_many({})
    return database


def cart(text: str) -> Template:
    return template_of("cart", {"en/subject": "Your cart", "en/text": text, "de-AT/text": text})


async def versions(database: Database) -> dict[str, Any]:
    return {row["_id"]: row["languages"]["en"]["text"] async for row in database["template_versions"].find()}


async def test_a_template_that_says_the_same_keeps_its_version() -> None:
    assert [await Library().save(cart("One")) for _ in range(2)] == [1, 1]


async def test_a_template_that_says_something_else_gets_the_next_version_and_the_older_stay(stored: Database) -> None:
    shelf = Library()

    assert [await shelf.save(cart(text)) for text in ("One", "Two", "One")] == [1, 2, 3]
    assert await versions(stored) == {"cart/1": "One", "cart/2": "Two", "cart/3": "One"}


async def test_what_was_saved_is_loaded_as_it_was() -> None:
    await Library().save(cart("One"))

    assert await Library().load(["cart", "unheard-of"]) == {"cart": cart("One")}
    assert await Library().names() == {"cart"}


async def test_many_who_save_at_once_leave_a_whole_history(stored: Database) -> None:
    texts = [f"Text {number}" for number in range(8)]

    numbers = await asyncio.gather(*(Library().save(cart(text)) for text in texts))

    assert sorted(numbers) == list(range(1, 9))
    assert await versions(stored) == {f"cart/{n}": text for n, text in zip(numbers, texts, strict=True)}
    assert (await Library().load(["cart"]))["cart"] == cart(texts[numbers.index(8)])


async def test_the_same_saved_by_many_at_once_is_one_version(stored: Database) -> None:
    assert await asyncio.gather(*(Library().save(cart("One")) for _ in range(8))) == [1] * 8
    assert await versions(stored) == {"cart/1": "One"}


async def test_a_version_whose_writer_died_before_moving_the_head_is_finished_by_the_next(stored: Database) -> None:
    shelf = Library()
    await shelf.save(cart("One"))
    left = cart("Two")
    await stored["template_versions"].insert_one(
        {"_id": "cart/2", "digest": library.digest_of(left), "languages": left.languages}
    )

    assert await shelf.save(cart("Three")) == 3
    assert await versions(stored) == {"cart/1": "One", "cart/2": "Two", "cart/3": "Three"}


async def test_a_process_speaks_a_new_version_at_most_a_second_later(
    stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    author, sender = Library(), Library()
    await author.save(cart("One"))
    await sender.load(["cart"])
    await author.save(cart("Two"))

    assert (await sender.load(["cart"]))["cart"] == cart("One")
    assert (await author.load(["cart"]))["cart"] == cart("Two")
    monkeypatch.setattr(library, "FRESH_SECONDS", 0.0)
    assert (await sender.load(["cart"]))["cart"] == cart("Two")
    await stored["templates"].delete_many({})
    assert await sender.load(["cart"]) == {}


async def test_a_body_of_mjml_is_loaded_as_it_was_saved() -> None:
    mail = template_of("mail", {"en/subject": "S", "en/body.mjml": "<mjml><mj-body></mj-body></mjml>"})
    await Library().save(mail)

    assert await Library().load(["mail"]) == {"mail": mail}
