"""Export: everything the hub holds of a person, as one JSON document that is written while it is read."""

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import orjson

from hub.privacy.traces import Person, Traces

_WORKINGS: Final = frozenset(
    {"counted", "due", "intents", "next_due", "part", "place", "rev", "routed", "token", "tries"}
)
"""Fields by which the hub works; they say nothing of the person."""


async def document(traces: Traces, person: Person, *, now: datetime) -> AsyncIterator[bytes]:
    """Write `{"profile": id, "exported_at": time, "rows": {collection: [row, ...]}}`, a row a line.

    Rows are as they are stored, without the fields by which the hub works. Times are ISO 8601 in UTC.
    """
    opening = {"profile": person.own_ids[0], "exported_at": now}
    yield orjson.dumps(opening)[:-1] + b',"rows":{'
    current = ""
    async for collection, row in traces.of(person):
        shown = {name: value for name, value in row.items() if name not in _WORKINGS and value is not None}
        if collection == current:
            yield b",\n"
        else:
            yield (b"\n]," if current else b"") + orjson.dumps(collection) + b":[\n"
            current = collection
        yield orjson.dumps(shown, default=_told)
    yield b"\n]}}\n" if current else b"}}\n"


def _told(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
