"""Track: one event under an idempotency key, for callers that want to know what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import orjson

from hub.access.idempotency import IdempotencyKeyReused
from hub.events import store
from hub.events.model import Event, Kind, Source
from hub.intake.accept import accept, kept
from hub.kit import ids
from hub.kit.errors import HubError

LONGEST_KEY: Final = 255


class EventRefused(HubError):
    """The event cannot be used. `reason` is the code of the refusal, the sentence says nothing of its contents."""

    code = "INVALID_EVENT"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Happening:
    """What a caller says has happened. Without `at` it is happening now."""

    name: str
    user_id: str | None = None
    anonymous_id: str | None = None
    properties: object = None
    at: datetime | None = None


async def track(source: Source, happening: Happening, *, key: str, now: datetime, region: str = "") -> Event:
    """Accept one event, durable before the answer. The key is its message id: repeating it answers the first event.

    `region` is the country that phone numbers without a country's code are of.

    Raises:
        EventRefused: it is kept as a dead letter.
        IdempotencyKeyReused: the source sent something else under this key.
    """
    if not 1 <= len(key) <= LONGEST_KEY:
        raise EventRefused("invalid", f"An idempotency key has 1 to {LONGEST_KEY} characters.")
    call = {
        "type": Kind.TRACK,
        "messageId": key,
        "event": happening.name,
        "userId": happening.user_id,
        "anonymousId": happening.anonymous_id,
        "properties": happening.properties,
        "timestamp": happening.at,
    }
    try:
        body = msgspec.json.encode(call)
    except OverflowError:
        raise EventRefused("not_storable", "Whole numbers have at most 64 bits.") from None
    receipt = await accept(source, [body], now=now, region=region)
    if receipt.refused:
        raise EventRefused(receipt.refused[0].code, receipt.refused[0].message)
    event_id = ids.key_of("event", source.id, key)
    event = (await store.load([event_id]))[event_id]
    if not _says(event, happening):
        raise IdempotencyKeyReused
    return event


def _says(event: Event, happening: Happening) -> bool:
    """Tell whether a stored event is what this caller says, and nothing more than that."""
    return (
        event.kind is Kind.TRACK
        and event.name == happening.name
        and (event.user_id, event.anonymous_id) == (happening.user_id, happening.anonymous_id)
        and event.at == _happened_at(happening.at, event.accepted_at)
        and not event.traits
        and not event.context
        # As JSON, in which `true` is not 1.
        and _canonical(event.properties) == _canonical(_kept(happening))
    )


def _happened_at(at: datetime | None, accepted_at: datetime) -> datetime:
    """Say the time that Accept would have stored: never in the future, in milliseconds."""
    if at is None:
        return accepted_at
    aware = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return min(aware.replace(microsecond=aware.microsecond // 1000 * 1000), accepted_at)


def _kept(happening: Happening) -> Mapping[str, Any]:
    return kept(happening.name, happening.properties if isinstance(happening.properties, Mapping) else {})


def _canonical(properties: object) -> bytes:
    return orjson.dumps(properties, option=orjson.OPT_SORT_KEYS)
