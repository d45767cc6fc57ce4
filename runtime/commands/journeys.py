"""`hub journeys check|publish`: a journey is a file, with its templates in the folder `templates` beside it."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime import texts
from runtime.known import Rollups, known_offline

if TYPE_CHECKING:
    from hub.journeys.service import Published
    from hub.profiles.topics import Catalogue
    from hub.wording.templates import Template

app = typer.Typer()
journeys = typer.Typer(help="Journeys: check a file, publish it.", no_args_is_help=True)
app.add_typer(journeys, name="journeys")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.journey.yaml.")]

Transactional = Annotated[
    list[str] | None, typer.Option(help="A topic of one's own that does not advertise, as TOPIC or BRAND/TOPIC.")
]


@journeys.command()
def check(file: File, rollup: Rollups = None, transactional: Transactional = None) -> None:
    """Name every problem of a journey and its templates, with line and column. Needs no server."""
    from hub.journeys import language
    from hub.wording.ways_out import WaysOut

    source, templates = _read(file)
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

    source, templates = _read(file)
    published = on_database(lambda _: _publish(source, templates, key or uuid.uuid4().hex))
    state = "is live" if published.new else "was live already: nothing has changed"
    typer.echo(f"{published.version.journey} version {published.version.number} {state}.")


async def _publish(source: str, templates: "list[Template]", key: str) -> "Published":
    from hub.access import audit
    from hub.journeys import language, service
    from hub.kit import ids
    from hub.segments import service as segments
    from hub.surfaces import publishing
    from hub.wording.library import Library
    from runtime import wiring

    library = Library()
    known = await library.names() | {template.name for template in templates}
    # Checked before anything is stored, so that a refused journey leaves nothing half done.
    ways = await library.ways_out(beside=templates)
    language.read(source, templates=known, known=await segments.rules(), ways=ways)
    await publishing.check_use(templates)
    for template in templates:
        await library.save(template)
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


def _read(file: Path) -> "tuple[str, list[Template]]":
    """Read a journey and the templates beside it, from `templates/NAME/LANG/PART.liquid`."""
    from hub.wording.templates import template_of

    folder = file.parent / "templates"
    names = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    templates = [
        template_of(
            name.name,
            {str(path.relative_to(name).with_suffix("")): texts.read(path) for path in sorted(name.glob("*/*.liquid"))},
        )
        for name in names
    ]
    return texts.read(file), templates
