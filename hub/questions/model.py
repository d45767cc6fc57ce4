"""A question, what may be answered to it, and why an answer is refused."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hub.kit.errors import HubError
from hub.kit.languages import by_nearness
from hub.kit.problems import did_you_mean


@dataclass(frozen=True, slots=True)
class Answer:
    """Something that may be answered. `texts` are for people, by language such as `de-AT`."""

    name: str
    texts: Mapping[str, str]

    def text_in(self, language: str) -> str:
        """Say it in the nearest language."""
        return self.texts[by_nearness(self.texts, language)[0]]


@dataclass(frozen=True, slots=True)
class Question:
    """A question in one version. `texts` are for people, `several` says whether more than one answer may be given."""

    name: str
    texts: Mapping[str, str]
    several: bool
    answers: tuple[Answer, ...]

    def text_in(self, language: str) -> str:
        """Ask it in the nearest language."""
        return self.texts[by_nearness(self.texts, language)[0]]

    def checked(self, given: Sequence[str]) -> list[str]:
        """Let answers pass that may be given, each once, in the order of the question.

        Raises:
            NoAnswer: there are none.
            NoSuchAnswer: the question has no answer of such a name.
            OneAnswerOnly: there are several, and the question takes one.
        """
        known = [it.name for it in self.answers]
        for name in given:
            if name not in known:
                raise NoSuchAnswer(self.name, name, known)
        answers = [it for it in known if it in given]
        if not answers:
            raise NoAnswer(self.name)
        if len(answers) > 1 and not self.several:
            raise OneAnswerOnly(self.name, len(answers))
        return answers


class AnswerRefused(HubError):
    """An answer that cannot be taken. `part` is what of it is wrong, as the API names it."""

    part: ClassVar[str]


class NoSuchQuestion(AnswerRefused):
    """A name that no published question has."""

    code = "NOT_FOUND"
    part = "question"

    def __init__(self, name: str, known: Collection[str]) -> None:
        super().__init__(f"There is no question `{name[:64]}`.{did_you_mean(name, known)}")


class NoSuchVersion(AnswerRefused):
    """A question was never published in this version."""

    code = "NO_SUCH_VERSION"
    part = "version"

    def __init__(self, name: str, number: int, newest: int) -> None:
        super().__init__(f"There is no version {number} of `{name}`; the newest is {newest}.")
        self.newest = newest


class NoSuchAnswer(AnswerRefused):
    """The version of a question that was answered does not have this answer."""

    code = "NO_SUCH_ANSWER"
    part = "answers"

    def __init__(self, question: str, name: str, known: Collection[str]) -> None:
        hint = did_you_mean(name, known) or f" Known are {', '.join(known)}."
        super().__init__(f"`{question}` has no answer `{name[:64]}`.{hint}")


class NoAnswer(AnswerRefused):
    """An answer that says nothing."""

    code = "NO_ANSWER"
    part = "answers"

    def __init__(self, question: str) -> None:
        super().__init__(f"To answer `{question}`, name one of its answers at least.")


class OneAnswerOnly(AnswerRefused):
    """Several answers to a question that takes one."""

    code = "ONE_ANSWER_ONLY"
    part = "answers"

    def __init__(self, question: str, given: int) -> None:
        super().__init__(f"`{question}` takes one answer, here are {given}.")
        self.given = given
