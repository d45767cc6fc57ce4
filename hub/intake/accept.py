"""Accept: calls become events, durable before the answer, each once per source and message id."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import bson
import msgspec
from bson.errors import BSONError, InvalidDocument
from bson.raw_bson import RawBSONDocument

from hub import seal
from hub.commerce import cards, reading
from hub.database import CODEC, insert_once
from hub.events import store
from hub.events.model import Call, Kind, Properties, Refusal, Source, part_of
from hub.intake.repeats import Repeats
from hub.kit import ids
from hub.kit.errors import HubError
from hub.profiles import identifier_store, rules
from hub.profiles.model import Identifier

MOST_CALLS: Final = 10_000
"""Of honest calls 500 KB hold fewer, but half a kilobyte of gzip may unpack to 250,000 that are none."""

MOST_BYTES_EVENT: Final = 32 * 1024
MOST_DEPTH: Final = 50
"""How deep objects and lists may nest: MongoDB refuses 180, and would refuse the neighbours as well."""

_NAMES: Final = {
    Kind.IDENTIFY: "Identify",
    Kind.PAGE: "Page Viewed",
    Kind.SCREEN: "Screen Viewed",
    Kind.GROUP: "Group",
    Kind.ALIAS: "Alias",
}
"""The names under which calls without one of their own stand in the timeline."""

_REFERENCE: Final = b"$ref\x00"
"""How the name `$ref` lies in BSON. The driver reads an object of that name as a reference and not as what was sent."""

_CARDLESS: Final = reading.EVENTS | {"Payment Info Entered"}
"""The events in which shops have been seen to send card numbers: these are blanked before anything is stored."""

_decoder: Final = msgspec.json.Decoder(Call)
_repeats: Final = Repeats()


class TooManyCalls(HubError):
    """The batch has more calls than one may have. Nothing of it was looked at."""

    code = "TOO_MANY_CALLS"

    def __init__(self, calls: int) -> None:
        super().__init__(f"The batch has {calls} calls; {MOST_CALLS} are allowed.")
        self.calls = calls


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: every call that is not refused is stored."""

    accepted: int
    refused: Sequence[Refusal]


async def accept(
    source: Source,
    bodies: Sequence[bytes | msgspec.Raw],
    *,
    now: datetime,
    sent_at: datetime | None = None,
    region: str = "",
    key: UUID | None = None,
) -> Receipt:
    """Store a batch of calls and answer when they are durable.

    A call that is bad is refused by its place and kept as a dead letter; it does not harm its neighbours. A call whose
    source and message id are known is accepted again and changes nothing.

    Args:
        source: who sends them.
        bodies: each as JSON.
        now: when they are accepted.
        sent_at: the sender's clock.
        region: the country that phone numbers without a country's code are of.
        key: names the batch for good: a call in it that has no message id is named by it and by its place.

    Raises:
        TooManyCalls: there are more than `MOST_CALLS`; nothing is stored.
    """
    if len(bodies) > MOST_CALLS:
        raise TooManyCalls(len(bodies))
    rows: dict[UUID, RawBSONDocument] = {}
    shown: dict[UUID, tuple[int, Identifier]] = {}
    refused: list[Refusal] = []
    for index, body in enumerate(bodies):
        try:
            call = _read(body)
            at = _happened_at(call, sent_at, now)
            message_id = call.message_id or _message_id(call, body, f"{key}/{index}" if key else None)
            row = _row(source, call, body, message_id, at=at, now=now, place=index, region=region)
            rows.setdefault(row["_id"], _stored(row))
            if member := rules.member_of(call.type, row["context"]):
                shown[row["_id"]] = (index, member)
        except _Unusable as error:
            refused.append(Refusal(index, error.code, str(error)))
        except (BSONError, InvalidDocument, OverflowError):
            refused.append(
                Refusal(
                    index,
                    "not_storable",
                    "The call holds a name, number or time that cannot be stored: it must have no "
                    "zero bytes in names, no whole numbers beyond 64 bits and no times beyond the years 1 to 9999.",
                )
            )
    for event_id, index in (await _of_no_member(shown)).items():
        del rows[event_id]
        refused.append(Refusal(index, "unknown_member", "`context.memberCode` is nobody's: scan it again."))
    await insert_once(store.DeadLetterDocument, _dead_letters(source, bodies, refused, now))
    await _repeats.store(rows)
    return Receipt(accepted=len(bodies) - len(refused), refused=refused)


def kept(name: str | None, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the properties of an event of this name as they are kept: without card numbers."""
    return cards.blanked(properties) if name in _CARDLESS else properties


async def _of_no_member(shown: Mapping[UUID, tuple[int, Identifier]]) -> dict[UUID, int]:
    """Tell which calls show a code that no member has, with their places: nobody is made of a slip of a scanner."""
    known = await identifier_store.owners({member for _, member in shown.values()})
    return {event_id: index for event_id, (index, member) in shown.items() if member not in known}


class _Unusable(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _read(body: bytes | msgspec.Raw) -> Call:
    size = len(memoryview(body))
    if size > MOST_BYTES_EVENT:
        raise _Unusable("too_large", f"The call has {size} bytes; {MOST_BYTES_EVENT} are allowed.")
    try:
        call = _decoder.decode(body)
    except msgspec.ValidationError as error:
        # msgspec names the path and the types, but it quotes an unknown `type`: that may be anybody's address.
        if "enum value" in str(error):
            raise _Unusable("invalid", f"`type` must be one of {', '.join(Kind)}.") from None
        raise _Unusable("invalid", f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _Unusable("invalid", "The call is not JSON.") from None
    # Few calls have this many brackets; only they are worth a walk.
    if _brackets(body) > MOST_DEPTH and _depth(call) > MOST_DEPTH:
        raise _Unusable("too_deep", f"The call nests deeper than {MOST_DEPTH} levels.")
    if call.type is Kind.TRACK and not call.event:
        raise _Unusable("missing_event", "A track call needs `event`, the name of what happened.")
    if call.type is Kind.ALIAS and not call.previous_id:
        raise _Unusable("missing_previous_id", "An alias call needs `previousId`.")
    return call


def _brackets(body: bytes | msgspec.Raw) -> int:
    content = bytes(body)
    return content.count(b"{") + content.count(b"[")


def _depth(call: Call) -> int:
    depth = 0
    level: list[object] = [call.properties, call.traits, call.context]
    while level:
        depth += 1
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
        ]
    return depth


def _stored(row: dict[str, Any]) -> RawBSONDocument:
    encoded = bson.encode(seal.shut(store.EventDocument, row), codec_options=CODEC)
    # The bytes may also end a text: few rows have them, and only those are worth a walk.
    if _REFERENCE in encoded and _names_reference((row["properties"], row["traits"], row["context"])):
        raise _Unusable("not_storable", "The call holds the name `$ref`, which MongoDB keeps for itself.")
    return RawBSONDocument(encoded)


def _names_reference(value: object) -> bool:
    if isinstance(value, dict):
        return "$ref" in value or any(map(_names_reference, value.values()))
    return isinstance(value, list | tuple) and any(map(_names_reference, value))


def _row(
    source: Source,
    call: Call,
    body: bytes | msgspec.Raw,
    message_id: str,
    *,
    at: datetime,
    now: datetime,
    place: int,
    region: str,
) -> dict[str, Any]:
    user_id = None if call.user_id is None else str(call.user_id)
    anonymous_id = None if call.anonymous_id is None else str(call.anonymous_id)
    traits, said, context = call.traits or {}, call.properties or {}, call.context or {}
    properties = kept(call.event, said) if cards.may_hold(bytes(body)) else said
    member = rules.member_of(call.type, context)
    own = {"page": call.name, "category": call.category, "group_id": call.group_id, "previous_id": call.previous_id}
    return {
        "_id": ids.key_of("event", source.id, message_id),
        "source": source.id,
        "trust": source.trust.value,
        "message_id": message_id,
        "kind": call.type.value,
        "name": call.event if call.type is Kind.TRACK else _NAMES[call.type],
        "user_id": user_id,
        "anonymous_id": anonymous_id,
        "properties": properties,
        "traits": traits,
        "context": context,
        **{name: str(value) for name, value in own.items() if value is not None},
        "at": at,
        "accepted_at": now,
        "place": place,
        "part": part_of(
            member.value if member else anonymous_id or user_id or _contact(traits, properties, context, region)
        ),
        "routed": False,
    }


def _contact(traits: Properties, properties: Properties, context: Properties, region: str) -> str:
    """Find the e-mail address, else the phone number, of a call that names nobody by an id."""
    for contact in rules.contacts_in(traits, properties, context, region=region):
        return contact.value
    raise _Unusable("missing_identity", "The call needs `userId`, `anonymousId`, an e-mail address or a phone number.")


def _message_id(call: Call, body: bytes | msgspec.Raw, given: str | None) -> str:
    """Name a call that came without `messageId`: as its batch says, if that has a name.

    Else, with a time of its own, the same bytes are the same call, so that sending it again does not double it.
    """
    if given is not None:
        return given
    if call.timestamp is None:
        return str(ids.new_id())
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _happened_at(call: Call, sent_at: datetime | None, now: datetime) -> datetime:
    """Correct the time of a call by the lag of its sender's clock, as the Segment spec does; never in the future."""
    if call.timestamp is None:
        return now
    at = _aware(call.timestamp)
    if sent_at := call.sent_at or sent_at:
        at = now - (_aware(sent_at) - at)
    return min(at, now)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _dead_letters(
    source: Source, bodies: Sequence[bytes | msgspec.Raw], refused: Sequence[Refusal], now: datetime
) -> list[dict[str, Any]]:
    letters: dict[UUID, dict[str, Any]] = {}
    for refusal in refused:
        content = bytes(bodies[refusal.index])
        key = ids.key_of("dead letter", source.id, hashlib.sha256(content).hexdigest())
        letter = {
            "_id": key,
            "source": source.id,
            "code": refusal.code,
            "message": refusal.message,
            "body": cards.blanked_text(content.decode("latin-1")).encode("latin-1"),
            "at": now,
        }
        letters[key] = seal.shut(store.DeadLetterDocument, letter)
    return list(letters.values())
