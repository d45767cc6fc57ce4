"""`hub questions check|publish|list`: questions that customers are asked, defined in files."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.definitions import Published

app = typer.Typer()
questions = typer.Typer(help="Questions to customers: check a file, publish it.", no_args_is_help=True)
app.add_typer(questions, name="questions")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.question.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@questions.command()
def check(file: File) -> None:
    """Name every problem of a question, with line and column. Needs no server."""
    from hub.questions import language

    question = language.read(texts.read(file))
    typer.echo(f"{file.name}: {question.name} has no problem.")


@questions.command()
def publish(
    file: File, key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = ""
) -> None:
    """Publish a question as a new version. Earlier versions can still be answered."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(
        publishing.publish("question", key, lambda key: _publish(source, key), news="can be answered from now on")
    )


@questions.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the questions in their newest versions."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"questions": listed}))
        return
    for it in listed:
        many = "several of" if it["several"] else "one of"
        typer.echo(f"{it['name']} version {it['version']}: {it['text']} ({many} {', '.join(it['answers'])})")
    if not listed:
        typer.echo("There is no question yet. docs/questions.md shows how one is written.")


async def _publish(source: str, key: str) -> "Published":
    from hub.questions import service
    from runtime import wiring

    return await service.publish(source, by="cli", key=key, now=wiring.clock())


async def _listed() -> list[dict[str, Any]]:
    from hub.kit.languages import LAST_RESORT
    from hub.questions import language, store

    read = [(it, language.read(it.source)) for it in await store.DEFINITIONS.live()]
    return [
        {
            "name": document.name,
            "version": document.number,
            "publishedAt": document.published_at.isoformat(),
            "text": question.text_in(LAST_RESORT),
            "several": question.several,
            "answers": [it.name for it in question.answers],
        }
        for document, question in read
    ]
