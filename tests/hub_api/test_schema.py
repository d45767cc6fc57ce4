"""Rules that hold for the whole schema, whoever adds to it."""

from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType
from strawberry.types.base import StrawberryObjectDefinition
from typer.testing import CliRunner

import hub_api
from hub_api.needs import Needs
from hub_api.schema import Schema, build
from runtime.cli import application
from runtime.permissions import lines

ROOTS = {"Query", "Mutation"}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return build(introspection=True)


def test_every_root_field_and_every_field_that_loads_names_its_scope(schema: Schema) -> None:
    without: list[str] = []
    asked = 0
    for name, concrete in schema.schema_converter.type_map.items():
        definition = concrete.definition
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_input:
            continue
        for field in definition.fields:
            if name in ROOTS or field.base_resolver:
                asked += 1
                if not any(isinstance(extension, Needs) for extension in field.extensions):
                    without.append(f"{name}.{field.name}")

    assert without == []
    assert asked == len(list(lines(schema)))


def test_every_type_and_every_field_says_what_it_is(schema: Schema) -> None:
    silent: list[str] = []
    for name, shown in schema._schema.type_map.items():
        if name.startswith("__"):
            continue
        if not shown.description:
            silent.append(name)
        if isinstance(shown, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            silent += [f"{name}.{it}" for it, field in shown.fields.items() if not field.description]

    assert silent == []


def test_every_mutation_takes_one_input_with_a_key_and_answers_a_union(schema: Schema) -> None:
    mutation = schema._schema.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        title = name[0].upper() + name[1:]
        assert {it: str(argument.type) for it, argument in field.args.items()} == {"input": f"{title}Input!"}
        assert str(field.type) == f"{title}Result!"
        given = schema._schema.type_map[f"{title}Input"]
        assert isinstance(given, GraphQLInputObjectType)
        assert str(given.fields["idempotencyKey"].type) == "String!"


def test_the_committed_schema_is_what_the_code_says() -> None:
    committed = Path(hub_api.__file__).parents[1] / "schema.graphql"

    printed = CliRunner().invoke(application(), ["schema", "print"])

    assert printed.exit_code == 0
    assert printed.stdout == committed.read_text()


def test_a_changed_schema_fails_the_check_with_a_short_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "hub_api"
    monkeypatch.setattr(hub_api, "__file__", str(package / "__init__.py"))
    changed = build(introspection=True).as_str() + "\n"
    (tmp_path / "schema.graphql").write_text(changed.replace("  eventCount: Int!", "  eventCount: Float!"))

    checked = CliRunner().invoke(application(), ["schema", "print", "--check"])

    assert checked.exit_code == 1
    assert "-  eventCount: Float!" in checked.stdout
    assert "+  eventCount: Int!" in checked.stdout
    assert "hub schema print > graphql/schema.graphql" in checked.stderr
    assert len(checked.stdout.splitlines()) < 10


def test_the_committed_schema_passes_the_check() -> None:
    assert CliRunner().invoke(application(), ["schema", "print", "--check"]).exit_code == 0
