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
from hub.commerce.reading import BadOrder
from hub.events.model import OF_TILLS, Event, Kind, Source, Trust
from hub.kit import ids, money
from hub.kit.money import BadMoney, Money
from hub.profiles.model import IdentifierKind
from hub.profiles.rules import lookup_form
from hub.tills.model import (
    Amount,
    Customer,
    HoldsCardNumber,
    Line,
    Message,
    MessageRefused,
    Minor,
    Refund,
    RefundedLine,
    Sale,
    UnusableOrder,
    Visit,
)

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
    for path, text in _texts(msgspec.to_builtins(it)):
        if cards.blanked_text(text, path.rpartition(".")[2]) != text:
            raise HoldsCardNumber(path)
    context: dict[str, Any] = {"till": {"device": told.device, "digest": told.digest}}
    call: dict[str, Any] = {
        "type": Kind.TRACK,
        "messageId": told.message_id,
        "timestamp": it.at,
        "context": context,
        "properties": _without_none({"store_id": told.store, "associate_id": it.associate_id}),
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
            call["properties"] |= _sale(it)
        case Refund():
            call["event"] = "Order Refunded"
            call["properties"] |= _refund(told, it)
    return call


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
    return {**context.get("traits", {}), **_without_none(said)}


def _sale(sale: Sale) -> dict[str, Any]:
    to = sale.fulfilment
    return _without_none(
        {
            "order_id": sale.order_id,
            "version": sale.version,
            "currency": sale.currency,
            "channel": "pos",
            "total": _number(sale.total, sale.currency, "total"),
            "tax": _number(sale.tax, sale.currency, "tax"),
            "discount": _number(sale.discount, sale.currency, "discount"),
            "coupon": sale.coupon,
            "payment_kind": sale.payment_kind,
            "receipt_code": sale.receipt_code,
            "fulfilment": _without_none({"kind": to.kind, "location": to.location}) if to else None,
            "products": [_line(f"products[{place}]", it, sale.currency) for place, it in enumerate(sale.products)],
        }
    )


def _refund(told: Told, refund: Refund) -> dict[str, Any]:
    if refund.order_store and refund.order_source:
        raise MessageRefused("order_source", "Send `order_store` or `order_source`, not both.")
    if refund.total is None and any(it.price is None and it.amount is None for it in refund.products):
        # Other sources may leave it to the order; a till has given somebody money.
        raise UnusableOrder("total", "`total` is missing: a line of the refund has no price.")
    source = told.sold[0] if told.sold else told.source.id
    lines = [_line(f"products[{place}]", it, refund.currency) for place, it in enumerate(refund.products)]
    return _without_none(
        {
            "refund_id": refund.refund_id,
            "order_id": refund.order_id,
            "order_source": source if source != told.source.id else None,
            "version": refund.version,
            "currency": refund.currency,
            "total": _number(refund.total, refund.currency, "total"),
            "reason": refund.reason,
            "products": lines or None,
        }
    )


def _line(path: str, line: Line | RefundedLine, currency: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {name: getattr(line, name) for name in line.__struct_fields__}
    for name in {"price", "discount", "tax", "amount"} & said.keys():
        said[name] = _number(said[name], currency, f"{path}.{name}")
    quantity = said["quantity"]
    return _without_none({**said, "quantity": quantity if isinstance(quantity, int) else float(quantity)})


def money_of(amount: Amount, currency: str, path: str) -> Money:
    """Read an amount.

    Raises:
        UnusableOrder: there is no such currency, or it has not so many digits.
    """
    try:
        code = money.currency_of(currency)
        return Money(amount.minor, code) if isinstance(amount, Minor) else Money.of(amount, code)
    except BadMoney as error:
        raise UnusableOrder(path, f"`{path}` cannot be used. {error.message}") from None


def _number(amount: Amount | None, currency: str | None, path: str) -> float | int | None:
    """Give an amount as events have it, so that rules can compare it: its shortest number means it exactly."""
    if amount is None:
        return None
    if currency is None:
        raise MessageRefused("currency", "`currency` is missing: there are amounts.")
    exact = money_of(amount, currency, path).amount
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _version(version: int | None) -> tuple[str, ...]:
    return () if version is None else (str(version),)


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


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
