"""`hub rewards check|publish|list`: what customers get for their points, defined in files."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.definitions import Published

app = typer.Typer()
rewards = typer.Typer(help="Rewards: check a file, publish it, list them with their votes.", no_args_is_help=True)
app.add_typer(rewards, name="rewards")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A NAME.reward.yaml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as one JSON object.")]


@rewards.command()
def check(file: File) -> None:
    """Name every problem of a reward, with line and column. Needs no server; `publish` checks the names in `when`."""
    from hub.rewards import language

    reward = language.read(texts.read(file), None)
    typer.echo(f"{file.name}: {reward.name} has no problem.")


@rewards.command()
def publish(
    file: File, key: Annotated[str, typer.Option(help="Idempotency key: repeating it changes nothing.")] = ""
) -> None:
    """Publish a reward as a new version. Vouchers that are out keep what they were issued for."""
    from runtime import publishing

    source = texts.read(file)
    typer.echo(publishing.publish("reward", key, lambda key: _publish(source, key), news="counts from now on"))


@rewards.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List the rewards in their newest versions, with the votes for those that are proposed."""
    from runtime.on_database import on_database

    listed = on_database(lambda _: _listed())
    if as_json:
        typer.echo(json.dumps({"rewards": listed}))
        return
    for it in listed:
        votes = f", {it['votes']['total']} votes" if it["votes"] else ""
        typer.echo(f"{it['name']} version {it['version']}: {it['label']} ({it['kind']}, {it['state']}{votes})")
    if not listed:
        typer.echo("There is no reward yet. docs/rewards.md shows how one is written.")


async def _publish(source: str, key: str) -> "Published":
    from hub.rewards import service
    from runtime import wiring

    return await service.publish(source, by="cli", key=key, now=wiring.clock())


async def _listed() -> list[dict[str, Any]]:
    from hub.kit.languages import LAST_RESORT
    from hub.rewards import language, service, store
    from hub.rewards.model import RewardState

    listed: list[dict[str, Any]] = []
    for document in await store.DEFINITIONS.live():
        reward = language.read(document.source, None)
        votes = await service.votes(reward.name) if reward.state is RewardState.PROPOSED else None
        listed.append(
            {
                "name": document.name,
                "version": document.number,
                "publishedAt": document.published_at.isoformat(),
                "label": reward.label_in(LAST_RESORT),
                "kind": reward.kind.value,
                "state": reward.state.value,
                "votes": {"total": votes.total, "bySegment": votes.by_segment} if votes else None,
            }
        )
    return listed
