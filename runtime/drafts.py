"""What a template in files is checked and shown with: files beside it, and nothing of a server."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime import configuration, texts
from runtime.errors import UnusableFile

Snippets = Annotated[
    list[Path] | None,
    typer.Option("--snippet", exists=True, dir_okay=False, help="A NAME.snippet.yaml whose words may be said."),
]

if TYPE_CHECKING:
    from hub.wording.brands import Kit
    from hub.wording.lint import Purpose
    from hub.wording.snippets import Snippet
    from hub.wording.templates import RenderContext


def purpose(
    *, transactional: bool, event: str | None, own: Sequence[str] | None, kit: "Kit | None" = None
) -> "Purpose":
    """Say what a template is for."""
    from hub.wording.lint import Purpose

    url = configuration.read_settings().public_url
    return Purpose(advertises=not transactional, event=event, own=frozenset(own or ()), kit=kit, url=url)


def snippets(files: Sequence[Path] | None) -> "dict[str, Snippet]":
    """Read the snippets that a template may say."""
    from hub.wording import snippets as language

    return {it.name: it for it in (language.read(texts.read(file)) for file in files or ())}


def kit(file: Path | None) -> "Kit | None":
    """Read a brand kit."""
    from hub.wording import brands

    return brands.read(texts.read(file)) if file else None


def context(sample: Path | None, event: str | None, brand: "Kit | None") -> "RenderContext":
    """Make the customer to whom it is said: the one in a file, or one that is made up.

    Raises:
        UnusableFile: the file is not such JSON.
    """
    from hub.wording import samples

    shown = brand.shown() if brand else samples.NO_BRAND
    if sample is None:
        return samples.somebody(event, shown)
    try:
        written = json.loads(texts.read(sample))
    except json.JSONDecodeError as error:
        raise UnusableFile(f"{sample}:{error.lineno}:{error.colno}: this is not JSON.") from None
    if not isinstance(written, dict) or not all(isinstance(it, dict) for it in written.values()):
        raise UnusableFile(f"{sample} is an object with the objects profile and event.")
    return samples.of_file({"brand": shown, **written})
