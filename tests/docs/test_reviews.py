"""`docs/reviews.md` shows rules that can be published, and explains every key, fault, problem, refusal and state."""

import re

from hub.programs import language as programs
from hub.programs.model import PerEvent
from hub.reviews import language, model, reading
from hub.reviews.model import Fault, ReviewRefused, State
from tests.docs.codes import codes_in
from tests.docs.pages import ROOT, blocks, first_column, section
from tests.programs.test_program_language import KNOWN
from tests.programs.written import FINCH

PAGE = (ROOT / "docs" / "reviews.md").read_text(encoding="utf-8")
CONTRACTS = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8").partition("## Reserved")[0]
CODES = {it.code for it in vars(model).values() if isinstance(it, type) and ReviewRefused in it.__bases__}


def test_the_rules_on_the_page_can_be_published() -> None:
    source, rule = blocks(PAGE, "text")
    rules = language.read(source)
    program = programs.read(FINCH.replace("multipliers:", f"{rule}multipliers:"), KNOWN)

    assert program.rules["review"].gives == PerEvent("Review Approved", 25, once=False, once_by=None)
    assert (rules.refuse.shorter_than, rules.hold.words, rules.approve_from) == (10, {"scam", "money back"}, 30)


def test_every_criterion_and_every_fault_is_explained() -> None:
    rules = section(PAGE, "## Rules")

    assert set(language._CRITERIA) | set(Fault) <= first_column(rules)


def test_every_problem_of_rules_is_explained() -> None:
    assert first_column(section(PAGE, "### Problems")) == codes_in(ROOT / "hub" / "reviews")


def test_every_refusal_is_explained() -> None:
    assert first_column(section(PAGE, "## Writing one")) == CODES
    assert CODES - {"NOT_FOUND"} <= set(re.findall(r"`([A-Z_]+)`", CONTRACTS))


def test_every_state_and_every_event_is_explained() -> None:
    assert first_column(section(PAGE, "## Deciding")) == set(State)
    assert first_column(section(PAGE, "## From other systems")) == reading.EVENTS
