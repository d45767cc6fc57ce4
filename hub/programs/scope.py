"""What the conditions of a program may speak of: the order or event, its lines, the customer, and when it happened.

`properties.` is what an event says; of an order it is what the newest version says, in the same names. `order.` is
counted by the hub. `profile.`, rollups, consents and segments are as in the rules of segments.
"""

from collections.abc import Mapping
from typing import Final

from hub.commerce.model import FulfilmentKind, SalesChannel
from hub.conditions.catalogue import EVENTS
from hub.conditions.evaluator import PRODUCT
from hub.conditions.kinds import Choice, Kind, Names, Scope, Shape
from hub.conditions.model import Asked, Condition, InSegment, leaves
from hub.conditions.shapes import Items
from hub.kit.local_time import Weekday
from hub.segments.scope import OF_SEGMENTS

PROPERTIES: Final = "properties"
ORDER: Final = "order"
MEMBER: Final = "member"

_TEXT, _NUMBER = Kind.TEXT, Kind.NUMBER

LINE: Final[Mapping[str, Shape]] = dict.fromkeys(("product_id", "sku", "variant", "name", "category"), _TEXT)
"""What is known of a line of an order."""

_WHEN: Final[Mapping[str, Shape]] = {"weekday": Choice(tuple(Weekday)), "hour": _NUMBER}
_OF_ORDER: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(("order_id", "coupon", "store_id", "associate_id", "payment_kind", "currency"), _TEXT),
    "channel": Choice(tuple(SalesChannel)),
    "fulfilment": Names({"kind": Choice(tuple(FulfilmentKind)), "location": _TEXT}),
    "products": Items(LINE),
}
_OWN_ROOTS: Final = frozenset({PROPERTIES, ORDER, MEMBER, PRODUCT})


def of_order(known: Scope) -> Scope:
    """Give what may be asked where an order earns; `known` is what rules may speak of a customer."""
    order = Names({**_WHEN, "number": _NUMBER, "units": _NUMBER})
    return {PROPERTIES: Names(_OF_ORDER), ORDER: order, MEMBER: Names({"tier": _TEXT}), **_of_customers(known)}


def of_event(event: str | None, known: Scope) -> Scope:
    """Give what may be asked where an event earns."""
    properties: Shape = EVENTS.get(event or "", {})
    own: Scope = {PROPERTIES: properties, ORDER: Names(_WHEN), MEMBER: Names({"tier": _TEXT})}
    return {**own, **_of_customers(known)}


LINES: Final[Scope] = {PRODUCT: Names(LINE)}
"""What may be asked of a line."""


def _of_customers(known: Scope) -> Scope:
    # What somebody did, and who is at the top, is asked in segments, which are counted for all.
    return {name: it for name, it in known.items() if name not in OF_SEGMENTS}


def asked_in(condition: Condition | None) -> list[Asked]:
    """List what a condition asks of values, wherever they are."""
    return [it for it in leaves(condition) if not isinstance(it, InSegment)] if condition is not None else []


def of_member(condition: Condition) -> list[Asked | InSegment]:
    """List what of a condition asks for the customer and not for order, event or tier: it is looked up beforehand."""
    return [it for it in leaves(condition) if isinstance(it, InSegment) or it.path[0] not in _OWN_ROOTS]
