"""The customers of a shop, the two hundred segments that its marketers keep of them, and what the customers do.

Eight times twenty-five rules, each on one subject and narrowed by another, as segments are: who comes often in Austria,
who has bought for so much in a season, who was active and has become silent. Most of what happens are visits, told with
all that the app knows of the customer though only one thing of it is new; each fifth is an order.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

CUSTOMERS: Final = 2_000
COUNTRIES: Final = ("DE", "AT", "CH", "GB", "FR", "NL", "PL", "IT")
PLANS: Final = ("free", "silver", "gold")
OF_A_SUBJECT: Final = 25

CHANGED: Final = ("profile.visits", "purchases")
"""What a visit changes, and what an order does, as rules name it."""

CITIES: Final = 40
MOST_ORDERS: Final = 6
HALF: Final = 0.5
TO_BUY: Final = 5
"""One in so many calls is an order."""

Call = dict[str, Any]


def documents() -> list[str]:
    """Give the documents of the segments."""
    rules = [rule for number in range(OF_A_SUBJECT) for rule in _rules(number)]
    return [f"segment: s-{number}\nwhen: '{rule}'\n" for number, rule in enumerate(rules)]


def _rules(number: int) -> tuple[str, ...]:
    country, plan = f'profile.country = "{COUNTRIES[number % 8]}"', f'profile.plan = "{PLANS[number % 3]}"'
    return (
        f"profile.visits >= {2 + 4 * number} and {country}",
        f"profile.points between {100 * number} and {100 * number + 200} and {plan}",
        f'profile.city = "city {number}" and profile.age >= {20 + number}',
        f"within(profile.memberSince, {30 + 10 * number}d) and {country}",
        f"profile.age between {18 + 2 * number} and {22 + 2 * number} and profile.newsletter = true",
        f'profile.stage = "{("new", "active", "at_risk", "lapsed", "won_back")[number % 5]}" and {country}',
        *_of_purchases(number, country, plan),
    )


def _of_purchases(number: int, country: str, plan: str) -> tuple[str, str]:
    lifetime = (
        f"purchases.sum >= {50 + 40 * number}",
        f"purchases.count >= {2 + number // 3}",
        f"purchases.average > {20 + 3 * number}",
    )
    lately = (
        f"purchases.30d.sum >= {20 + 10 * number}",
        f"purchases.90d.count >= {1 + number // 5}",
        f"purchases.days_since_last >= {15 + 10 * number}",
    )
    return f"{lifetime[number % 3]} and {country}", f"{lately[number % 3]} and {plan} and {country}"


class Clientele:
    """The customers, as a shop has come to know them, and what they do next.

    Attributes:
        visits: how often each has come.
        orders: how many all have made.
    """

    def __init__(self, seed: int, now: datetime) -> None:
        self._chance = random.Random(seed)
        self._now = now
        self._said = 0
        self._traits = [self._somebody() for _ in range(CUSTOMERS)]
        self.visits = [self._chance.randrange(4 * OF_A_SUBJECT) for _ in range(CUSTOMERS)]
        self.orders = 0

    def known(self) -> Iterator[Call]:
        """Tell who they are, and what each of them bought in the last two years: nothing, or up to six times."""
        for customer in range(CUSTOMERS):
            yield self._visit(customer)
            for _ in range(self._chance.randrange(MOST_ORDERS + 1)):
                days = self._chance.triangular(1, 730, 1)
                yield self._order(customer, self._now - timedelta(days=days))

    def next(self, count: int) -> Iterator[Call]:
        """Tell what they do next: four come, one buys."""
        for number in range(count):
            customer = self._chance.randrange(CUSTOMERS)
            yield self._visit(customer) if number % TO_BUY else self._order(customer, self._now)

    def _visit(self, customer: int) -> Call:
        self.visits[customer] += 1
        return self._call("identify", customer, traits={**self._traits[customer], "visits": self.visits[customer]})

    def _order(self, customer: int, at: datetime) -> Call:
        self.orders += 1
        said = {
            "order_id": str(self.orders),
            "total": self._chance.randrange(500, 8_000) / 100,
            "currency": "EUR",
            "channel": "pos",
            "products": [{"product_id": f"p-{self.orders % 1_000}", "name": "Coffee", "quantity": 1, "price": 12.5}],
        }
        return self._call("track", customer, event="Order Completed", timestamp=at.isoformat(), properties=said)

    def _call(self, kind: str, customer: int, **fields: Any) -> Call:
        self._said += 1
        return {"type": kind, "userId": f"u{customer}", "messageId": f"m{self._said}", **fields}

    def _somebody(self) -> dict[str, Any]:
        since = self._now - timedelta(days=self._chance.randrange(1_000))
        return {
            "firstName": "Ada",
            "country": self._chance.choice(COUNTRIES),
            "city": f"city {self._chance.randrange(CITIES)}",
            "age": self._chance.randrange(16, 90),
            "plan": self._chance.choice(PLANS),
            "points": self._chance.randrange(2_500),
            "newsletter": self._chance.random() < HALF,
            "memberSince": since.date().isoformat(),
        }
