"""Holds a value against a JSON Schema: as much of it as the description of the till's REST uses, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

Schema = Mapping[str, Any]

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN: Final = {
    *("$ref", "anyOf", "type", "enum", "title", "description", "default", "examples", "format", "pattern"),
    *("minLength", "maxLength", "minimum", "maximum", "items", "maxItems", "properties", "required"),
    "additionalProperties",
}


def faults(value: Any, schema: Schema, document: Schema, path: str = "$") -> list[str]:
    """List what of a value is not as the schema has it. A word of the schema that is not known fails the test."""
    assert schema.keys() <= _KNOWN, schema.keys() - _KNOWN
    return list(_faults(value, schema, document, path))


def _faults(value: Any, schema: Schema, document: Schema, path: str) -> Iterator[str]:
    if "$ref" in schema:
        named = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        yield from faults(value, named, document, path)
    elif "anyOf" in schema:
        if all(faults(value, it, document, path) for it in schema["anyOf"]):
            yield f"{path} is none of the alternatives"
    elif "enum" in schema:
        if value not in schema["enum"]:
            yield f"{path} is none of {schema['enum']}"
    else:
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if any(type(value) in _KINDS[it] for it in kinds):
            yield from _inside(value, schema, document, path)
        else:
            yield f"{path} is no {' or '.join(kinds)}"


def _inside(value: Any, schema: Schema, document: Schema, path: str) -> Iterator[str]:
    match value:
        case str():
            yield from _of_text(value, schema, path)
        case int() if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{path} is out of its bounds"
        case list():
            if len(value) > schema.get("maxItems", len(value)):
                yield f"{path} has too many items"
            for place, it in enumerate(value):
                yield from faults(it, schema["items"], document, f"{path}[{place}]")
        case dict():
            yield from _of_object(value, schema, document, path)


def _of_text(value: str, schema: Schema, path: str) -> Iterator[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{path} is too short or too long"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path} does not match"
    if schema.get("format") == "date-time" and not _is_moment(value):
        yield f"{path} is no time"
    if schema.get("format") == "date" and not _is_date(value):
        yield f"{path} is no date"


def _of_object(value: Mapping[str, Any], schema: Schema, document: Schema, path: str) -> Iterator[str]:
    known = schema["properties"]
    for name in schema["required"]:
        if name not in value:
            yield f"{path}.{name} is missing"
    for name, it in value.items():
        if name in known:
            yield from faults(it, known[name], document, f"{path}.{name}")
        elif schema["additionalProperties"] is False:
            yield f"{path}.{name} is unknown"


def _is_moment(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
