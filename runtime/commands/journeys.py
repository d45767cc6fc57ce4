"""`hub journeys check|publish`: a journey is a file, with its templates in the folder `templates` beside it."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime import drafts, liquid_files, texts
from runtime.known import Rollups, known_offline

if TYPE_CHECKING:
    from hub.journeys.service import Published
    from hub.profiles.topics import Catalogue

app = typer.Typer()
journeys = typer.Typer(help="Journeys: check a file, publish it.", no_args_is_help=True)
app.add_typer(journeys, name="journeys")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.journey.yaml.")]

Transactional = Annotated[
    list[str] | None, typer.Option(help="A topic of one's own that does not advertise, as TOPIC or BRAND/TOPIC.")
]


@journeys.command()
def check(
    file: File, rollup: Rollups = None, transactional: Transactional = None, snippet: drafts.Snippets = None
) -> None:
    """Name every problem of a journey and its templates, with line and column. Needs no server."""
    from hub.journeys import language
    from hub.wording.snippets import expand
    from hub.wording.ways_out import WaysOut

    source, files = _read(file)
    words = drafts.snippets(snippet)
    templates = [expand(name, parts, words).template(name) for name, parts in files.items()]
    known = known_offline(rollup or ())
    ways = WaysOut.of(templates, _topics(transactional or ()))
    definition = language.read(source, templates={template.name for template in templates}, known=known, ways=ways)
    typer.echo(f"{file.name}: {definition.name} has {len(definition.steps)} steps and no problem.")


@journeys.command()
def publish(
    file: File,
    key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = "",
) -> None:
    """Store the templates beside the file, then publish the journey as a new version."""
    from runtime.on_database import on_database

    source, files = _read(file)
    published = on_database(lambda _: _publish(source, files, key or uuid.uuid4().hex))
    state = "is live" if published.new else "was live already: nothing has changed"
    typer.echo(f"{published.version.journey} version {published.version.number} {state}.")


async def _publish(source: str, files: dict[str, dict[str, str]], key: str) -> "Published":
    from hub.access import audit
    from hub.journeys import language, service
    from hub.kit import ids
    from hub.segments import service as segments
    from hub.surfaces import publishing
    from hub.wording import snippet_store
    from hub.wording.library import Library
    from hub.wording.snippets import expand
    from runtime import wiring

    library, words = Library(), await snippet_store.approved()
    expanded = {name: expand(name, parts, words) for name, parts in files.items()}
    templates = [it.template(name) for name, it in expanded.items()]
    known = await library.names() | {template.name for template in templates}
    # Checked before anything is stored, so that a refused journey leaves nothing half done.
    ways = await library.ways_out(beside=templates)
    language.read(source, templates=known, known=await segments.rules(), ways=ways)
    await publishing.check_use(templates)
    for template in templates:
        await library.save(template, expanded[template.name])
    published = await service.publish(source, templates=known, by="cli", key=key, now=wiring.clock())
    if published.change:
        cause = ids.key_of("cli", "publish journey", key)
        await audit.record(audit.OPERATOR, published.change, at=wiring.clock(), cause=cause)
    return published


def _topics(transactional: Sequence[str]) -> "Catalogue":
    """Make the topics that somebody says there are. Any other that the hub does not bring along is advertising."""
    from hub.profiles.consent import DEFAULT_BRAND
    from hub.profiles.topics import Catalogue, Topic, TopicClass

    topics: dict[str, Topic] = {}
    for it in transactional:
        brand, _, name = it.rpartition("/")
        topic = Topic(brand or DEFAULT_BRAND, name, TopicClass.TRANSACTIONAL, {}, {})
        topics[topic.id] = topic
    return Catalogue(topics)


def _read(file: Path) -> tuple[str, dict[str, dict[str, str]]]:
    """Read a journey and the files of the templates beside it, from `templates/NAME/LANG/PART.liquid`."""
    folder = file.parent / "templates"
    names = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return texts.read(file), {it.name: liquid_files.files_of(it) for it in names}
