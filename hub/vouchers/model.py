"""A voucher: a reward made redeemable. What it may become, and why it is refused."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from hub.definitions import Version
from hub.kit.errors import HubError
from hub.rewards.model import Cost, Reason


class VoucherState(StrEnum):
    """Where a voucher stands.

    `issued`: it can be used. `reserved`: an order that is being paid has it, until its lease is over. `used`: an order
    took it. `released`: its owner gave it back. `expired`: nobody used it in time. `reversed`: what it was used for was
    given back whole.
    """

    ISSUED = "issued"
    RESERVED = "reserved"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"
    REVERSED = "reversed"


OVER: Final = frozenset({VoucherState.RELEASED, VoucherState.EXPIRED, VoucherState.REVERSED})
"""The states in which its points, its place in the stock and its owner's place are given back."""


@dataclass(frozen=True, slots=True)
class Order:
    """The order that takes a voucher, by the name that its source gives it."""

    source: str
    order_id: str


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher.

    Attributes:
        id: made of its code.
        code: what is shown at the till; empty where its owner was erased.
        profile_id: whose it is. If that profile was absorbed meanwhile, it is its head's.
        reward: what it gives, in the version that it was issued for.
        cost: the points that are held for it, and taken when it is used.
        state: where it stands.
        cause: what it came to be by, such as `redeemReward`, `auto` or `waiting_list`.
        issued_at: when it came to be.
        expires_at: it can be used before then.
        order: which order has it or took it.
        store: in which store it was used.
        leased_until: how long an order that is being paid has it to itself.
        used_at: when it was used.
    """

    id: UUID
    code: str
    profile_id: UUID
    reward: Version
    cost: Cost | None
    state: VoucherState
    issued_at: datetime
    expires_at: datetime
    cause: str = "redeemReward"
    order: Order | None = None
    store: str | None = None
    leased_until: datetime | None = None
    used_at: datetime | None = None

    @property
    def origin(self) -> str:
        """What its points are moved for, as the ledger calls it."""
        return origin_of(self.id)

    def state_at(self, now: datetime) -> VoucherState:
        """Tell where it stands at a time: nobody needs to have looked since its lease or its time was over."""
        state = self.state
        if state is VoucherState.RESERVED and self.leased_until is not None and self.leased_until <= now:
            state = VoucherState.ISSUED
        return VoucherState.EXPIRED if state is VoucherState.ISSUED and self.expires_at <= now else state


def origin_of(voucher_id: UUID) -> str:
    """Name what the points of a voucher are moved for."""
    return f"voucher/{voucher_id}"


class VoucherRefused(HubError):
    """A voucher cannot be used, reserved or given back. Nothing was changed. `part` is what of the input is meant."""

    part: ClassVar[str] = "code"


class NoSuchVoucher(VoucherRefused):
    """A code that no voucher has."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such voucher. Look for a slip of the finger.")


class AlreadyUsed(VoucherRefused):
    """Another order took it."""

    code = "ALREADY_USED"

    def __init__(self) -> None:
        super().__init__("This voucher was used for another order.")


class VoucherReserved(VoucherRefused):
    """Another order, that is being paid, has it."""

    code = "RESERVED"

    def __init__(self, until: datetime) -> None:
        super().__init__("Another order that is being paid has this voucher.")
        self.until = until


class VoucherExpired(VoucherRefused):
    """Its time is over."""

    code = "EXPIRED"

    def __init__(self, at: datetime) -> None:
        super().__init__(f"This voucher could be used until {at:%Y-%m-%d %H:%M} UTC.")
        self.at = at


class VoucherReleased(VoucherRefused):
    """Its owner gave it back."""

    code = "RELEASED"

    def __init__(self) -> None:
        super().__init__("This voucher was given back.")


class VoucherReversed(VoucherRefused):
    """The order that took it was given back whole."""

    code = "REVERSED"

    def __init__(self) -> None:
        super().__init__("This voucher was used for an order that was given back.")


class NotHere(VoucherRefused):
    """It is for other stores."""

    code = "NOT_HERE"
    part = "storeId"

    def __init__(self) -> None:
        super().__init__("This voucher cannot be used in this store.")


class NotCombinable(VoucherRefused):
    """The order has another voucher of the same stacking class."""

    code = "NOT_COMBINABLE"

    def __init__(self, stacking: str) -> None:
        super().__init__(f"An order takes one voucher of the class {stacking}, and this one has one.")
        self.stacking = stacking


class RewardUnavailable(HubError):
    """A reward that a customer cannot have now, with all the reasons. The first is the code that a caller is told."""

    code = Reason.NOT_ELIGIBLE.value

    def __init__(self, reward: str, reasons: tuple[Reason, ...], *, missing: int = 0) -> None:
        super().__init__(f"`{reward}` cannot be had now: {', '.join(reasons)}.")
        self.reasons = reasons
        self.missing = missing
