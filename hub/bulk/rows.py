"""What a row of a file says, as a call that a server could have sent: so files take the way that everything takes.

A row is told apart by its own `messageId`, else by all that it holds: the same row again, in this file or another, is
known and changes nothing. A row of a profile is told apart by its place in its import, for what was true of somebody
may come true again.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson

from hub.commerce import reading
from hub.commerce.properties import BadOrder
from hub.events.model import IMPORT, Event, Kind
from hub.kit.errors import HubError
from hub.profiles import consent
from hub.profiles.consent import ALL, DEFAULT_BRAND, BadConsent, ConsentState, Subject
from hub.profiles.topics import MARKETING
from hub.reviews import reading as reviews
from hub.reviews.model import REVIEWED, BadReview

Row = Mapping[str, Any]

HUB: Final = "hub"
"""Where an export says what only the hub knows of a row. An import leaves it out."""

_CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "userId": ("userId", "user_id"),
    "anonymousId": ("anonymousId", "anonymous_id"),
    "messageId": ("messageId", "message_id"),
    "timestamp": ("timestamp",),
    "context": ("context",),
}
"""What is no trait or property of its own, by its name in a call, and how a column of it may be called."""

_CONTACTS: Final = ("email", "phone")
_NOBODY: Final = UUID(int=0)
_SAID: Final = {
    state.value: f"Consent {state.value.title()}" for state in (ConsentState.GRANTED, ConsentState.WITHDRAWN)
}


class RowKind(StrEnum):
    """What the rows of a file are."""

    PROFILES = "profiles"
    EVENTS = "events"
    ORDERS = "orders"
    CONSENTS = "consents"
    REVIEWS = "reviews"


class BadRow(HubError):
    """A row that cannot be used. The sentence names the column, never what stands in it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.reason = code


def call_of(kind: RowKind, row: Row, *, key: str) -> dict[str, Any]:
    """Make the call that a row stands for.

    Args:
        kind: what the file holds.
        row: nested, by the names of its columns. What is None is left out.
        key: the place of the row in its import, by which a profile's row is told apart.

    Raises:
        BadRow: something is missing, or an order or consent cannot be what it says.
    """
    said = {name: value for name, value in row.items() if value is not None and name != HUB}
    call: dict[str, Any] = {}
    for name, columns in _CALLED.items():
        for column in columns:
            if column in said:
                call.setdefault(name, said.pop(column))
    if "timestamp" in call:
        call["timestamp"] = _time(call["timestamp"])
    elif kind is not RowKind.PROFILES:
        # What has no time is no history: it would all have happened now.
        raise BadRow("missing_timestamp", "`timestamp` is missing: when it happened, as ISO 8601 writes it.")
    call |= _MAKERS[kind](said, call)
    if "messageId" not in call:
        call["messageId"] = f"profile/{key}" if kind is RowKind.PROFILES else f"{kind.value}/{_digest(row)}"
    return call


def _profile(said: dict[str, Any], _call: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": Kind.IDENTIFY.value, "traits": _inner(said, "traits")}


def _event(said: dict[str, Any], call: Mapping[str, Any]) -> dict[str, Any]:
    name = said.pop("event", None)
    if not isinstance(name, str) or not name:
        raise BadRow("missing_event", "`event` is missing: the name of what happened.")
    return {"type": Kind.TRACK.value, "event": name, **_whose(said, call), "properties": _inner(said, "properties")}


def _order(said: dict[str, Any], call: Mapping[str, Any]) -> dict[str, Any]:
    made = {"event": "Order Completed", **_whose(said, call), "properties": _inner(said, "properties")}
    try:
        reading.read(_seeming(made["event"], made["properties"], call["timestamp"]))
    except BadOrder as error:
        raise BadRow(error.code.lower(), error.message) from None
    return {"type": Kind.TRACK.value, **made}


def _review(said: dict[str, Any], call: Mapping[str, Any]) -> dict[str, Any]:
    whose, properties = _whose(said, call), _inner(said, "properties")
    try:
        reviews.check(REVIEWED, properties)
    except BadReview as error:
        raise BadRow(error.code.lower(), error.message) from None
    return {"type": Kind.TRACK.value, "event": REVIEWED, **whose, "properties": properties}


def _consent(said: dict[str, Any], call: Mapping[str, Any]) -> dict[str, Any]:
    state = str(said.pop("state", "")).lower()
    if state not in _SAID:
        raise BadRow("bad_consent", f"`state` must be one of {', '.join(_SAID)}.")
    whose = _whose(said, call)
    unknown = said.keys() - {"brand", "topic", "channel", "version"}
    if unknown:
        raise BadRow("unknown_column", f"A consent has no column `{min(unknown)}`.")
    # As where an event says it: what is left out is the usual of a grant, and all of a withdrawal.
    usual = (DEFAULT_BRAND, MARKETING, "") if state == ConsentState.GRANTED else (ALL, ALL, ALL)
    named = {
        it: str(said.get(it) or left_out) for it, left_out in zip(("brand", "topic", "channel"), usual, strict=True)
    }
    try:
        consent.checked(Subject(**named), ConsentState(state))
    except BadConsent as error:
        raise BadRow("bad_consent", error.message) from None
    version = {"version": str(said["version"])} if "version" in said else {}
    return {"type": Kind.TRACK.value, "event": _SAID[state], **whose, "properties": {**named, **version}}


_MAKERS: Final[Mapping[RowKind, Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]]] = {
    RowKind.PROFILES: _profile,
    RowKind.EVENTS: _event,
    RowKind.ORDERS: _order,
    RowKind.CONSENTS: _consent,
    RowKind.REVIEWS: _review,
}


def _whose(said: dict[str, Any], call: Mapping[str, Any]) -> dict[str, Any]:
    """Take out the addresses that name whose it is: they are no properties of what happened."""
    contacts = {name: said.pop(name) for name in _CONTACTS if name in said}
    if not contacts:
        return {}
    context = call.get("context")
    return {"context": {**(context if isinstance(context, Mapping) else {}), "traits": contacts}}


def _inner(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give all that is said, what stands under a name of its own beside what stands in columns."""
    inner = said.get(name, {})
    if not isinstance(inner, Mapping):
        raise BadRow("invalid", f"`{name}` must be an object.")
    return {**{it: value for it, value in said.items() if it != name}, **inner}


def _time(said: object) -> datetime:
    if isinstance(said, str):
        try:
            said = datetime.fromisoformat(said)
        except ValueError:
            said = None
    if not isinstance(said, datetime):
        raise BadRow("bad_timestamp", "`timestamp` must be a time as ISO 8601 writes it.")
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _seeming(name: str, properties: Row, at: datetime) -> Event:
    """Make an event to be looked at only."""
    return Event(
        id=_NOBODY,
        source=IMPORT.id,
        trust=IMPORT.trust,
        kind=Kind.TRACK,
        name=name,
        user_id=None,
        anonymous_id=None,
        properties=properties,
        traits={},
        context={},
        at=at,
        accepted_at=at,
        profile_id=_NOBODY,
    )


def _digest(row: Row) -> str:
    return hashlib.sha256(orjson.dumps(row, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()
