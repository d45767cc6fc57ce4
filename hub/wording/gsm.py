"""How many SMS a text takes, by the two alphabets that phones share (3GPP TS 23.038 and 23.040).

A text in the default alphabet of GSM fits 160 to one SMS, and 153 to each where it takes several; some characters of
it count twice. One character outside makes all of it UCS-2: 70 to one SMS, 67 to each of several, counted in UTF-16.
"""

from dataclasses import dataclass
from typing import Final

_ONCE: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE: Final = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Size:
    """What a text takes: so many `units` of its alphabet, in so many SMS. `because` made it UCS-2, if it is."""

    alphabet: str
    units: int
    count: int
    because: str = ""

    def __str__(self) -> str:
        why = f" because of {self.because!r}" if self.because else ""
        return f"{self.count} SMS ({self.units} units of {self.alphabet}{why})"


def size_of(text: str) -> Size:
    """Count what a text takes; one that is empty takes one SMS all the same."""
    outside = next((it for it in text if it not in _ONCE and it not in _TWICE), "")
    if outside:
        units = [len(it.encode("utf-16-le")) // 2 for it in text]
        return Size("UCS-2", sum(units), _count(units, alone=70, each=67), outside)
    units = [2 if it in _TWICE else 1 for it in text]
    return Size("GSM-7", sum(units), _count(units, alone=160, each=153))


def _count(units: list[int], *, alone: int, each: int) -> int:
    """Count the SMS: no character is cut in two."""
    if sum(units) <= alone:
        return 1
    count, left = 1, each
    for unit in units:
        if unit > left:
            count, left = count + 1, each
        left -= unit
    return count
