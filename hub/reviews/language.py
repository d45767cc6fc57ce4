"""The document of the rules of reviews: YAML or JSON, checked name by name.

reviews: rules
refuse: {shorter_than: 10, links: true}
hold: {score_below: 30, words: [scam, money back]}
approve: {score_from: 30}
requests: true

There is no word for stars: a rule cannot ask for them.
"""

from typing import Final

from hub.kit import documents
from hub.kit.documents import Node, Value
from hub.kit.problems import InvalidDefinition
from hub.kit.reading import Reading, spoken
from hub.reviews import quality
from hub.reviews.model import LONGEST_TEXT
from hub.reviews.quality import HIGHEST_SCORE, Criteria, Rules

NAME: Final = "rules"
"""There is one document, and this is its name."""
LONGEST_NAME: Final = 64
LONGEST_WORD: Final = 100
MOST_WORDS: Final = 1_000

_CRITERIA: Final = ("shorter_than", "fewer_words_than", "score_below", "words", "links")


def read(source: str) -> Rules:
    """Read the rules.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    reading = Reading()
    rules = _read(documents.load(source), reading)
    if reading.problems:
        raise InvalidDefinition(reading.problems)
    return rules


def _read(document: Node, reading: Reading) -> Rules:
    fields = reading.fields(document, "the rules", ("reviews", "refuse", "hold", "approve", "requests"), "reviews")
    if "reviews" in fields:
        name = reading.text(fields["reviews"].node, "`reviews`", longest=LONGEST_NAME)
        if name is not None and name != NAME:
            reading.report(fields["reviews"].node, "unknown_value", f"There is one document: `reviews: {NAME}`.")
    refuse, hold = (
        _criteria(fields[it].node, it, reading) if it in fields else Criteria() for it in ("refuse", "hold")
    )
    approve_from = None
    if "approve" in fields:
        asked = reading.fields(fields["approve"].node, "`approve`", ("score_from",), "score_from")
        if "score_from" in asked:
            approve_from = _number(asked["score_from"].node, "`score_from`", 0, HIGHEST_SCORE, reading)
    requests = _truth(fields["requests"].node, "`requests`", reading) if "requests" in fields else False
    return Rules(refuse, hold, approve_from, requests)


def _criteria(node: Node, name: str, reading: Reading) -> Criteria:
    fields = {key: it.node for key, it in reading.fields(node, f"`{name}`", _CRITERIA).items()}
    most = {"shorter_than": LONGEST_TEXT, "fewer_words_than": LONGEST_TEXT, "score_below": HIGHEST_SCORE}
    numbers = {key: _number(fields[key], f"`{key}`", 1, most[key], reading) for key in most if key in fields}
    return Criteria(
        **{key: it for key, it in numbers.items() if it is not None},
        words=_words(fields["words"], reading) if "words" in fields else frozenset(),
        links=_truth(fields["links"], "`links`", reading) if "links" in fields else False,
    )


def _words(node: Node, reading: Reading) -> frozenset[str]:
    items = reading.items(node, "`words`")
    if len(items) > MOST_WORDS:
        reading.report(node, "bad_length", f"`words` names at most {MOST_WORDS}, here are {len(items)}.")
    found: set[str] = set()
    for item in items[:MOST_WORDS]:
        text = reading.text(item, "an item of `words`", longest=LONGEST_WORD)
        if text is None:
            continue
        if words := quality.words_of(text):
            found.add(words)
        else:
            reading.report(item, "no_word", "An item of `words` has letters or digits.")
    return frozenset(found)


def _number(node: Node, name: str, least: int, most: int, reading: Reading) -> int | None:
    if isinstance(node, Value) and type(node.value) is int and least <= node.value <= most:
        return node.value
    reading.report(node, "wrong_type", f"{name} is a whole number from {least} to {most}.")
    return None


def _truth(node: Node, name: str, reading: Reading) -> bool:
    if isinstance(node, Value) and isinstance(node.value, bool):
        return node.value
    reading.report(node, "wrong_type", f"{name} is true or false, not {spoken(node)}.")
    return False
