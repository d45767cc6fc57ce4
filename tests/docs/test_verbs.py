import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from runtime.cli import application
from tests.docs.pages import PAGES, RESERVED, ROOT, blocks, code_words, name_of

DEV = set(re.findall(r"^  (\w+) +\w", runpy.run_path(str(ROOT / "dev"))["USAGE"], re.MULTILINE))


def verbs(command: Any, name: str = "") -> Iterator[str]:
    yield name
    for word, inner in getattr(command, "commands", {}).items():
        yield from verbs(inner, f"{name} {word}".strip())


HUB = set(verbs(typer.main.get_command(application())))


def commands_on(page: Path) -> list[str]:
    """The command lines of a page: those of its shell blocks and those in backticks."""
    text = RESERVED.sub("", page.read_text(encoding="utf-8"))
    lines = [line.strip() for block in blocks(text, "sh") for line in re.split(r"\n|&&|;", block)]
    return [*lines, *code_words(text)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    for line in commands_on(page):
        words = re.sub(r"^(\w+=\S+ )+", "", line).split()
        if words[:1] == ["./dev"] and len(words) > 1:
            assert words[1] in DEV, f"{line!r} is no verb of ./dev"
        if words[:1] == ["hub"]:
            named = [word for word in words[1:3] if re.fullmatch(r"[a-z]+", word)]
            assert " ".join(named) in HUB or " ".join(named[:1]) in HUB - groups(), f"{line!r} is no verb of hub"


def groups() -> set[str]:
    """The verbs that are only the beginning of one, such as `hub keys`."""
    return {verb for verb in HUB if any(other.startswith(f"{verb} ") for other in HUB)}


def test_every_option_of_a_command_line_in_a_block_exists() -> None:
    known = set(re.findall(r"--[a-z-]+", (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")))

    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8"), "sh"):
            for line in re.findall(r"^(?:\w+=\S+ )*hub .*$", block, re.MULTILINE):
                assert set(re.findall(r" (--[a-z-]+)", line)) <= known, f"{name_of(page)}: {line}"
