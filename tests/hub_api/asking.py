"""Asks for any field of the schema: writes the document, with something for each argument that it must have."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_leaf_type,
)

from hub.access.model import CallerKind
from hub_api.schema import build
from runtime.permissions import Line, lines

SCHEMA = build(introspection=True)
LINES = list(lines(SCHEMA))
ROOTS = {(line.of, line.name): line for line in LINES if line.of in {"Query", "Mutation"}}

REACHED: Mapping[str, str] = {
    "AssociateOrder": 'associateView(lookup: {email: "ada@example.com"}) { lastOrders',
    "AssociateView": 'associateView(lookup: {email: "ada@example.com"})',
    "Broadcast": "broadcasts { nodes",
    "CartLine": 'profile(id: "<ada>") { carts { lines',
    "Clash": "clashes { nodes",
    "InboxConnection": 'profile(id: "<ada>") { inbox',
    "Product": 'product(productId: "P-1")',
    "ProductVariant": 'product(productId: "P-1") { variants',
    "Program": 'program(name: "a")',
    "ProgramVersion": 'program(name: "a") { active',
    "Profile": 'profile(id: "<ada>")',
    "RewardDefinition": "rewardDefinitions",
    "RollupDefinition": 'rollup(name: "spend")',
    "Segment": 'segment(name: "vips")',
    "SomeProfiles": 'segmentPreview(source: "{segment: a, when: profile.x = null}") { ... on SegmentPreview { members',
    "StockLevel": 'availability(sku: "A-1") { locations',
    "Voucher": 'profile(id: "<ada>") { vouchers { nodes',
    "Wallet": 'profile(id: "<ada>") { wallets',
    "Store": 'store(storeId: "S-1")',
}
"""How one object of each type that has fields with scopes of their own is reached, in the shop of this file."""

SAMPLES: Mapping[str, str] = {
    "Boolean": "false",
    "Date": '"2026-11-01"',
    "DateTime": '"2026-11-01T12:00:00Z"',
    "Decimal": '"1.50"',
    "Float": "1.5",
    "Int": "1",
    "JSON": "{}",
    "Time": '"12:00:00"',
}
"""A value of each scalar that is no text."""


def document(line: Line, caller: str) -> str:
    """Write the selection that asks for one field, with something for each argument that it must have."""
    field = SCHEMA._schema.type_map[line.of].fields[line.name]
    asked = f"asked: {line.name}{arguments(field)}{inside(field)}"
    if line.of in {"Query", "Mutation"}:
        return asked
    path = way_to(line, caller)
    left_open = path.count("{") - path.count("}")
    return f"{path} {{ __typename {asked} }}{' }' * left_open}"


def way_to(line: Line, caller: str) -> str:
    if line.of not in REACHED:
        pytest.fail(f"{line.of}.{line.name} needs a scope, and nobody asks for it: say in REACHED how one is reached.")
    return REACHED[line.of].replace(REACHED["Profile"], "me") if caller == CallerKind.CUSTOMER else REACHED[line.of]


def root_of(line: Line, caller: str) -> Line:
    """Give the field of the query by which another field is reached."""
    if line.of in {"Query", "Mutation"}:
        return line
    return ROOTS["Query", re.split(r"\W", way_to(line, caller))[0]]


def arguments(field: GraphQLField) -> str:
    given = [f"{name}: {sample(it.type)}" for name, it in field.args.items() if isinstance(it.type, GraphQLNonNull)]
    return f"({', '.join(given)})" if given else ""


def sample(of: Any) -> str:
    """Write a value of an input type. It names nothing that is there: little happens to who is let in."""
    if isinstance(of, GraphQLNonNull):
        return sample(of.of_type)
    if isinstance(of, GraphQLList):
        return f"[{sample(of.of_type)}]"
    if isinstance(of, GraphQLEnumType):
        return next(iter(of.values))
    if isinstance(of, GraphQLInputObjectType):
        required = {name: it for name, it in of.fields.items() if isinstance(it.type, GraphQLNonNull)}
        return f"{{{', '.join(f'{name}: {sample(it.type)}' for name, it in required.items())}}}"
    return SAMPLES.get(of.name, '"x"')


def inside(field: GraphQLField) -> str:
    return "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"


def reached(data: Any) -> bool:
    """Tell whether an answer goes all the way down: no null and no empty list above the field that was asked for."""
    while isinstance(data, dict) and len(data) == 1:
        (data,) = data.values()
        data = data[0] if isinstance(data, list) and data else data
        if data in (None, []):
            return False
    return True
