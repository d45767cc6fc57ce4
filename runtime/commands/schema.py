"""`hub schema print`: the GraphQL schema as it is committed."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

import difflib
from pathlib import Path
from typing import Annotated, Final

import typer

LONGEST_DIFF: Final = 40
"""Lines: enough to see what was forgotten."""

app = typer.Typer()
schema = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)
app.add_typer(schema, name="schema")


@schema.command(name="print")
def print_(
    *,
    check: Annotated[bool, typer.Option("--check", help="Compare it with graphql/schema.graphql instead.")] = False,
) -> None:
    """Print the schema: `hub schema print > graphql/schema.graphql`."""
    import hub_api
    from hub_api.schema import build

    printed = build(introspection=True).as_str() + "\n"
    if not check:
        typer.echo(printed, nl=False)
        return
    file = Path(hub_api.__file__).parents[1] / "schema.graphql"
    committed = file.read_text(encoding="utf-8") if file.exists() else ""
    if committed != printed:
        lines = list(
            difflib.unified_diff(committed.splitlines(), printed.splitlines(), "committed", "code", n=1, lineterm="")
        )
        typer.echo("\n".join(lines[:LONGEST_DIFF]))
        typer.echo(f"{file.name} is not what the code says: hub schema print > graphql/schema.graphql", err=True)
        raise typer.Exit(1)
