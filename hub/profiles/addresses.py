"""Addresses in the form in which they are looked up, so that every spelling of one finds the same profile.

What cannot be an address identifies nobody. It may still stand in the traits, as somebody wrote it.
"""

import re
from functools import lru_cache
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

REMEMBERED: Final = 16_384
"""How many addresses and domains a process keeps with their form: making one costs as much as applying an event."""


_PLAIN: Final = re.compile(r"([a-zA-Z0-9_+\-]+(?:\.[a-zA-Z0-9_+\-]+)*)@([a-zA-Z0-9.\-]{1,120})")
"""How nearly every address is written. Its parts can be judged one by one, for none of them says how to read the other.

Who is before the @ is right by being written so; about the domain, which many share, the library is asked once.
"""
_LONGEST_PLAIN: Final = 250
"""Characters of an address that need not be counted, as the library counts them, to know that they are not too many."""


def email_form(text: str) -> str | None:
    """Bring an e-mail address into lower case, its domain into Unicode. None where it cannot be one.

    Nobody is asked whether it exists. The names kept free for tests (`.test`) may be used.
    """
    bare = text.strip()
    if len(bare) > _LONGEST_PLAIN or not (plain := _PLAIN.fullmatch(bare)) or "xn--" in plain[2].lower():
        return _checked(bare)
    domain = _domain_form(plain[2])
    return domain and f"{plain[1].lower()}@{domain}"


@lru_cache(maxsize=REMEMBERED)
def _domain_form(domain: str) -> str | None:
    whole = _checked(f"a@{domain}")
    return whole and whole.removeprefix("a@")


@lru_cache(maxsize=REMEMBERED)
def _checked(bare: str) -> str | None:
    try:
        return validate_email(bare, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


@lru_cache(maxsize=REMEMBERED)
def phone_form(text: str, region: str) -> str | None:
    """Bring a phone number into E.164. None where it cannot be one.

    Args:
        text: as somebody wrote it.
        region: the country, in two letters, that a number without a country's code is of; empty if nobody knows.
    """
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    # Possible, not valid: countries open new ranges of numbers faster than anybody's list of them is renewed.
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def region_of(locale: object) -> str:
    """Tell which country a locale such as `de-AT` names; empty where it names none."""
    if not isinstance(locale, str):
        return ""
    *language, country = locale.replace("_", "-").split("-")
    return country.upper() if language and country.upper() in phonenumbers.SUPPORTED_REGIONS else ""
