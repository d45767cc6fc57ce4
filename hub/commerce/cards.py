"""Card numbers have no place here: what looks like one is blanked before it is stored."""

import re
from collections.abc import Mapping
from typing import Any, Final

BLANK: Final = "[card number]"
"""What stands where a card number stood."""

_GROUPED: Final = re.compile(r"(?<![0-9+])[0-9](?:[ -]?[0-9]){13,18}(?![0-9])")
_WRITTEN: Final = bytes(b"0"[0] if byte in b"0123456789 -" else b"."[0] for byte in range(256))
_LONG: Final = b"0" * 14
"""What a call must have somewhere to hold a card number: so many digits, blanks and hyphens (all of them `0` here)."""
_BY_CODE: Final = rb"\u"
"""Or a character that is written by its code, which may be a digit."""
_ISSUED: Final = re.compile(
    r"4[0-9]{15}(?:[0-9]{3})?"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}|3(?:0[0-5]|[689][0-9])[0-9]{11,16}|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # Amex, Diners, JCB
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2}|62[0-9]{2}|81[0-9]{2})[0-9]{12,15}"  # Discover, UnionPay
    r"|(?:5[068]|6[0-9])[0-9]{14,17}"  # Maestro
)
"""Numbers as cards in use have them. Thirteen digits have not been issued for decades, and phone numbers have them."""
_BARCODED: Final = 14
"""How many digits the longest barcode of goods has: an id of so many is one."""
_IDS: Final = frozenset({"order_id", "checkout_id", "cart_id", "product_id", "sku", "refund_id", "barcode", "gtin"})


def may_hold(call: bytes) -> bool:
    """Tell whether a call, as JSON, may hold a card number at all. Few do, and only these are worth a walk."""
    return _LONG in call.translate(_WRITTEN) or _BY_CODE in call


def blanked(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give the properties of an event with every card number blanked, however deep it lies."""
    return {name: _blanked(value, name) for name, value in properties.items()}


def blanked_text(text: str, name: str = "") -> str:
    """Give a text with every card number in it blanked. `name` is that of the property that holds it."""
    return _GROUPED.sub(lambda found: BLANK if _looks_like_one(found[0], name) else found[0], text)


def is_blanked(properties: Mapping[str, Any]) -> bool:
    """Tell whether something was blanked in here, however deep it lies."""
    return BLANK in repr(properties)


def _blanked(value: Any, name: str) -> Any:
    match value:
        case dict():
            return blanked(value)
        case list():
            return [_blanked(it, name) for it in value]
        case str():
            return blanked_text(value, name)
        case int() if not isinstance(value, bool) and _looks_like_one(str(value), name):
            return BLANK
    return value


def _looks_like_one(written: str, name: str) -> bool:
    digits = re.sub("[ -]", "", written)
    if name in _IDS and len(digits) <= _BARCODED:
        return False
    return _ISSUED.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(it - 9 if it > 9 else it for it in doubled) % 10 == 0  # noqa: PLR2004 - the sum of a number's digits
