"""What a till is told of a voucher: what it takes off the receipt, and nothing of whose it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from hub.kit.money import Money
from hub.rewards.model import RewardKind
from hub.vouchers.model import VoucherState
from hub.vouchers.using import Granted
from integrations.pos.report import Amounts


class Discount(msgspec.Struct, frozen=True):
    """What a voucher gives. Which of the fields behind `label` are said follows from `kind`.

    `amount` is taken off the receipt, or `percent` of it up to `most`; one piece of one of `skus` is free.
    """

    state: VoucherState
    leased_until: datetime | None
    reward: str
    kind: RewardKind
    label: str
    amount: Amounts | None
    percent: int | None
    most: Amounts | None
    skus: Sequence[str]


class Released(msgspec.Struct, frozen=True):
    """Where a voucher stands that a receipt has let go of."""

    state: VoucherState


def of(granted: Granted, *, language: str, now: datetime) -> dict[str, Any]:
    """Show what a voucher gives, its label in the nearest language."""
    gives, voucher = granted.reward.gives, granted.voucher
    discount = Discount(
        state=voucher.state_at(now),
        leased_until=voucher.leased_until if voucher.state_at(now) is VoucherState.RESERVED else None,
        reward=granted.reward.name,
        kind=granted.reward.kind,
        label=granted.reward.label_in(language),
        amount=_amount(gives.amount),
        percent=gives.percent,
        most=_amount(gives.most),
        skus=gives.skus,
    )
    shown: dict[str, Any] = msgspec.to_builtins(discount)
    return shown


def _amount(money: Money | None) -> Amounts | None:
    return Amounts(money.currency, str(money.amount)) if money else None
