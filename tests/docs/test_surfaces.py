"""`docs/surfaces.md` explains every surface, key and problem, and shows a content that can be published."""

from hub.content import language
from hub.content.model import What
from hub.messaging.surfaces import Surface
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from tests.docs.codes import codes_in
from tests.docs.pages import ROOT, blocks, code_words, first_column, section

PAGE = (ROOT / "docs" / "surfaces.md").read_text(encoding="utf-8")


def test_every_surface_is_explained() -> None:
    assert first_column(PAGE.partition("\n## ")[0]) == set(Surface)


def test_the_content_on_the_page_can_be_published_and_every_key_of_one_is_explained() -> None:
    (source,) = blocks(PAGE, "text")

    assert language.read(source, scope.of(NOTHING_DEFINED)).name == "spring-sale"
    assert first_column(section(PAGE, "## Content that is shown").partition("\n### ")[0]) == set(language.KEYS)


def test_everything_that_can_be_reported_is_explained() -> None:
    assert {it.name for it in What} <= code_words(section(PAGE, "### How often"))


def test_every_problem_of_a_content_is_explained() -> None:
    assert first_column(section(PAGE, "### Problems")) == codes_in(ROOT / "hub" / "content")
