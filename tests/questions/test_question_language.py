"""A question is a document: every problem is named with its place, and it is shown in the nearest language."""

import pytest

from hub.kit.problems import InvalidDefinition
from hub.questions import language
from hub.questions.model import Answer, Question

MATTERS = """\
question: matters-most
texts: {en: What matters most to you?, de: Was ist Ihnen am wichtigsten?}
answers:
  - {answer: price, texts: {en: The price, de-AT: Der Preis halt}}
  - {answer: taste, texts: {de: Der Geschmack}}
"""
START = "question: a\ntexts: {en: A?}\n"


def problems_of(source: str) -> list[str]:
    with pytest.raises(InvalidDefinition) as refused:
        language.read(source)
    return [f"{it.line}:{it.column} {it.code}" for it in refused.value.problems]


def test_a_question_is_read_and_takes_one_answer_unless_it_says_otherwise() -> None:
    texts = {"en": "What matters most to you?", "de": "Was ist Ihnen am wichtigsten?"}
    answers = (
        Answer("price", {"en": "The price", "de-AT": "Der Preis halt"}),
        Answer("taste", {"de": "Der Geschmack"}),
    )

    assert language.read(MATTERS) == Question("matters-most", texts, several=False, answers=answers)
    assert language.read(f"several: true\n{MATTERS}").several is True


def test_each_text_is_in_the_nearest_language_that_it_has() -> None:
    question = language.read(MATTERS)
    price, taste = question.answers

    assert question.text_in("de-AT") == "Was ist Ihnen am wichtigsten?"
    assert question.text_in("fr") == "What matters most to you?"
    assert [price.text_in(it) for it in ("de-AT", "de", "en")] == ["Der Preis halt", "The price", "The price"]
    assert taste.text_in("en") == "Der Geschmack"


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("[]", ["1:1 wrong_type"]),
        ("question: a", ["1:1 missing_key", "1:1 missing_key"]),
        (f"{START}answers: []", ["3:10 empty_list"]),
        (f"{START}answers: price", ["3:10 wrong_type"]),
        (f"{START}answer: []\nanswers: [{{answer: b, texts: {{en: B}}}}]", ["3:1 unknown_key"]),
        (f"{START}answers: [{{answer: b}}]", ["3:11 missing_key"]),
        (f"{START}answers: [{{answer: Not So, texts: {{en: B}}}}]", ["3:20 bad_name"]),
        (f"{START}answers: [{{answer: b, texts: B}}]", ["3:30 wrong_type"]),
        (f"{START}answers: [{{answer: b, texts: {{}}}}]", ["3:30 missing_key"]),
        (f"{START}answers: [{{answer: b, texts: {{german!: B}}}}]", ["3:31 bad_language"]),
        (f"{START}answers: [{{answer: b, texts: {{en: ''}}}}]", ["3:35 bad_length"]),
        (
            f"{START}answers: [{{answer: b, texts: {{en: B}}}}, {{answer: b, texts: {{en: C}}}}]",
            ["3:40 duplicate_name"],
        ),
        (f"{START}several: maybe\nanswers: [{{answer: b, texts: {{en: B}}}}]", ["3:10 wrong_type"]),
        ("question: A\ntexts: {en: A?}\nanswers: [{answer: b, texts: {en: B}}]", ["1:11 bad_name"]),
        (
            f"question: {'a' * 65}\ntexts: {{en: 7}}\nanswers: [7]",
            ["1:11 bad_length", "2:13 wrong_type", "3:11 wrong_type"],
        ),
    ],
)
def test_every_problem_has_its_place_and_code(source: str, problems: list[str]) -> None:
    assert problems_of(source) == problems


def test_a_question_has_at_most_a_hundred_answers() -> None:
    answers = ", ".join(f"{{answer: b{number}, texts: {{en: B}}}}" for number in range(101))

    assert problems_of(f"{START}answers: [{answers}]") == ["3:10 bad_length"]


def test_a_name_that_is_written_otherwise_is_told_how_it_is_meant() -> None:
    with pytest.raises(InvalidDefinition, match="Did you mean `matters-most`"):
        language.read(MATTERS.replace("matters-most", "Matters Most"))
