"""Made-up customers, to see what a template says before it is said to anybody.

One of whom everything is known that the catalogue names, and one of whom nothing is: what reads well for both reads
well for those between.
"""

from collections.abc import Mapping
from typing import Any, Final

from hub.conditions import catalogue
from hub.conditions.shapes import Choice, Items, Kind, Shape
from hub.wording import member_card
from hub.wording.templates import RenderContext

LINKS: Final = {name: f"https://hub.example/m/{name}" for name in ("preferences", "unsubscribe", "confirm")}
"""The pages of the hub that a made-up customer is shown."""
SHORT_LINK: Final = "/m/c/Ab3dEf6hIj9k"
"""What becomes of an address in an SMS that is led through the hub, behind the hub's own."""
_SIGN_IN: Final = {"code": "123456", "link": "https://hub.example/m/s/link"}
_SAID: Final[Mapping[str, Any]] = {
    "firstName": "Katharina",
    "lastName": "Müller-O'Brien",
    "name": "Katharina Müller-O'Brien",
    "email": "katharina@customer.example",
    "phone": "+4915123456789",
    "country": "DE",
    "currency": "EUR",
    "order_id": "A-1001",
    "category": "Lamps & Lights",
    "url": "https://shop.example/a-product?from=mail&to=you",
    "image_url": "https://shop.example/a-product.png",
    "price": 1299.5,
    "quantity": 2,
    "value": 2599,
}
NO_BRAND: Final[Mapping[str, Any]] = {}
PRODUCTS: Final = ("Reading lamp, brass", "Shade 30 cm", "Bulb E27 warm white, two in a box")
"""What a made-up event is about."""


def nobody_known(brand: Mapping[str, Any] = NO_BRAND) -> RenderContext:
    """Make a customer of whom nothing is known, whom an event without properties led here."""
    return RenderContext(profile={}, event={}, links=LINKS, signin=_SIGN_IN, brand=brand)


def somebody(event: str | None = None, brand: Mapping[str, Any] = NO_BRAND) -> RenderContext:
    """Make a customer of whom all is known, led here by an event; without its name, by one that has all properties."""
    profile = _made(catalogue.TRAITS)
    made = _made(properties_of(event))
    return RenderContext(
        profile=profile, event=made, links=LINKS, signin=_SIGN_IN, brand=brand, card=member_card.SAMPLE
    )


def of_file(written: Mapping[str, Any]) -> RenderContext:
    """Make the customer that somebody wrote down: `profile`, `event`, and what else they do not want made up."""
    made = {"links": LINKS, "signin": _SIGN_IN, **written}
    names = ("profile", "event", "links", "signin", "brand", "card")
    return RenderContext(**{name: made.get(name) or {} for name in names})


def properties_of(event: str | None) -> Mapping[str, Shape]:
    """Tell which properties an event may have that is known; of one without a name all that there are."""
    if event is not None:
        return catalogue.EVENTS.get(event, {})
    return {name: shape for known in catalogue.EVENTS.values() for name, shape in known.items()}


def _made(shapes: Mapping[str, Shape]) -> dict[str, Any]:
    return {name: _value(name, shape) for name, shape in shapes.items()}


def _value(name: str, shape: Shape) -> Any:
    if isinstance(shape, Items):
        return [{**_made(shape.of), "name": product} for product in PRODUCTS]
    if isinstance(shape, Mapping):
        return _made(shape)
    if name in _SAID:
        return _SAID[name]
    if isinstance(shape, Choice):
        return shape.values[0]
    made = {Kind.TEXT: name.replace("_", " "), Kind.NUMBER: 1, Kind.BOOLEAN: True, Kind.LIST: [], Kind.OBJECTS: []}
    return made.get(shape, {}) if isinstance(shape, Kind) else {}
