"""What the customers do: a script without end, in order of time, that follows from a seed."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeAlias

from runtime.demo.regulars import REGULARS, SHELF, Regular

Call: TypeAlias = dict[str, Any]
"""One call of the Segment tracking spec, without the time it is made at."""

SECONDS_BETWEEN_VISITORS: Final = 4.0
"""A visit is five to six calls, so the shop makes one or two a second."""
ORDERED: Final = "Order Completed"


@dataclass(frozen=True, slots=True)
class Step:
    """A call, and how many seconds after the one before it is made."""

    pause: float
    call: Call

    @property
    def by_server(self) -> bool:
        """Whether the shop's own server makes it: a page that says somebody has paid is not believed."""
        return self.call.get("event") == ORDERED


_Visit: TypeAlias = Iterator[tuple[float, Call]]


class _Visitor:
    """A regular in the shop and what they may do there, as pauses and calls."""

    def __init__(self, random: Random, regular: Regular, order_id: str) -> None:
        self._random = random
        self._regular = regular
        self._products: list[dict[str, Any]] = [
            {"product_id": it.sku, "sku": it.sku, "name": it.name, "price": it.price, "quantity": random.randint(1, 2)}
            for it in random.sample(SHELF, random.randint(1, 3))
        ]
        value = round(sum(it["price"] * it["quantity"] for it in self._products), 2)
        self._order = {"order_id": order_id, "currency": "EUR", "value": value, "products": self._products}

    def looks(self) -> _Visit:
        yield 0.0, self._call(type="identify", traits=dict(self._regular.traits))
        for product in self._products:
            yield self._a_moment(), self._track("Product Viewed", {**product, "quantity": 1, "currency": "EUR"})

    def checks_out(self) -> _Visit:
        for product in self._products:
            yield self._a_moment(), self._track("Product Added", {**product, "currency": "EUR"})
        yield self._a_moment(), self._track("Checkout Started", self._order)

    def pays(self, *, after: float) -> _Visit:
        yield after, self._track(ORDERED, {**self._order, "total": self._order["value"], "channel": "web"})

    def _a_moment(self) -> float:
        return self._random.uniform(0.3, 1.2)

    def _track(self, event: str, properties: dict[str, Any]) -> Call:
        return self._call(type="track", event=event, properties=properties)

    def _call(self, **fields: Any) -> Call:
        return {**fields, "userId": self._regular.user_id, "context": dict(self._regular.context)}


def _browses(visitor: _Visitor) -> _Visit:
    yield from visitor.looks()


def _leaves(visitor: _Visitor) -> _Visit:
    yield from visitor.looks()
    yield from visitor.checks_out()


def _buys(visitor: _Visitor) -> _Visit:
    yield from _leaves(visitor)
    yield from visitor.pays(after=2)


def _comes_back(visitor: _Visitor) -> _Visit:
    yield from _leaves(visitor)
    # Before the reminder of the demo's journey, which comes 20 seconds after the checkout.
    yield from visitor.pays(after=12)


def _buys_when_reminded(visitor: _Visitor) -> _Visit:
    yield from _leaves(visitor)
    # Between the reminder and the last word, which comes 40 seconds after the checkout.
    yield from visitor.pays(after=30)


_STORIES: Final[tuple[Callable[[_Visitor], _Visit], ...]] = (
    *(_browses, _browses, _browses),
    *(_buys, _buys, _buys),
    *(_leaves, _leaves),
    _comes_back,
    _buys_when_reminded,
)
"""One in five visitors leaves a checkout behind for good, one in ten until reminded."""


def ledger() -> list[Call]:
    """Tell what the shop itself knows of its regulars: who they are, and on which channels it may write to them.

    It is the same at every opening and counts once.
    """
    calls: list[Call] = []
    for regular in REGULARS:
        about = {"userId": regular.user_id, "context": dict(regular.context)}
        name = f"demo-known-{regular.user_id}"
        calls.append({**about, "type": "identify", "traits": dict(regular.traits), "messageId": name})
        for channel in regular.channels:
            agreed = {"channel": channel, "topic": "marketing", "version": "shop-2026-01"}
            grant = {"type": "track", "event": "Consent Granted", "properties": agreed}
            calls.append({**about, **grant, "messageId": f"{name}-{channel}"})
    return calls


def script(seed: int) -> Iterator[Step]:
    """Tell, for ever, who does what and when. Scripts of two seeds share no message id and no order id.

    The first visitor leaves a checkout behind, so that somebody who watches need not wait long for a reminder.
    """
    random = Random(seed)  # noqa: S311  a story, not a secret
    ahead: list[tuple[float, int, Call]] = []
    now, calls = 0.0, 0
    for visit, arrival in enumerate(_arrivals(random)):
        # No later visit begins before this one: whatever lies before it can be told.
        while ahead and ahead[0][0] < arrival:
            at, _, call = heapq.heappop(ahead)
            yield Step(pause=at - now, call=call)
            now = at
        story, regular = random.choice(_STORIES), random.choice(REGULARS)
        if visit == 0:
            story, regular = _leaves, REGULARS[0]
        at = arrival
        for pause, call in story(_Visitor(random, regular, order_id=f"{seed}-{visit}")):
            at += pause
            calls += 1
            heapq.heappush(ahead, (at, calls, {**call, "messageId": f"demo-{seed}-{calls}"}))


def _arrivals(random: Random) -> Iterator[float]:
    at = 0.0
    while True:
        yield at
        at += random.expovariate(1 / SECONDS_BETWEEN_VISITORS)
