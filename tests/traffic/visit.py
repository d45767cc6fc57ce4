"""One customer's day around their checkout, told as events of Segment's e-commerce spec."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from tests.traffic import people
from tests.traffic.day import Message, Phase
from tests.traffic.people import Customer

Choice = TypeVar("Choice")

WINDOWS: dict[Phase, tuple[int, int]] = {
    Phase.BROWSE: (-30, -1),
    Phase.CHECKOUT: (0, 5),
    Phase.SIGN_IN: (10, 20),
    Phase.RETURN: (25, 45),
    Phase.REMINDED: (75, 105),
    Phase.AFTER: (135, 165),
}
"""Minutes from a customer's checkout. No window comes nearer than ten minutes to the end of a wait."""

COPY_AT = timedelta(minutes=106)
"""When a phone that was offline delivers an event once more: between the reminder and the last word."""


class Visit:
    """Collects what one customer does. Steps are called in order of time; each takes a moment of its phase."""

    def __init__(self, rng: Random, customer: Customer, *, checkout_at: datetime) -> None:
        self.events: list[tuple[Phase, datetime, Message]] = []
        self._rng = rng
        self._customer = customer
        self._ids: dict[str, str] = {"userId": customer.user_id}
        self._checkout_at = checkout_at
        self._last = checkout_at + timedelta(minutes=WINDOWS[Phase.BROWSE][0])
        self._baskets: dict[str, list[dict[str, Any]]] = {}

    def order_id(self, number: int) -> str:
        """Name the customer's order `number`."""
        return f"{self._customer.user_id.removeprefix('user-')}-order-{number}"

    def one_of(self, *choices: Choice) -> Choice:
        """Pick, by the customer's own mood."""
        return self._rng.choice(choices)

    def arrive_unknown(self) -> None:
        """Come without signing in: events carry the anonymous id alone."""
        self._ids = {"anonymousId": self._customer.anonymous_id}

    def arrive(self) -> None:
        """Come signed in."""
        self._say(Phase.BROWSE, {"type": "identify", "traits": dict(self._customer.traits)})

    def sign_in(self, phase: Phase) -> None:
        """Say who the anonymous visitor was. Afterwards the shop's server speaks of the user, the page of both."""
        both = {"anonymousId": self._customer.anonymous_id, "userId": self._customer.user_id}
        self._ids = both
        self._say(phase, {"type": "identify", "traits": dict(self._customer.traits)})
        self._ids = both if self._rng.random() < 0.5 else {"userId": self._customer.user_id}

    def become_vip(self, phase: Phase) -> None:
        """Be promoted."""
        self._say(phase, {"type": "identify", "traits": {"vip": True}})

    def browse(self) -> None:
        """View a few products and put them into the basket."""
        products = people.basket(self._rng)
        for product in products:
            self._track(Phase.BROWSE, "Product Viewed", {**product, "quantity": 1, "currency": "EUR"})
        for product in products:
            self._track(Phase.BROWSE, "Product Added", {**product, "currency": "EUR"})
        self._baskets[self.order_id(1)] = products

    def check_out(self, number: int = 1, *, phase: Phase = Phase.CHECKOUT, free: bool = False) -> None:
        """Start the checkout of order `number`, again under the same id if it was started before."""
        order_id = self.order_id(number)
        products = self._baskets.setdefault(order_id, people.basket(self._rng))
        value = 0 if free else people.worth(products)
        properties = {"order_id": order_id, "value": value, "currency": "EUR", "products": products}
        self._track(phase, "Checkout Started", properties)

    def buy(self, phase: Phase, number: int = 1) -> None:
        """Complete order `number`."""
        order_id = self.order_id(number)
        products = self._baskets[order_id]
        total = people.worth(products)
        properties = {"order_id": order_id, "total": total, "revenue": total, "currency": "EUR", "products": products}
        self._track(phase, "Order Completed", properties)

    def _track(self, phase: Phase, event: str, properties: dict[str, Any]) -> None:
        self._say(phase, {"type": "track", "event": event, "properties": properties})

    def _say(self, phase: Phase, call: Message) -> None:
        first, last = (self._checkout_at + timedelta(minutes=minutes) for minutes in WINDOWS[phase])
        earliest = max(first, self._last + timedelta(seconds=1))
        # A step takes a small part of what is left of its window, so that several fit behind each other.
        at = earliest + (last - earliest) * self._rng.random() / 4
        self._last = at
        message_id = f"{self._customer.user_id}-{len(self.events):02d}"
        stamp = at.isoformat(timespec="milliseconds")
        message = {**call, **self._ids, "messageId": message_id, "timestamp": stamp, "context": self._customer.context}
        self.events.append((phase, at, message))
