"""The small parts of a program's document: names, numbers, words in languages, amounts and days."""

import re
from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from hub.kit import durations, money
from hub.kit.documents import Fields, Node, Value
from hub.kit.money import BadMoney
from hub.kit.problems import did_you_mean
from hub.kit.reading import Reading, spoken
from hub.programs.model import Texts

LONGEST_NAME: Final = 64
LONGEST_TEXT: Final = 160
MOST_POINTS: Final = 1_000_000_000
MOST_DAYS: Final = 3_660
LANGUAGES: Final = ("en", "de")
"""The languages in which the hub can say what a program is about."""

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SENTENCE_END: Final = re.compile(r"[.!?](\s|$)")
_DIGITS: Final = 2

E = TypeVar("E", bound=StrEnum)


class Terms(Reading):
    """Reads such parts, and collects what is wrong with them."""

    def name(self, node: Node, kind: str) -> str | None:
        """Read a name: lower case with hyphens."""
        name = self.text(node, f"`{kind}`", longest=LONGEST_NAME)
        if name is not None and not _NAME.fullmatch(name):
            near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
            hint = f" Did you mean `{near}`?" if near else ""
            self.report(node, "bad_name", f"The name of a {kind} is lower case with hyphens.{hint}")
            return None
        return name

    def one_of(self, node: Node, name: str, kinds: type[E]) -> E | None:
        """Read one of several words."""
        word = self.text(node, f"`{name}`", longest=LONGEST_NAME)
        if word is None:
            return None
        if word not in set(kinds):
            hint = did_you_mean(word, list(kinds)) or f" Known here: {', '.join(kinds)}."
            self.report(node, "unknown_value", f"`{word}` is no value of `{name}`.{hint}")
            return None
        return kinds(word)

    def known(self, node: Node, name: str, known: Collection[str]) -> str | None:
        """Read the name of something that stands elsewhere in the document."""
        word = self.text(node, f"`{name}`", longest=LONGEST_NAME)
        if word is not None and word not in known:
            hint = did_you_mean(word, known) or f" Known here: {', '.join(known) or 'none'}."
            self.report(node, "unknown_name", f"There is no {name} `{word}`.{hint}")
            return None
        return word

    def whole(self, node: Node, name: str, low: int, high: int) -> int | None:
        """Read a whole number."""
        given = node.value if isinstance(node, Value) else None
        if type(given) is int and low <= given <= high:
            return given
        self.report(node, "wrong_type", f"`{name}` is a whole number from {low} to {high}.")
        return None

    def flag(self, node: Node, name: str) -> bool:
        """Read true or false."""
        if isinstance(node, Value) and isinstance(node.value, bool):
            return node.value
        self.report(node, "wrong_type", f"`{name}` is true or false, not {spoken(node)}.")
        return False

    def decimal(self, node: Node, name: str, low: Decimal, high: Decimal) -> Decimal | None:
        """Read a number with up to two digits behind its point; more than `low`, and `high` at most."""
        given = node.value if isinstance(node, Value) else None
        if isinstance(given, int | float) and not isinstance(given, bool):
            exact = Decimal(repr(given))
            if low < exact <= high and exact == round(exact, _DIGITS):
                return exact.normalize()
        message = f"`{name}` is a number of more than {low}, {high} at most, with up to two digits behind its point."
        self.report(node, "wrong_type", message)
        return None

    def money(self, node: Node, name: str, currency: str) -> int | None:
        """Read an amount of more than nothing, in minor units."""
        try:
            minor = money.minor_of(node.value if isinstance(node, Value) else None, currency)
        except BadMoney as error:
            self.report(node, "bad_amount", f"`{name}` cannot be used. {error.message}")
            return None
        if minor <= 0:
            self.report(node, "bad_amount", f"`{name}` is more than nothing.")
            return None
        return minor

    def days(self, node: Node, name: str) -> int | None:
        """Read a duration of whole days."""
        written = self.text(node, f"`{name}`", longest=LONGEST_NAME)
        if written is None:
            return None
        try:
            lasting = durations.parse(written)
        except durations.BadDuration as error:
            self.report(node, "bad_duration", error.message)
            return None
        if lasting.seconds or lasting.days > MOST_DAYS:
            self.report(node, "bad_duration", f"`{name}` is of whole days, {MOST_DAYS}d at most.")
            return None
        return lasting.days

    def texts(self, node: Node, name: str, languages: Collection[str] = ()) -> Texts:
        """Read words in each of these languages, or in one at least where none is named; no sentences."""
        if not isinstance(node, Fields) or not node.fields:
            self.report(node, "wrong_type", f"`{name}` takes languages and texts ({{en: points}}), not {spoken(node)}.")
            return {}
        texts: dict[str, str] = {}
        for language, field in node.fields.items():
            if language not in LANGUAGES:
                self.report(field.key, "bad_language", f"A program is said in {' and '.join(LANGUAGES)}.")
            text = self.text(field.node, "a text", longest=LONGEST_TEXT)
            if text is not None and _SENTENCE_END.search(text):
                self.report(field.node, "bad_text", "This is part of a sentence: no full stop ends it.")
            texts[language] = text or ""
        for language in languages:
            if language not in texts:
                self.report(node, "cannot_be_said", f"`{name}` needs the words for `{language}` too.")
        return texts
