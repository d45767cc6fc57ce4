"""What is wrong with something a person wrote, and where."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from hub.kit.errors import HubError


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of a written text. Line and column begin with 1; `code` is lower_snake and never changes."""

    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message} [{self.code}]"

    @classmethod
    def within(cls, text: str, at: int, code: str, message: str) -> Self:
        """Make a problem of the character of `text` that stands at the offset `at`."""
        return cls(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), code, message)


class InvalidDefinition(HubError):
    """A document or condition that cannot be used, with all that is wrong with it, sorted by place."""

    code = "INVALID_DEFINITION"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(written: str, known: Collection[str]) -> str:
    """Name what resembles `written` most, as a sentence to append: empty, or one that begins with a space."""
    near = get_close_matches(written, known, n=1) or get_close_matches(written.lower(), known, n=1)
    return f" Did you mean `{near[0]}`?" if near else ""
