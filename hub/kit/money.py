"""Money: a whole number of minor units (cents) and an ISO 4217 code. No amount is ever a binary fraction.

The digits are those of ISO 4217, by which banks and payment providers count; the CLDR's say how people write, and leave
out the cents of the dinar and the lek.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from hub.kit.errors import HubError

_OF_TWO_DIGITS: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_OF_NO_DIGIT: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_OF_THREE_DIGITS: Final = "BHD IQD JOD KWD LYD OMR TND"
DIGITS: Final = {
    code: digits
    for digits, codes in ((2, _OF_TWO_DIGITS), (0, _OF_NO_DIGIT), (3, _OF_THREE_DIGITS))
    for code in codes.split()
}
"""How many digits of each currency stand behind its decimal point."""

MOST_MINOR: Final = 10**15
"""The largest amount either way: ten thousand milliards, whose sums still fit into 64 bits."""

_WRITTEN: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")  # fewer digits than Decimal keeps
_NOISE: Final = Decimal("0.000001")
"""How far a JSON number may be from a whole minor unit: sums made of binary fractions are (`0.1 + 0.2`)."""


class BadMoney(HubError):
    """A value that is no amount of money. The sentence says why, without the value."""

    code = "BAD_MONEY"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: `minor` units of `currency` (1999 EUR is 19.99 €). Only amounts of one currency add up."""

    minor: int
    currency: str

    @classmethod
    def of(cls, value: object, currency: str) -> Self:
        """Read an amount as it comes over the wire: a decimal text (`"19.99"`), a whole number or a JSON number.

        Raises:
            BadMoney: the currency is unknown, or the value is no number, not finite, too large, or not whole in minor
                units.
        """
        return cls(minor_of(value, currency), currency)

    @property
    def amount(self) -> Decimal:
        """The amount as people count it, with all the digits of its currency: `Decimal("19.90")`."""
        return Decimal(self.minor).scaleb(-DIGITS[self.currency])

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} cannot be counted with {self.currency}.")
        return other


def currency_of(value: object) -> str:
    """Read the code of a currency, in any case.

    Raises:
        BadMoney: it is none of ISO 4217.
    """
    code = value.strip().upper() if isinstance(value, str) else ""
    if code not in DIGITS:
        raise BadMoney("A currency is an ISO 4217 code in use, such as EUR.")
    return code


def minor_of(value: object, currency: str) -> int:
    """Read an amount (see `Money.of`) as a number of minor units.

    Raises:
        BadMoney: see `Money.of`.
    """
    if currency not in DIGITS:
        raise BadMoney("A currency is an ISO 4217 code in use, such as EUR.")
    exact = _decimal(value).scaleb(DIGITS[currency])
    whole = exact.to_integral_value()
    if abs(exact - whole) > (_NOISE if isinstance(value, float) else 0):
        raise BadMoney(f"An amount in {currency} has at most {DIGITS[currency]} digits behind the point.")
    if abs(whole) > MOST_MINOR:
        raise BadMoney(f"An amount has at most {MOST_MINOR} minor units.")
    return int(whole)


def _decimal(value: object) -> Decimal:
    match value:
        case bool():
            pass
        case int() if abs(value) <= MOST_MINOR:
            return Decimal(value)
        case float() if value == value and abs(value) <= MOST_MINOR:  # noqa: PLR0124 - only NaN is not itself
            # The shortest text that means this float is what stood in the JSON.
            return Decimal(repr(value))
        case str() if _WRITTEN.fullmatch(value.strip()):
            return Decimal(value.strip())
    raise BadMoney("An amount is a finite number or a decimal text, such as 19.99.")
