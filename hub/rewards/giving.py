"""What a reward gives, read from its document: each kind has keys of its own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from hub.kit import money
from hub.kit.documents import Field, Node, Value
from hub.kit.money import BadMoney, Money
from hub.kit.problems import did_you_mean
from hub.kit.reading import Reading
from hub.rewards.model import Gives, RewardKind

LONGEST_TEXT: Final = 255
MOST_PLACES: Final = 200
MOST: Final = 10**9
"""The largest whole number of a document: points, stock, seats."""

NEEDED: Final[Mapping[RewardKind, tuple[str, ...]]] = {
    RewardKind.AMOUNT: ("amount", "currency"),
    RewardKind.PERCENT: ("percent",),
    RewardKind.FREE_PRODUCT: ("skus",),
    RewardKind.FREE_SHIPPING: (),
    RewardKind.GIFT_BALANCE: ("amount", "currency"),
    RewardKind.EARLY_ACCESS: ("opens",),
    RewardKind.EVENT: ("seats", "at"),
    RewardKind.EXPERIENCE: (),
    RewardKind.DONATION: ("amount", "currency", "to"),
    RewardKind.GESTURE: (),
}
"""What a document must say of what a reward gives."""
ALLOWED: Final[Mapping[RewardKind, tuple[str, ...]]] = {
    RewardKind.PERCENT: ("most", "currency"),
    RewardKind.FREE_SHIPPING: ("most", "currency"),
    RewardKind.EARLY_ACCESS: ("skus", "sales"),
}
"""What it may say."""


def read(node: Node, kind: RewardKind, reading: Reading) -> Gives:
    """Read what a reward of a kind gives; what is wrong with it is reported at its place."""
    needed = NEEDED[kind]
    fields = reading.fields(node, "`gives`", (*needed, *ALLOWED.get(kind, ())), *needed)
    if kind is RewardKind.EARLY_ACCESS and not fields.keys() & {"skus", "sales"}:
        reading.report(node, "missing_key", "`gives` needs `skus` or `sales`: what is opened early.")
    currency = _currency(fields, reading)
    return Gives(
        amount=_money(fields, "amount", currency, reading),
        percent=number(fields["percent"].node, "`percent`", 1, 100, reading) if "percent" in fields else None,
        most=_money(fields, "most", currency, reading),
        skus=names(fields["skus"].node, "`skus`", reading) if "skus" in fields else (),
        sales=names(fields["sales"].node, "`sales`", reading) if "sales" in fields else (),
        opens=moment(fields["opens"].node, "`opens`", reading) if "opens" in fields else None,
        seats=number(fields["seats"].node, "`seats`", 1, MOST, reading) if "seats" in fields else None,
        at=moment(fields["at"].node, "`at`", reading) if "at" in fields else None,
        to=reading.text(fields["to"].node, "`to`", longest=LONGEST_TEXT) if "to" in fields else None,
    )


def number(node: Node, name: str, least: int, most: int, reading: Reading) -> int | None:
    """Read a whole number, or report `wrong_type`."""
    if isinstance(node, Value) and type(node.value) is int and least <= node.value <= most:
        return node.value
    reading.report(node, "wrong_type", f"{name} is a whole number from {least} to {most:,}.")
    return None


def names(node: Node, name: str, reading: Reading) -> tuple[str, ...]:
    """Read a list of names, or report what is wrong with it."""
    items = reading.items(node, name)
    if len(items) > MOST_PLACES:
        reading.report(node, "bad_length", f"{name} names at most {MOST_PLACES}, here are {len(items)}.")
    texts = (reading.text(it, f"an item of {name}", longest=LONGEST_TEXT) for it in items[:MOST_PLACES])
    return tuple(it for it in texts if it is not None)


def moment(node: Node, name: str, reading: Reading) -> datetime | None:
    """Read a time with its zone, or report `bad_time`."""
    text = reading.text(node, name, longest=LONGEST_TEXT)
    if text is None:
        return None
    try:
        written = datetime.fromisoformat(text)
        known = written.astimezone(UTC) if written.tzinfo else None
    except (ValueError, OverflowError):
        known = None
    if known is None:
        reading.report(node, "bad_time", f"{name} is a time with its zone, as in 2026-03-01T00:00:00+01:00.")
    return known


def one_of(node: Node, name: str, known: tuple[str, ...], reading: Reading) -> str | None:
    """Read one of these words, or report `unknown_value`."""
    text = reading.text(node, name, longest=LONGEST_TEXT)
    if text is None or text in known:
        return text
    hint = did_you_mean(text, known) or f" Known here: {', '.join(known)}."
    reading.report(node, "unknown_value", f"`{text[:64]}` is none.{hint}")
    return None


def _currency(fields: Mapping[str, Field], reading: Reading) -> str | None:
    if "currency" not in fields:
        if "most" in fields:
            reading.report(fields["most"].key, "missing_key", "`most` is money: it needs `currency`.")
        return None
    field = fields["currency"]
    try:
        return money.currency_of(field.node.value if isinstance(field.node, Value) else None)
    except BadMoney as error:
        reading.report(field.node, "bad_money", error.message)
        return None


def _money(fields: Mapping[str, Field], key: str, currency: str | None, reading: Reading) -> Money | None:
    """Read an amount above nothing. Where the currency is missing or none, that was reported."""
    if key not in fields or currency is None:
        return None
    node = fields[key].node
    try:
        amount = Money.of(node.value if isinstance(node, Value) else None, currency)
    except BadMoney as error:
        reading.report(node, "bad_money", error.message)
        return None
    if amount.minor <= 0:
        reading.report(node, "bad_money", f"`{key}` is more than nothing.")
        return None
    return amount
