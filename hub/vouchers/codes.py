"""Voucher codes: sixteen characters of Crockford's alphabet, of which the last one checks the others.

Fifteen characters hold 75 bits: nobody guesses one. The check is a sum in the field of 32 elements in which each place
has a weight of its own: of two codes that differ in one character, or in two that changed places, one at most is a
code. That is better than the rule of member codes, for what is paid with is typed by a clerk in a hurry.

A code follows from the key of its voucher and from a secret key of the hub's own: who repeats a request meets the same
code, and who has no key cannot tell which one follows.
"""

import hashlib
import hmac
from typing import Final
from uuid import UUID

from hub import vault
from hub.kit import ids
from hub.profiles.codes import ALPHABET
from hub.settings import Settings

KEY: Final = "key of voucher codes"
LENGTH: Final = 16
GROUP: Final = 4

_BITS: Final = 5
_MASK: Final = 2**_BITS - 1
_POLYNOMIAL: Final = 0b100101  # x^5 + x^2 + 1: its powers of two are all of the 31 that are not zero
_ALIKE: Final = str.maketrans("ILO", "110", " -")


class Codes:
    """Makes codes, for one process: it opens the key once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key: bytes | None = None

    async def of(self, key: UUID) -> str:
        """Make the code of a voucher by the key under which it comes to be.

        Raises:
            NoSecret: HUB_SECRET_KEY is not set.
            WrongSecret: the key was sealed with a secret that is not set any more.
        """
        if self._key is None:
            self._key = await vault.open_key(KEY, self._settings)
        return code_of(hmac.digest(self._key, key.bytes, hashlib.sha256))


def code_of(random: bytes) -> str:
    """Make a code of ten random bytes or more."""
    bits = int.from_bytes(random, "big")
    digits = [bits >> (_BITS * place) & _MASK for place in range(LENGTH - 1)]
    return "".join(ALPHABET[it] for it in (*digits, _weighed([*digits, 0])))


def code_form(text: str) -> str | None:
    """Bring a code into the form in which it is compared: as typed, or as scanned, also at the end of an address.

    Letters that look alike are one, spaces and hyphens are nothing. None where it cannot be a code.
    """
    code = text.rstrip("/").rpartition("/")[2].upper().translate(_ALIKE)
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return None
    return None if _weighed([ALPHABET.index(it) for it in code]) else code


def shown(code: str) -> str:
    """Write a code as people read it, in groups of four."""
    return "-".join(code[begin : begin + GROUP] for begin in range(0, LENGTH, GROUP))


def voucher_id(code: str) -> UUID:
    """Give the id of the voucher that has a code: a voucher is found by it and by nothing else."""
    return ids.key_of("voucher", code)


def _weighed(digits: list[int]) -> int:
    """Add digits up in the field, each times the power of two of its place from the right: by Horner's rule."""
    total = 0
    for digit in digits:
        total <<= 1
        if total > _MASK:
            total ^= _POLYNOMIAL
        total ^= digit
    return total
