"""The shop's regulars and its shelf. They are the same at every start, so that a second start knows them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_FIRST_NAMES: Final = (
    *("Ada", "Bruno", "Clara", "Dario", "Edda", "Fynn", "Greta", "Hugo", "Ines", "Jonas", "Karla", "Linus"),
    *("Mira", "Nils", "Olga", "Paul", "Quirin", "Rosa", "Selma", "Theo", "Uli", "Vera", "Wanda", "Xaver"),
)
_LAST_NAMES: Final = ("Finkenau", "Brombeer", "Wolkenstein", "Haselmoor", "Sonnentau")


@dataclass(frozen=True, slots=True)
class Product:
    """Something on the shelf. `price` is in EUR, as Segment's e-commerce events have it."""

    sku: str
    name: str
    price: float


SHELF: Final = (
    Product("espresso-250", "House Espresso 250 g", 8.9),
    Product("guji-250", "Ethiopia Guji 250 g", 13.5),
    Product("huila-250", "Decaf Huila 250 g", 11.9),
    Product("cold-brew", "Cold Brew Six-Pack", 18.0),
    Product("filters-100", "Paper Filters 100", 4.2),
    Product("grinder", "Hand Grinder", 64.0),
    Product("kettle", "Pour-over Kettle", 49.5),
)


@dataclass(frozen=True, slots=True)
class Regular:
    """A made-up customer: the id the shop knows them by, their traits, and the context of their events."""

    user_id: str
    traits: Mapping[str, Any]
    context: Mapping[str, Any]

    @property
    def channels(self) -> list[str]:
        """The channels that reach them, on which they have agreed to hear from the shop."""
        reached = {"email": "email" in self.traits, "push": "device" in self.context, "sms": "phone" in self.traits}
        return [channel for channel, is_reached in reached.items() if is_reached]


def _regular(number: int) -> Regular:
    """Make a regular. Most are reached by e-mail; some have only a phone or the app, a few nothing at all."""
    first = _FIRST_NAMES[number % len(_FIRST_NAMES)]
    last = _LAST_NAMES[number % len(_LAST_NAMES)]
    locale = "de-DE" if number % 3 == 1 else "en-GB"
    traits: dict[str, Any] = {"firstName": first, "lastName": last, "vip": number % 7 == 1, "locale": locale}
    context: dict[str, Any] = {"locale": locale}
    match number % 12:
        case 5:
            # Numbers kept free for made-up people.
            traits["phone"] = f"+447700900{number:03d}"
        case 7:
            context["device"] = {"type": "android", "token": f"demo-device-{number:03d}"}
        case 11:
            pass
        case _:
            traits["email"] = f"{first}.{last}@example.com".lower()
    return Regular(user_id=f"demo-{number:03d}", traits=traits, context=context)


_ADA: Final = Regular(
    user_id="ada",
    traits={
        "firstName": "Ada",
        "lastName": _LAST_NAMES[0],
        "email": "ada@example.com",
        "vip": False,
        "locale": "en-GB",
    },
    context={"locale": "en-GB"},
)
"""The customer whose token `hub up` hands out, so that a newcomer who asks for `me` finds that something happened."""

REGULARS: Final = (_ADA, *(_regular(number) for number in range(1, len(_FIRST_NAMES) * len(_LAST_NAMES))))
"""All 120 of them: 24 and 5 share no divisor, so that no two have both names alike."""
