"""An order and its refunds: what a customer bought, as the newest version says it, and what was given back.

Whatever is told of an order is an `Order` that knows little: one version of its contents, one refund, one moment.
Joining these in any sequence, and any of them twice, gives the same order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from hub.kit import ids
from hub.kit.money import Money


class SalesChannel(StrEnum):
    """Where something was bought."""

    POS = "pos"
    WEB = "web"
    APP = "app"
    SOCIAL = "social"


class FulfilmentKind(StrEnum):
    """How goods come to the customer."""

    SHIP = "ship"
    PICKUP = "pickup"
    CURBSIDE = "curbside"
    SHIP_FROM_STORE = "ship_from_store"


class OrderStatus(StrEnum):
    """How far an order is. It is `open` while it is only known from changes, without having been completed."""

    OPEN = "open"
    COMPLETED = "completed"
    READY_FOR_PICKUP = "ready_for_pickup"
    PICKED_UP = "picked_up"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """How new a version is: by the source's number, else its time of change; two of the same, by their event's id.

    `number` is -1 where the source does not count its versions: any that is counted is newer.
    """

    number: int
    at: datetime
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order. `price` is that of one unit; amounts are minor units of the order's currency."""

    product_id: str | None
    sku: str | None
    variant: str | None
    name: str | None
    category: str | None
    quantity: Decimal
    price: int | None
    discount: int | None
    tax: int | None


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """How the goods come to the customer, and from which store or warehouse."""

    kind: FulfilmentKind
    location: str | None


@dataclass(frozen=True, slots=True)
class Contents:
    """One version of an order, whole. Amounts are minor units of `currency`; without one there are no amounts."""

    stamp: Stamp
    profile_id: UUID
    currency: str | None = None
    gross: int | None = None
    shipping: int | None = None
    tax: int | None = None
    discount: int | None = None
    coupon: str | None = None
    channel: SalesChannel | None = None
    store_id: str | None = None
    associate_id: str | None = None
    fulfilment: Fulfilment | None = None
    payment_kind: str | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """What of a refund is for one product."""

    product_id: str | None
    sku: str | None
    quantity: Decimal
    amount: int | None


@dataclass(frozen=True, slots=True)
class Refund:
    """The newest version of what was given back at once. Without an amount, it is all that was paid.

    `by_lines`: it comes to what its lines do, of which some have no amount either: so many pieces as were paid.
    `store_id` is where it was given back, which need not be where it was bought.
    """

    refund_id: str
    stamp: Stamp
    at: datetime
    currency: str | None = None
    amount: int | None = None
    reason: str | None = None
    lines: tuple[RefundedLine, ...] = ()
    store_id: str | None = None
    by_lines: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all that was paid was given back."""
        return self.amount is None and not self.by_lines


@dataclass(frozen=True, slots=True)
class Order:
    """What is known of an order. One without contents has only been heard of: its refund came first, or its pick-up.

    `heard_from` holds, as long as nobody knows whose it is, the profiles of the events that told of it.
    """

    source: str
    order_id: str
    contents: Contents | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    ready_at: datetime | None = None
    picked_up_at: datetime | None = None
    delivered_at: datetime | None = None
    refunds: Mapping[str, Refund] = field(default_factory=dict)
    heard_from: frozenset[UUID] = frozenset()

    @property
    def id(self) -> UUID:
        """The key of its document."""
        return ids.key_of("order", self.source, self.order_id)

    @property
    def at(self) -> datetime | None:
        """When it was completed; else, when its contents were last changed."""
        return self.completed_at or (self.contents.stamp.at if self.contents else None)

    @property
    def status(self) -> OrderStatus:
        """How far it is. A cancelled order stays cancelled, whatever else is heard of it."""
        if self.cancelled_at:
            return OrderStatus.CANCELLED
        if self.picked_up_at:
            return OrderStatus.PICKED_UP
        if self.ready_at:
            return OrderStatus.READY_FOR_PICKUP
        return OrderStatus.COMPLETED if self.completed_at else OrderStatus.OPEN

    @property
    def had_at(self) -> datetime | None:
        """Since when the customer has the goods: delivered, picked up, or taken along from a till. None: not yet."""
        said = self.contents
        if said is None or self.completed_at is None or self.cancelled_at is not None:
            return None
        taken_along = said.channel is SalesChannel.POS and said.fulfilment is None
        moments = (self.delivered_at, self.picked_up_at, self.completed_at if taken_along else None)
        return min((it for it in moments if it is not None), default=None)

    @property
    def gross(self) -> Money | None:
        """What the customer paid, or was to pay. None where no version has said it."""
        said = self.contents
        return Money(said.gross, said.currency) if said and said.currency and said.gross is not None else None

    @property
    def refunded(self) -> Money | None:
        """What was given back, in the order's currency: a refund in another one is not counted against it."""
        gross = self.gross
        if gross is None:
            return None
        if any(it.is_whole for it in self.refunds.values()):
            return gross
        counted = (it for it in self.refunds.values() if it.currency in {None, gross.currency})
        return Money(sum(self._worth(it) for it in counted), gross.currency)

    def _worth(self, refund: Refund) -> int:
        """Tell what a refund comes to, in minor units."""
        if refund.amount is not None:
            return refund.amount
        lines = self.contents.lines if self.contents else ()
        return sum(it.amount if it.amount is not None else _price_of(it, lines) for it in refund.lines)

    def given_back(self, refund: Refund) -> Money | None:
        """What one refund gave back: all that was paid, where it does not say. None where nobody knows how much."""
        if refund.amount is not None and refund.currency is not None:
            return Money(refund.amount, refund.currency)
        gross = self.gross
        return gross if refund.is_whole or gross is None else Money(self._worth(refund), gross.currency)

    @property
    def net(self) -> Money | None:
        """What the retailer keeps: gross less refunds."""
        gross, refunded = self.gross, self.refunded
        return gross - refunded if gross and refunded else None

    def joined(self, other: "Order") -> "Order":
        """Join what two know of the same order: of each part the newest version, of each moment the first time."""
        contents = _newest_contents(self.contents, other.contents)
        return Order(
            source=self.source,
            order_id=self.order_id,
            contents=contents,
            completed_at=_first(self.completed_at, other.completed_at),
            cancelled_at=_first(self.cancelled_at, other.cancelled_at),
            ready_at=_first(self.ready_at, other.ready_at),
            picked_up_at=_first(self.picked_up_at, other.picked_up_at),
            delivered_at=_first(self.delivered_at, other.delivered_at),
            refunds={
                key: _newest_refund(self.refunds.get(key), other.refunds.get(key))
                for key in sorted({*self.refunds, *other.refunds})
            },
            heard_from=frozenset() if contents else self.heard_from | other.heard_from,
        )


def _price_of(back: RefundedLine, lines: Sequence[Line]) -> int:
    """Tell what was to be paid for so many pieces, in minor units; nothing for what is in no line."""
    for line in lines:
        same = line.sku == back.sku if back.sku is not None else line.product_id == back.product_id
        if same and line.quantity:
            whole = line.quantity * (line.price or 0) - (line.discount or 0)
            part = min(back.quantity, line.quantity) / line.quantity
            return int((whole * part).to_integral_value(ROUND_HALF_UP))
    return 0


def _newest_contents(one: Contents | None, other: Contents | None) -> Contents | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda it: it.stamp)


def _newest_refund(one: Refund | None, other: Refund | None) -> Refund:
    return max((it for it in (one, other) if it), key=lambda it: it.stamp)


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other
