"""How a till's message becomes a call of the tracking spec, as any other source sends them.

The source is that of the store, so that no till can speak of another one's receipts, and its orders are one series. A
call carries beside its content the digest of the message that it was made of: by it a repeat is known.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec

from hub.commerce import cards, reading
from hub.commerce.properties import BadOrder
from hub.events.model import OF_TILLS, Event, Kind, Source, Trust
from hub.kit import ids
from hub.membership.projecting import REQUESTED as JOIN_REQUESTED
from hub.profiles.model import IdentifierKind
from hub.profiles.rules import lookup_form
from hub.tills import properties
from hub.tills.model import (
    Customer,
    HoldsCardNumber,
    Message,
    MessageRefused,
    Refund,
    Sale,
    UnusableOrder,
    Visit,
)
from hub.tills.properties import without_none

_NAMED: Final = {
    "phone": IdentifierKind.PHONE,
    "email": IdentifierKind.EMAIL,
    "member_code": IdentifierKind.MEMBER,
    "customer_id": IdentifierKind.USER,
}
_FIRST: Final = 1
"""The version that completes an order; what comes after changes it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message, by whom and in which store."""

    message: Message
    store: str
    device: str

    @property
    def key(self) -> str | None:
        """The till's own name for it; None where the document is its own key."""
        return self.message.idempotency_key

    @property
    def source(self) -> Source:
        """Who speaks: the tills of the store. They are believed, for only their keys lead here."""
        return Source(source_of(self.store), Trust.SERVER)

    @property
    def message_id(self) -> str:
        """The key of the event: made of the till's key for it, else of the document itself, whichever till sends it."""
        return str(ids.key_of("till message", *self._named))

    @property
    def event_id(self) -> UUID:
        """The id of the event that it becomes."""
        return ids.key_of("event", self.source.id, self.message_id)

    @property
    def key_path(self) -> str:
        """Where in the message its key stands."""
        if self.key is not None:
            return "idempotency_key"
        return {Visit: "id", Sale: "order_id", Refund: "refund_id"}[type(self.message)]

    @property
    def digest(self) -> str:
        """Tells messages apart by all that they say, however it is written."""
        said = msgspec.structs.replace(self.message, idempotency_key=None, store=self.store)
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()

    @property
    def sold(self) -> tuple[str, str] | None:
        """Source and id of the order that it is about; None where it is about none."""
        match self.message:
            case Sale(order_id=order_id):
                return self.source.id, order_id
            case Refund(order_id=order_id, order_store=store, order_source=source):
                return source or source_of(store or self.store), order_id
        return None

    @property
    def _named(self) -> tuple[str, ...]:
        it = self.message
        kind = type(it).__name__.lower()
        if self.key is not None:
            return kind, "key", self.device, self.key
        match it:
            case Sale():
                return kind, it.order_id, *_version(it.version)
            case Refund():
                return kind, *(self.sold or ()), it.refund_id, *_version(it.version)
            case Visit(id=str(own)):
                return kind, own
        raise MessageRefused("id", "Send `id`, or an idempotency key: one of both makes a repeat known.")


def source_of(store: str) -> str:
    """Name the source of a store's tills."""
    return f"{OF_TILLS}{store}"


def call_of(told: Told, *, holder: str | None, region: str) -> dict[str, Any]:
    """Make the call of a message.

    Args:
        told: the message.
        holder: who stands for the customer of a receipt where nobody is named.
        region: the country that phone numbers without a country's code are of.

    Raises:
        MessageRefused: it cannot be used; the sentence names the place.
    """
    it = told.message
    # The key is kept nowhere as it was sent, and may be any number.
    for path, text in _texts(msgspec.to_builtins(msgspec.structs.replace(it, idempotency_key=None))):
        if cards.blanked_text(text, path.rpartition(".")[2]) != text:
            raise HoldsCardNumber(path)
    context: dict[str, Any] = {"till": {"device": told.device, "digest": told.digest}}
    call: dict[str, Any] = {
        "type": Kind.TRACK,
        "messageId": told.message_id,
        "timestamp": it.at,
        "context": context,
        "properties": without_none({"store_id": told.store, "associate_id": it.associate_id}),
    }
    if it.customer is not None:
        call |= _named(it.customer, context, region)
    elif holder is not None:
        call["anonymousId"] = holder
    match it:
        case Visit():
            return call | {"type": Kind.IDENTIFY, "traits": _traits(it, context)}
        case Sale():
            call["event"] = "Order Completed" if it.version in {None, 0, _FIRST} else "Order Updated"
            call["properties"] |= properties.of_sale(it)
        case Refund():
            call["event"] = "Order Refunded"
            call["properties"] |= properties.of_refund(it, order_source=_elsewhere(told))
    return call


def join_of(told: Told, call: Mapping[str, Any]) -> dict[str, Any] | None:
    """Make the call by which whoever comes also joins a program, beside the one that says who they are."""
    if not isinstance(told.message, Visit) or told.message.join is None:
        return None
    join = told.message.join
    said = {"program": join.program, "consent_version": join.consent_version, "campaign": join.campaign}
    return {
        **{name: it for name, it in call.items() if name != "traits"},
        "type": Kind.TRACK,
        "event": JOIN_REQUESTED,
        "messageId": f"{told.message_id}/join",
        "properties": {**call["properties"], **without_none(said)},
    }


def check_order(told: Told, call: Mapping[str, Any]) -> None:
    """Read a call as commerce will, so that nothing is taken of which no order can be made.

    Raises:
        UnusableOrder: it cannot be read.
    """
    if told.sold is None:
        return
    nobody = told.event_id
    at = told.message.at
    event = Event(
        id=nobody,
        source=told.source.id,
        trust=Trust.SERVER,
        kind=Kind.TRACK,
        name=call["event"],
        user_id=None,
        anonymous_id=None,
        properties=call["properties"],
        traits={},
        context={},
        at=at,
        accepted_at=at,
        profile_id=nobody,
    )
    try:
        reading.read(event)
    except BadOrder as error:
        raise UnusableOrder(error.path, error.message) from None


def _named(customer: Customer, context: dict[str, Any], region: str) -> dict[str, Any]:
    """Say whose call it is; what `context` needs for it is put there."""
    said = {name: value for name in _NAMED if (value := getattr(customer, name)) is not None}
    if len(said) != 1:
        raise MessageRefused("customer", f"`customer` names somebody by exactly one of {', '.join(_NAMED)}.")
    ((name, value),) = said.items()
    if name == "customer_id":
        return {"userId": value}
    form = lookup_form(_NAMED[name], value, region=region)
    if form is None:
        raise MessageRefused(f"customer.{name}", f"`customer.{name}` cannot be one: look for a slip of the finger.")
    context |= {"memberCode": form} if name == "member_code" else {"traits": {name: form}}
    return {}


def _traits(visit: Visit, context: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a visit says of a customer: the one contact that they are named by, and how they are called."""
    said = {"firstName": visit.first_name, "lastName": visit.last_name, "locale": visit.language}
    return {**context.get("traits", {}), **without_none(said)}


def _elsewhere(told: Told) -> str | None:
    """Name the source of the order where other tills or another shop have sold it."""
    source = told.sold[0] if told.sold else told.source.id
    return source if source != told.source.id else None


def _version(version: int | None) -> tuple[str, ...]:
    return () if version is None else (str(version),)


def _texts(said: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Walk to every text of a message, with its place."""
    match said:
        case str():
            yield path, said
        case dict():
            for name, value in said.items():
                yield from _texts(value, f"{path}.{name}" if path else name)
        case list() | tuple():
            for place, value in enumerate(said):
                yield from _texts(value, f"{path}[{place}]")
