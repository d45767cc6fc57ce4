"""What a till says: the messages as they come over the wire, each whole and held to its shape, and why one is refused.

They become the same events as those of any other source (`calls`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from hub.commerce.model import FulfilmentKind
from hub.kit.errors import HubError

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
Word: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
Version: TypeAlias = Annotated[int, Meta(ge=0, le=2**31, description="The newest version stands, whole.")]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True, description="When it happened, with its offset from UTC.")]
Decimal: TypeAlias = Annotated[
    str, Meta(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,10})?$", description="As people write it: `19.90`.")
]
Currency: TypeAlias = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="An ISO 4217 code.")]
Pieces: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000)]
Measure: TypeAlias = Annotated[
    str, Meta(pattern=r"^[0-9]{1,7}(\.[0-9]{1,3})?$", description="Parts of a kilogram or a metre: `0.350`.")
]

LONGEST_KEY: Final = 255
MOST_LINES: Final = 500
MOST_AT_ONCE: Final = 500
"""How many messages come in one batch."""


class Minor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units of the message's currency: `{"minor": 1990}` EUR is 19.90 €."""

    minor: Annotated[int, Meta(ge=-(10**15), le=10**15)]


Amount: TypeAlias = Decimal | Minor
"""Never a bare number, of which nobody could tell whether it counts euros or cents."""


class Customer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a customer is named: by exactly one of these. The till never changes where somebody is reached."""

    phone: Word | None = None
    email: Word | None = None
    member_code: Word | None = None
    customer_id: Id | None = None


class Fulfilment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the goods come to the customer, and from where; left out where they are taken along."""

    kind: FulfilmentKind
    location: Id | None = None


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a receipt. `price` is that of one unit, `discount` and `tax` are of the whole line."""

    product_id: Id | None = None
    sku: Id | None = None
    variant: Word | None = None
    name: Word | None = None
    category: Word | None = None
    quantity: Pieces | Measure = 1
    price: Amount | None = None
    discount: Amount | None = None
    tax: Amount | None = None


class RefundedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What of a refund is for one product: `amount` for all of it, or `price` of one unit."""

    product_id: Id | None = None
    sku: Id | None = None
    quantity: Pieces | Measure = 1
    amount: Amount | None = None
    price: Amount | None = None


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody joins a program, and which text of its terms they agreed to."""

    program: Id
    consent_version: Word | None = None
    campaign: Id | None = None


class Visit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="customer"):
    """A customer is there and says who they are: found, or made where nobody is known by that name."""

    at: Moment
    customer: Customer
    id: Id | None = None
    first_name: Word | None = None
    last_name: Word | None = None
    language: Annotated[str, Meta(pattern="^[a-z]{2}(-[A-Z]{2})?$", description="`de`, `de-AT`.")] | None = None
    associate_id: Id | None = None
    join: Join | None = None
    store: Id | None = None
    idempotency_key: Id | None = None


class Sale(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="order"):
    """A receipt, whole. Without a customer it is kept as a receipt of nobody known."""

    order_id: Id
    at: Moment
    currency: Currency
    total: Amount
    version: Version | None = None
    customer: Customer | None = None
    tax: Amount | None = None
    discount: Amount | None = None
    coupon: Word | None = None
    payment_kind: Annotated[str, Meta(min_length=1, max_length=50, description="A word, never a number.")] | None = None
    receipt_code: Id | None = None
    associate_id: Id | None = None
    fulfilment: Fulfilment | None = None
    products: Annotated[Sequence[Line], Meta(max_length=MOST_LINES)] = ()
    store: Id | None = None
    idempotency_key: Id | None = None


class Refund(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="refund"):
    """What was given back at once: `total`, or lines; neither means all that was paid. It may come before its order.

    `order_store` names the store whose tills sold it, `order_source` a shop of another kind; neither means this store.
    """

    refund_id: Id
    order_id: Id
    at: Moment
    version: Version | None = None
    currency: Currency | None = None
    total: Amount | None = None
    products: Annotated[Sequence[RefundedLine], Meta(max_length=MOST_LINES)] = ()
    order_store: Id | None = None
    order_source: Id | None = None
    reason: Word | None = None
    customer: Customer | None = None
    associate_id: Id | None = None
    store: Id | None = None
    idempotency_key: Id | None = None


Message: TypeAlias = Visit | Sale | Refund
"""What a till says. In a batch `type` tells which of these it is; `idempotency_key` is the till's own name for it."""


class MessageRefused(HubError):
    """A message of a till that cannot be taken. Nothing of it is kept; `path` is the place in it."""

    code = "INVALID_MESSAGE"

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path


class HoldsCardNumber(MessageRefused):
    """A message holds what looks like the number of a payment card. It has no place here."""

    code = "CARD_NUMBER"

    def __init__(self, path: str) -> None:
        super().__init__(path, f"`{path}` holds what looks like the number of a payment card. Nothing was kept.")


class UnusableOrder(MessageRefused):
    """A sale or refund does not add up to an order."""

    code = "BAD_ORDER"


class UnknownMember(MessageRefused):
    """A member code is nobody's."""

    code = "UNKNOWN_MEMBER"

    def __init__(self) -> None:
        super().__init__("customer.member_code", "`customer.member_code` is nobody's: scan it again.")


class OtherStore(MessageRefused):
    """A till tells of a store that it does not stand in."""

    code = "FORBIDDEN"

    def __init__(self) -> None:
        super().__init__("store", "`store` is not one that your key is for.")


class KeyReused(MessageRefused):
    """The same key, or the same document, came with another content before. What came first stands."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self, path: str) -> None:
        super().__init__(
            path, f"`{path}` came before with another content. Give what is new a key or version of its own."
        )


class UnknownProgram(MessageRefused):
    """There is no such program that one can join."""

    code = "UNKNOWN_PROGRAM"

    def __init__(self) -> None:
        super().__init__("join.program", "`join.program` is not the name of an active program.")


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is kept for good, however often it comes.

    Attributes:
        events: what it became; the first names it.
        applied: whether all that follows from it is done.
    """

    events: tuple[UUID, ...]
    applied: bool = False

    @property
    def id(self) -> UUID:
        """The name of the message."""
        return self.events[0]
