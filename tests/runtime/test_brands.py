"""`hub brands`: a kit is checked, published and listed, and templates keep to it."""

from pathlib import Path

import pytest

from hub.database import Database
from tests.runtime.verbs import Verb

KIT = 'brand: default\nname: Finch\ncolours: {primary: "#8a3f1d"}\nfonts: {}\nbanned: [cheap]\n'


async def test_a_kit_is_published_and_templates_are_held_against_it(
    verb: Verb, tmp_path: Path, database: Database
) -> None:
    kit, part = tmp_path / "default.brand.yaml", tmp_path / "hello" / "en" / "sms.liquid"
    part.parent.mkdir(parents=True)
    kit.write_text(KIT)
    part.write_text("So cheap, says {{ brand.name }}.")

    assert (await verb("brands", "list")).startswith("There is no brand kit yet.")
    assert await verb("brands", "check", str(kit)) == "default.brand.yaml: default has no problem."
    assert await verb("brands", "publish", str(kit)) == "default version 1 counts from now on."
    assert await verb("brands", "list") == "default version 1: Finch, #8a3f1d"
    with pytest.raises(AssertionError):  # the verb fails
        await verb("templates", "publish", str(part.parents[1]))
    with pytest.raises(AssertionError):
        await verb("templates", "check", str(part.parents[1]), "--brand", str(kit))
    assert await database["templates"].count_documents({}) == 0

    assert await verb("templates", "publish", str(part.parents[1]), "--brand", "other") == (
        "hello version 1 is sent from now on."
    )
    part.write_text("So good, says {{ brand.name }}.")
    shown = await verb("templates", "preview", str(part.parents[1]), "--channel", "sms", "--brand", str(kit), "--json")
    assert shown["text"] == "So good, says Finch."
    await verb("templates", "publish", str(part.parents[1]))
