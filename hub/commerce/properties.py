"""The parts of what an event says of an order: amounts, quantities, times, names.

What cannot be used is refused with its place.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

from hub.commerce import cards
from hub.kit import money
from hub.kit.errors import HubError
from hub.kit.money import BadMoney

LONGEST: Final = 255
MOST_QUANTITY: Final = Decimal(1_000_000)
_QUANTITY_DIGITS: Final = Decimal("0.001")
_ONE: Final = Decimal(1)
_WRITTEN: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,10})?")

C = TypeVar("C", bound=StrEnum)


class BadOrder(HubError):
    """An event about an order that cannot be used. The sentence names the property, never its value."""

    code = "BAD_ORDER"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"`{path}` {reason}")
        self.path = path


def currency(said: Mapping[str, Any]) -> str | None:
    """Read in which currency amounts are. None: there is none, and no amount either."""
    if said.get("currency") is None:
        return None
    try:
        return money.currency_of(said["currency"])
    except BadMoney as error:
        raise BadOrder("currency", f"cannot be used. {error.message}") from None


def amount(said: Mapping[str, Any], name: str, currency: str | None, within: str = "") -> int | None:
    """Read an amount in minor units. None where it is not said."""
    value = said.get(name)
    if value is None:
        return None
    if currency is None:
        raise BadOrder("currency", "is missing: there are amounts.")
    try:
        return money.minor_of(value, currency)
    except BadMoney as error:
        raise BadOrder(_path(name, within), f"cannot be used. {error.message}") from None


def not_negative(path: str, minor: int) -> int:
    """Let an amount pass that is not less than nothing."""
    if minor < 0:
        raise BadOrder(path, "is less than nothing.")
    return _bounded(path, minor)


def times(path: str, quantity: Decimal, minor: int) -> int:
    """Give what so many cost together, in whole minor units."""
    return _bounded(path, int((quantity * minor).to_integral_value(ROUND_HALF_UP)))


def _bounded(path: str, minor: int) -> int:
    """Let what was worked out pass where an amount may be so much: else the database could not hold it."""
    if abs(minor) > money.MOST_MINOR:
        raise BadOrder(path, f"comes to more than {money.MOST_MINOR} minor units.")
    return minor


def quantity(said: Mapping[str, Any], path: str) -> Decimal:
    """Read how many, one if it is not said; parts of a kilogram or a metre come with three digits."""
    value = said.get("quantity")
    if value is None:
        return _ONE
    if type(value) is int and 0 <= value <= MOST_QUANTITY:
        return Decimal(value)
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        value = float(value)  # some shops send it as text, as they do prices
    if isinstance(value, float) and 0 <= value <= MOST_QUANTITY:
        exact = Decimal(repr(value)).quantize(_QUANTITY_DIGITS, ROUND_HALF_UP)
        # Without the zeros behind its point, and never as 9.36E+3.
        return Decimal(f"{exact.normalize():f}")
    raise BadOrder(f"{path}.quantity", f"is a number from 0 to {MOST_QUANTITY}.")


def time(path: str, value: object) -> datetime:
    """Read a time in the milliseconds in which it is kept."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
            return at.replace(microsecond=at.microsecond // 1000 * 1000)
        except (ValueError, OverflowError):
            pass
    raise BadOrder(path, "is a time as ISO 8601 writes it.")


def name(said: Mapping[str, Any], name: str, within: str = "") -> str | None:
    """Read an id: text, or a whole number, as many shops have them."""
    value = said.get(name)
    return _checked(str(value) if type(value) is int else value, name, within)


def text(said: Mapping[str, Any], name: str, within: str = "") -> str | None:
    """Read a text. None where it is not said, or is blanked."""
    value = said.get(name)
    # Blanked on its way in (see `cards`): it was no name of anything.
    return None if value == cards.BLANK else _checked(value, name, within)


def _checked(value: object, name: str, within: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST or value == cards.BLANK:
        raise BadOrder(_path(name, within), f"is text of at most {LONGEST} characters.")
    return value


def _path(name: str, within: str) -> str:
    return f"{within}.{name}" if within else name


def choice(said: Mapping[str, Any], name: str, kinds: type[C], within: str = "") -> C | None:
    """Read one of several words. None where it is not said."""
    value = said.get(name)
    if value is None:
        return None
    try:
        return kinds(value)
    except ValueError:
        raise BadOrder(_path(name, within), f"is one of {', '.join(kinds)}.") from None


def fields(path: str, value: Any) -> Mapping[str, Any]:
    """Let pass what has properties of its own."""
    if not isinstance(value, dict):
        raise BadOrder(path, "is an object.")
    return value


def items(said: Mapping[str, Any], name: str) -> Sequence[Any]:
    """Read a list, empty where it is not said."""
    value = said.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadOrder(name, "is a list.")
    return value
