"""The pages of the documentation as the tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
RESERVED = re.compile(r"^## Reserved\n.*", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(text: str) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", text)


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return [body for _, written_in, body in FENCE.findall(text) if written_in == language]


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    level = heading.index(" ")
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"There is no heading {heading!r}."
    return found[1]


def code_words(text: str) -> set[str]:
    """What stands between backticks, outside of code blocks."""
    return {" ".join(word.split()) for word in re.findall(r"`([^`]+)`", prose(text))}


def first_column(table: str) -> set[str]:
    """The code words of the first cells of a table."""
    return {word for row in table.splitlines() if row.startswith("| `") for word in code_words(row.split("|")[1])}
