"""What a document may ask for at most: tokens, depth, aliases, and cost.

Cost is one for each field, times the length of each page above it. A fragment is measured once, however often it is
spread: to walk into every spread would let a page of text double the work with each of its lines.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_operation_ast,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema import Schema

from hub.kit import pages
from hub.kit.errors import HubError

MOST_CHARACTERS: Final = 64 * 1024
MOST_TOKENS: Final = 600
"""Validation compares every two fields of one name: a thousand of them cost half a second."""
MOST_DEPTH: Final = 12
MOST_ALIASES: Final = 30
MOST_COST: Final = 10_000

_WITH_FIELDS: Final = (GraphQLObjectType, GraphQLInterfaceType)


class QueryTooComplex(HubError):
    """A document asks for more than one request may have."""

    code = "QUERY_TOO_COMPLEX"

    def __init__(self, what: str, asked: int, most: int) -> None:
        super().__init__(f"The {what} of this document is {asked}, and {most} is allowed.")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a piece of a document is."""

    depth: int = 0
    aliases: int = 0
    cost: int = 0

    def beside(self, other: "Size") -> "Size":
        """Measure two pieces that stand side by side."""
        return Size(max(self.depth, other.depth), self.aliases + other.aliases, self.cost + other.cost)

    def check(self) -> None:
        """Let a document pass that is small enough.

        Raises:
            QueryTooComplex: it is not.
        """
        for what, asked, most in (
            ("depth", self.depth, MOST_DEPTH),
            ("number of aliases", self.aliases, MOST_ALIASES),
            ("cost", self.cost, MOST_COST),
        ):
            if asked > most:
                raise QueryTooComplex(what, asked, most)


def measure(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any]
) -> Size:
    """Measure one operation of a valid document."""
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return Size()
    root = schema.get_root_type(operation.operation)
    defaults = {it.variable.name.value: it.default_value for it in operation.variable_definitions or ()}
    return _Measure(schema, document, defaults | dict(variables)).selections(operation.selection_set, root)


class _Measure:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {it.name.value: it for it in document.definitions if isinstance(it, FragmentDefinitionNode)}
        self._measured: dict[str, Size] = {}

    def selections(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Size:
        sizes = (self._selection(it, parent) for it in (selections.selections if selections else ()))
        return reduce(Size.beside, sizes, Size())

    def _selection(self, selection: SelectionNode, parent: GraphQLNamedType | None) -> Size:
        if isinstance(selection, FieldNode):
            return self._field(selection, parent)
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            inside = self._schema.get_type(condition.name.value) if condition else parent
            return self.selections(selection.selection_set, inside)
        return self._fragment(selection.name.value)  # type: ignore[attr-defined]  # the third and last kind: a spread

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Size:
        aliases = 1 if node.alias else 0
        if node.name.value.startswith("__"):
            return Size(1, aliases, 1)  # graphql-core has a limit of its own for introspection
        field = parent.fields[node.name.value] if isinstance(parent, _WITH_FIELDS) else None
        inner = self.selections(node.selection_set, field and get_named_type(field.type))
        length = self._length(node) if field and "first" in field.args else 1
        return Size(inner.depth + 1, inner.aliases + aliases, 1 + inner.cost * length)

    def _fragment(self, name: str) -> Size:
        if name not in self._measured:
            fragment = self._fragments[name]
            inside = self._schema.get_type(fragment.type_condition.name.value)
            self._measured[name] = self.selections(fragment.selection_set, inside)
        return self._measured[name]

    def _length(self, node: FieldNode) -> int:
        """Tell how long a page is asked for. What is no number or too large is refused later, by its own field."""
        asked = [self._number(it.value) for it in node.arguments or () if it.name.value in {"first", "last"}]
        longest = max((length for length in asked if length is not None), default=pages.DEFAULT)
        return max(1, min(longest, pages.MOST))

    def _number(self, value: ValueNode) -> int | None:
        given = self._variables.get(value.name.value) if isinstance(value, VariableNode) else value
        if isinstance(given, IntValueNode):
            return int(given.value)
        return given if isinstance(given, int) else None


class AmbiguousOperation(HubError):
    """A document has several operations, and the request does not say which is meant."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__("The document has several operations: say by `operationName` which one is meant.")


class Limits(SchemaExtension):
    """Holds every document to the limits, and says what it has cost."""

    introspection = True

    def __init__(self) -> None:
        super().__init__()
        self._size: Size | None = None

    def on_operation(self) -> Iterator[None]:
        """Set what the parser and the validation hold to."""
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        if not self.introspection:
            self.execution_context.validation_rules += (NoSchemaIntrospectionCustomRule,)
        yield

    def on_execute(self) -> Iterator[None]:
        """Measure the document, which is valid by now, before anything is loaded for it."""
        context = self.execution_context
        # Strawberry would take the first one, and has no public name for what the request said.
        if context._provided_operation_name is None and _operations(context.graphql_document) > 1:  # noqa: SLF001
            raise AmbiguousOperation
        if context.graphql_document is not None and isinstance(context.schema, Schema):
            self._size = measure(
                context.schema._schema,  # noqa: SLF001 - Strawberry has no public name for it
                context.graphql_document,
                context.operation_name,
                context.variables or {},
            )
            self._size.check()
        yield

    def get_results(self) -> dict[str, Any]:
        """Say it in the answer's extensions."""
        return {"cost": {"requested": self._size.cost, "limit": MOST_COST}} if self._size else {}


class LimitsWithoutIntrospection(Limits):
    """The same where the schema is not to be read by asking."""

    introspection = False


def _operations(document: DocumentNode | None) -> int:
    return sum(isinstance(it, OperationDefinitionNode) for it in document.definitions) if document else 0
