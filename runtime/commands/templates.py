"""`hub templates check|preview|publish|list|send-test`: what messages say, from a folder of files."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import asyncio
import json
import uuid
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import drafts, liquid_files
from runtime.errors import UnusableFile

if TYPE_CHECKING:
    from hub.definitions import Published
    from hub.messaging.trials import Preview
    from hub.settings import Settings
    from hub.wording.lint import Purpose
    from hub.wording.templates import Template

app = typer.Typer()
templates = typer.Typer(help="Templates: check, preview, publish them, and try them on oneself.", no_args_is_help=True)
app.add_typer(templates, name="templates")


class Shown(StrEnum):
    """The channels that a preview can be of."""

    EMAIL = "email"
    PUSH = "push"
    SMS = "sms"


Paths = Annotated[list[Path], typer.Argument(exists=True, help="A folder NAME, a folder of such, or one of its files.")]
Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder NAME with LANG/PART.liquid.")]
Transactional = Annotated[bool, typer.Option("--transactional", help="It does not advertise.")]
Event = Annotated[str | None, typer.Option(help="The event that leads to it, as `Checkout Started`.")]
Own = Annotated[list[str] | None, typer.Option(help="A trait or property that this shop has of its own.")]
Kit = Annotated[
    Path | None, typer.Option("--brand", exists=True, dir_okay=False, help="The NAME.brand.yaml of who says it.")
]
Language = Annotated[str | None, typer.Option(help="The language wished for, as de-AT.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@templates.command()
def check(
    paths: Paths,
    *,
    transactional: Transactional = False,
    event: Event = None,
    own: Own = None,
    snippet: drafts.Snippets = None,
    brand: Kit = None,
    as_json: AsJson = False,
) -> None:
    """Name every problem of templates, with file, line and column. Hints let it pass. Needs no server."""
    from hub.wording import lint

    purpose = drafts.purpose(transactional=transactional, event=event, own=own, kit=drafts.kit(brand))
    known = drafts.snippets(snippet)
    found = []
    folders = {folder.absolute(): folder for path in paths for folder in liquid_files.folders_in(path)}
    for folder in folders.values():
        flaws = lint.flaws_of(folder.name, liquid_files.files_of(folder), purpose, known)
        found += [(_file_of(folder, it.place), it) for it in flaws]
    bad = sum(not flaw.is_hint for _, flaw in found)
    if as_json:
        typer.echo(json.dumps({"problems": [_flaw_as_json(file, flaw) for file, flaw in found]}))
    else:
        for file, flaw in found:
            typer.echo(f"{file}:{flaw.problem}{' hint' if flaw.is_hint else ''}")
        typer.echo(f"{_count(len(folders), 'template')}, {_count(bad, 'problem')}, {_count(len(found) - bad, 'hint')}.")
    if bad:
        raise typer.Exit(1)


@templates.command()
def preview(
    template: Annotated[str, typer.Argument(help="A folder NAME, or the name of a stored template.")],
    *,
    channel: Annotated[Shown, typer.Option(help="The channel it is shown for.")] = Shown.EMAIL,
    language: Language = None,
    profile: Annotated[uuid.UUID | None, typer.Option(help="A customer's id: it is said to them.")] = None,
    sample: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help='JSON: {"profile": {…}, "event": {…}}.')
    ] = None,
    event: Event = None,
    snippet: drafts.Snippets = None,
    brand: Kit = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Where to write the HTML, or the text.")] = None,
    picture: Annotated[Path | None, typer.Option(dir_okay=False, help="Where to write a PNG of the mail.")] = None,
    width: Annotated[int, typer.Option(min=200, max=2000, help="Pixels across: a phone has 390.")] = 1200,
    as_json: AsJson = False,
) -> None:
    """Show what a template says to a customer, to one that is made up, or to one in a file."""
    from hub.profiles.model import Channel
    from runtime import configuration, pictures

    shown = _previewed(
        template, Channel(channel), language, snippet=snippet, brand=brand, profile=profile, sample=sample, event=event
    )
    said = shown.rendered
    if out is not None:
        out.write_text(said.html or said.text, encoding="utf-8")
    if picture is not None:
        if said.html is None:
            raise UnusableFile("Only an e-mail with body.mjml has a picture.")
        public_url = configuration.read_settings().public_url
        pictures.take(said.html, picture, width=width, public_url=public_url)
    if as_json:
        told = {"language": shown.language, "subject": said.subject, "text": said.text, "html": said.html}
        typer.echo(json.dumps(told | ({"sms": shown.sms.count} if shown.sms else {})))
        return
    typer.echo(f"Language: {shown.language}")
    if said.subject:
        typer.echo(f"Subject: {said.subject}")
    if shown.sms:
        typer.echo(f"Takes: {shown.sms}")
    typer.echo(f"\n{said.text}")


@templates.command()
def publish(
    folder: Folder,
    *,
    transactional: Transactional = False,
    event: Event = None,
    own: Own = None,
    brand: Annotated[str, typer.Option(help="The brand that says it: it is held against its kit.")] = "default",
    key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = "",
) -> None:
    """Check a template and store it as a new version, which is sent a second later."""
    from runtime import publishing

    purpose = drafts.purpose(transactional=transactional, event=event, own=own)
    do = partial(_publish, folder.absolute().name, liquid_files.files_of(folder), purpose, brand)
    typer.echo(publishing.publish("template", key, do, news="is sent from now on"))


@templates.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the stored templates, with their languages and parts."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"templates": listed}))
        return
    for it in listed:
        said = "; ".join(f"{language}: {', '.join(parts)}" for language, parts in it["languages"].items())
        typer.echo(f"{it['name']} version {it['version']}: {said}")
    if not listed:
        typer.echo("There is no template yet. docs/messages.md shows how one is written.")


@templates.command(name="send-test")
def send_test(
    name: Annotated[str, typer.Argument(help="A stored template.")],
    to: Annotated[str, typer.Option(help="An address that HUB_STAFF_ADDRESSES names.")],
    *,
    channel: Annotated[Shown, typer.Option(help="Only e-mails are sent as tests.")] = Shown.EMAIL,
    language: Language = None,
    key: Annotated[
        str, typer.Option(help="Idempotency key: repeating it sends no second one, if that can be told.")
    ] = "",
) -> None:
    """Send a template to a colleague, as to a made-up customer: outside of caps and numbers."""
    from runtime.on_database import on_database

    if channel is not Shown.EMAIL:
        raise typer.BadParameter("Tests are sent by email only.", param_hint="--channel")
    on_database(lambda settings: _send_test(name, to, language, key or uuid.uuid4().hex, settings))
    typer.echo(f"{name} is on its way.")


def _file_of(folder: Path, place: str) -> str:
    return f"{folder / place}.liquid" if "/" in place else str(folder / place)


def _flaw_as_json(file: str, flaw: Any) -> dict[str, Any]:
    it = flaw.problem
    return {
        "file": file,
        "line": it.line,
        "column": it.column,
        "code": it.code,
        "message": it.message,
        "hint": flaw.is_hint,
    }


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _previewed(
    template: str,
    channel: Any,
    language: str | None,
    *,
    snippet: list[Path] | None,
    brand: Path | None,
    profile: uuid.UUID | None,
    sample: Path | None,
    event: str | None,
) -> "Preview":
    from hub.messaging import trials
    from hub.wording.snippets import expand
    from hub.wording.templates import template_of
    from runtime import wiring
    from runtime.on_database import on_database

    folder = Path(template)
    from_files = None
    if folder.is_dir():
        name = folder.absolute().name
        expanded = expand(name, liquid_files.files_of(folder), drafts.snippets(snippet))
        from_files = template_of(name, expanded.files)

    async def ask() -> "Preview":
        known, context, spoken = from_files, drafts.context(sample, event, drafts.kit(brand)), language
        if known is None:
            known = await _stored(template)
        if profile is not None:
            shown = context.brand
            context, theirs = await trials.customer(profile, event, now=wiring.clock())
            context = replace(context, brand=shown)
            spoken = language or theirs
        return trials.preview(known, channel, language=spoken, context=context)

    if from_files is not None and profile is None:
        return asyncio.run(ask())
    return on_database(lambda _: ask())


async def _stored(name: str) -> "Template":
    from hub.messaging.preparing import NoSuchTemplate
    from hub.wording import built_in
    from hub.wording.library import Library

    listed = await Library().one(name)
    template = listed.template if listed else built_in.template(name)
    if template is None:
        raise NoSuchTemplate(name)
    return template


async def _publish(name: str, files: dict[str, str], purpose: "Purpose", brand: str, key: str) -> "Published":
    from hub.surfaces import publishing
    from runtime import wiring

    return await publishing.publish_template(name, files, purpose, brand=brand, by="cli", key=key, now=wiring.clock())


async def _listed() -> list[dict[str, Any]]:
    from hub.wording.library import Library

    return [
        {
            "name": it.template.name,
            "version": it.version,
            "languages": {language: sorted(parts) for language, parts in it.template.languages.items()},
        }
        for it in await Library().listed()
    ]


async def _send_test(name: str, to: str, language: str | None, key: str, settings: "Settings") -> None:
    from hub.access import audit
    from hub.kit import ids
    from hub.messaging import trials
    from runtime import wiring

    cause = ids.key_of("cli", "send test", key)
    sender = wiring.senders(settings).email
    await trials.send(sender, await _stored(name), to=to, key=cause, language=language, settings=settings)
    change = audit.Change("send test", name, None, {"channel": "email"})
    await audit.record(audit.OPERATOR, change, at=wiring.clock(), cause=cause)
