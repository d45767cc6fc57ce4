"""Member codes: ten characters of Crockford's alphabet and one that checks them, short enough to be read aloud."""

from typing import Final
from uuid import UUID

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 11
"""Ten characters hold 50 bits: of ten million members' codes, one in a hundred million made up ones is somebody's."""

_BITS: Final = 5
_ALIKE: Final = str.maketrans("ILO", "110", " -")


def code_of(key: UUID) -> str:
    """Make the code that follows from a key."""
    digits = [key.int >> (_BITS * place) & (len(ALPHABET) - 1) for place in range(LENGTH - 1)]
    return "".join(ALPHABET[it] for it in (*digits, -_luhn(digits, doubled=True) % len(ALPHABET)))


def code_form(text: str) -> str | None:
    """Bring a code into the form in which it is compared: as typed, or as scanned, also at the end of an address.

    Letters that look alike are one, spaces and hyphens are nothing. None where it cannot be a code: of two that differ
    in one character, or in two neighbours that changed places (except `0` and `Z`), one at most is.
    """
    code = text.rstrip("/").rpartition("/")[2].upper().translate(_ALIKE)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return None
    return code if _luhn([ALPHABET.index(it) for it in code], doubled=False) % len(ALPHABET) == 0 else None


def _luhn(digits: list[int], *, doubled: bool) -> int:
    """Add digits up by Luhn's rule for this alphabet, every other one from the right doubled, the last one if so."""
    total = 0
    for digit in reversed(digits):
        worth = digit * 2 if doubled else digit
        total += worth // len(ALPHABET) + worth % len(ALPHABET)
        doubled = not doubled
    return total
