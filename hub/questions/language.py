"""The document of a question: YAML or JSON, checked name by name.

question: matters-most
texts: {en: What matters most to you?, de: Was ist Ihnen am wichtigsten?}
several: false
answers:
  - {answer: price, texts: {en: The price, de: Der Preis}}
  - {answer: origin, texts: {en: Where it comes from}}

Without `several` a customer gives one answer.
"""

import re
from collections.abc import Mapping
from typing import Final

from hub.kit import documents
from hub.kit.documents import Fields, Node, Value
from hub.kit.problems import InvalidDefinition
from hub.kit.reading import Reading, spoken
from hub.questions.model import Answer, Question

LONGEST_NAME: Final = 64
LONGEST_TEXT: Final = 500
MOST_ANSWERS: Final = 100

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def read(source: str) -> Question:
    """Read a question.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    reading = Reading()
    question = _read(documents.load(source), reading)
    if reading.problems or question is None:
        raise InvalidDefinition(reading.problems)
    return question


def _read(document: Node, reading: Reading) -> Question | None:
    known = ("question", "texts", "several", "answers")
    fields = reading.fields(document, "a question", known, "question", "texts", "answers")
    name = _name(fields["question"].node, "question", reading) if "question" in fields else None
    texts = _texts(fields["texts"].node, reading) if "texts" in fields else {}
    several = _several(fields["several"].node, reading) if "several" in fields else False
    answers = _answers(fields["answers"].node, reading) if "answers" in fields else ()
    return Question(name, texts, several, answers) if name else None


def _name(node: Node, kind: str, reading: Reading) -> str | None:
    name = reading.text(node, f"`{kind}`", longest=LONGEST_NAME)
    if name is not None and not _NAME.fullmatch(name):
        near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
        hint = f" Did you mean `{near}`?" if near else ""
        article = "An" if kind == "answer" else "A"
        message = f"{article} {kind}'s name is lower case with hyphens, as in matters-most.{hint}"
        reading.report(node, "bad_name", message)
        return None
    return name


def _texts(node: Node, reading: Reading) -> Mapping[str, str]:
    """Read a text in one or more languages."""
    if not isinstance(node, Fields):
        reading.report(node, "wrong_type", f"`texts` takes languages and texts ({{en: Hello}}), not {spoken(node)}.")
        return {}
    if not node.fields:
        reading.report(node, "missing_key", "`texts` needs a text in one language at least.")
    texts: dict[str, str] = {}
    for language, field in node.fields.items():
        if not _LANGUAGE.fullmatch(language):
            reading.report(field.key, "bad_language", "A language is written as `de` or `de-AT`.")
        if (text := reading.text(field.node, "a text", longest=LONGEST_TEXT)) is not None:
            texts[language] = text
    return texts


def _several(node: Node, reading: Reading) -> bool:
    if isinstance(node, Value) and isinstance(node.value, bool):
        return node.value
    reading.report(node, "wrong_type", f"`several` is true or false, not {spoken(node)}.")
    return False


def _answers(node: Node, reading: Reading) -> tuple[Answer, ...]:
    items = reading.items(node, "`answers`")
    if len(items) > MOST_ANSWERS:
        reading.report(node, "bad_length", f"A question has at most {MOST_ANSWERS} answers, here are {len(items)}.")
    answers: dict[str, Answer] = {}
    for item in items[:MOST_ANSWERS]:
        answer = _answer(item, reading)
        if answer and answers.setdefault(answer.name, answer) is not answer:
            reading.report(item, "duplicate_name", f"Another answer is called `{answer.name}`.")
    return tuple(answers.values())


def _answer(node: Node, reading: Reading) -> Answer | None:
    fields = reading.fields(node, "an item of `answers`", ("answer", "texts"), "answer", "texts")
    name = _name(fields["answer"].node, "answer", reading) if "answer" in fields else None
    texts = _texts(fields["texts"].node, reading) if "texts" in fields else {}
    return Answer(name, texts) if name else None
