"""`docs/policy.md` shows a policy that can be published, and explains every key, problem and choice."""

from hub.contact import language
from hub.contact.model import Then
from tests.docs.codes import codes_in
from tests.docs.pages import ROOT, blocks, first_column, section

PAGE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")


def test_the_policy_on_the_page_can_be_published() -> None:
    (source,) = blocks(PAGE, "text")
    policy = language.read(source)

    assert (len(policy.caps), len(policy.quiet)) == (2, 2)


def test_every_problem_of_a_policy_is_explained() -> None:
    assert first_column(section(PAGE, "## Problems")) == codes_in(ROOT / "hub" / "contact")


def test_every_choice_is_explained() -> None:
    assert first_column(section(PAGE, "## What becomes of a message")) == set(Then)
