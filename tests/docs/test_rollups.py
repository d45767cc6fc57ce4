"""`docs/rollups.md` shows definitions that can be published, and explains every problem they may have."""

from hub.conditions import parser
from hub.rollups import language, service
from hub.rollups.asking import LIFETIME
from tests.docs.codes import codes_in
from tests.docs.pages import ROOT, blocks, code_words, first_column, section

PAGE = (ROOT / "docs" / "rollups.md").read_text(encoding="utf-8")


def test_every_definition_on_the_page_can_be_published() -> None:
    shown = [language.read(source, rollups=("purchases",)) for source in blocks(PAGE, "text")]

    assert [it.name for it in shown] == ["spend", "stages", "preferred-store", "engagement"]


def test_the_page_shows_the_stages_and_the_preferred_store_as_they_come_with_the_hub() -> None:
    shipped = [language.read(source, rollups=("purchases",)) for source in service.shipped()]
    stages, store, engagement = (language.read(it, rollups=("purchases",)) for it in blocks(PAGE, "text")[1:])

    assert stages == shipped[4]
    assert store == shipped[2]
    assert engagement == shipped[3]


def test_every_problem_of_a_definition_is_explained() -> None:
    assert first_column(section(PAGE, "## Problems")) == codes_in(ROOT / "hub" / "rollups")


def test_the_page_names_all_that_a_rule_may_ask() -> None:
    assert set(LIFETIME) <= code_words(section(PAGE, "## Stages"))


def test_the_conditions_on_the_page_are_conditions() -> None:
    for word in code_words(section(PAGE, "## Preferred shops")):
        if word.startswith("profile."):
            assert parser.parse(word)
