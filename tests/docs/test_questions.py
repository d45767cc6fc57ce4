"""`docs/questions.md` shows a question that can be published, and explains every problem and refusal."""

import re

from hub.conditions.kinds import read
from hub.questions import language, model
from hub.questions.model import AnswerRefused
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from tests.docs.codes import codes_in
from tests.docs.pages import ROOT, blocks, first_column, section

PAGE = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
CONTRACTS = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8").partition("## Reserved")[0]
CODES = {it.code for it in vars(model).values() if isinstance(it, type) and AnswerRefused in it.__bases__}


def test_the_question_on_the_page_can_be_published() -> None:
    (source,) = blocks(PAGE, "text")

    assert language.read(source).name == "matters-most"


def test_every_rule_on_the_page_can_be_asked() -> None:
    rules = re.findall(r"^\| `([^`]*profile[^`]*)` \|", PAGE, re.MULTILINE)

    assert len(rules) == 4
    for rule in rules:
        assert read(rule, scope.of(NOTHING_DEFINED))


def test_every_problem_of_a_question_is_explained() -> None:
    assert first_column(section(PAGE, "## Problems")) == codes_in(ROOT / "hub" / "questions")


def test_every_refusal_of_an_answer_is_explained() -> None:
    assert len(CODES) == 5
    assert first_column(section(PAGE, "## Answering")) == CODES
    assert CODES - {"NOT_FOUND"} <= set(re.findall(r"`([A-Z_]+)`", CONTRACTS))
