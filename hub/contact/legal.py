"""The hours that the law of a country sets for advertising by SMS: data, in `legal_hours.yaml`."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import phonenumbers

from hub.contact import language
from hub.contact.model import Quiet
from hub.kit import documents
from hub.kit.documents import Value
from hub.kit.problems import InvalidDefinition
from hub.kit.reading import Reading

_FILE: Final = Path(__file__).parent / "legal_hours.yaml"
NO_REGION: Final = "001"
"""What a number has for a country that belongs to none, such as a satellite phone's."""


@lru_cache(maxsize=4096)
def quiet_for(phone: str) -> tuple[Quiet, ...]:
    """List the hours in which a number, in E.164, must not be sent advertising; none where no law is known."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return ()
    # Of a code that several countries share, as +1, what is possible counts: who cannot be told apart gets the rest.
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    own = phonenumbers.region_code_for_number(number)
    among = [own] if own and own != NO_REGION else regions
    return tuple(quiet for region in among for quiet in hours().get(region, ()))


@cache
def hours() -> Mapping[str, tuple[Quiet, ...]]:
    """Read the hours of each country that has some, by its two letters.

    Raises:
        InvalidDefinition: the file has a problem.
    """
    reading = Reading()
    listed: defaultdict[str, list[Quiet]] = defaultdict(list)
    for item in reading.items(documents.load(_FILE.read_text(encoding="utf-8")), "the hours of countries"):
        fields, quiet = language.read_quiet(item, reading, "country", "source")
        country = fields["country"].node if "country" in fields else None
        if quiet is not None and isinstance(country, Value):
            listed[str(country.value)].append(quiet)
    if reading.problems:
        raise InvalidDefinition(reading.problems)
    return {country: tuple(quiet) for country, quiet in listed.items()}
