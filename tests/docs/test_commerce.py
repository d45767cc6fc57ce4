from hub.commerce import shipping_language
from tests.docs.codes import codes_in
from tests.docs.pages import ROOT, blocks, first_column, section

PAGE = (ROOT / "docs" / "commerce.md").read_text(encoding="utf-8")


def test_the_table_of_shipping_on_the_page_can_be_published_and_draws_no_warning() -> None:
    (table,) = blocks(section(PAGE, "## Shipping"), "text")

    assert shipping_language.read(table).warnings == ()


def test_every_problem_of_shipping_rules_is_explained() -> None:
    assert first_column(section(PAGE, "### Problems of shipping rules")) == codes_in(ROOT / "hub" / "commerce")
