"""More segments of the grocer's customers, which ask for their baskets themselves and what was in them.

The second column is computed from the baskets and imports nothing of the hub.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from tests.grocer.regulars import Basket, Buyer

OF_MEAT: Final = 'where any(product.category = "MEAT")'
OF_PRODUCE: Final = 'where any(product.category = "PRODUCE")'


def units(basket: Basket, department: str) -> int:
    """Count the pieces from a department."""
    return dict(basket.shelves).get(department, 0)


def in_days(it: Buyer, basket: Basket, days: int) -> bool:
    """Tell whether a basket was bought in the last so many days, today included."""
    first: date = it.now.date() - timedelta(days=days - 1)
    return basket.at.date() >= first


def meat_then_produce(it: Buyer) -> bool:
    """Tell whether they bought produce in the last two weeks, and no meat since."""
    produce = [one.at for one in it.bought if "PRODUCE" in one.departments and in_days(it, one, 14)]
    meat = [one.at for one in it.bought if "MEAT" in one.departments]
    return bool(produce and meat) and max(produce) > max(meat)


SHELVES: Final[dict[str, tuple[str, Callable[[Buyer], bool]]]] = {
    "no-meat": (
        f'did("Order Completed", >= 2, {OF_PRODUCE}) and not did("Order Completed", {OF_MEAT})',
        lambda it: it.of("PRODUCE").times >= 2 and it.of("MEAT").times == 0,
    ),
    "bulky": (
        'average("Order Completed", units) >= 15',
        lambda it: it.times > 0 and sum(one.pieces for one in it.bought) / it.times >= 15,
    ),
    "meat-lately": (
        'sum("Order Completed", units(product.category = "MEAT"), within 90d) >= 10',
        lambda it: sum(units(one, "MEAT") for one in it.window(90).bought) >= 10,
    ),
    "good-quarter": (
        (
            'sum("Order Completed", properties.total, within 90d) > 300'
            ' and did("Order Completed", between 4 and 30, within 60d)'
        ),
        lambda it: it.window(90).spent > 300 and 4 <= it.window(60).times <= 30,
    ),
    "from-meat-to-produce": (
        f'did("Order Completed", after "Order Completed" {OF_MEAT}, within 14d, {OF_PRODUCE})',
        meat_then_produce,
    ),
    "began-large": (
        'first("Order Completed", properties.pieces) >= 12 and not last("Order Completed", properties.pieces) >= 12',
        lambda it: it.times > 0 and it.bought[0].pieces >= 12 and it.bought[-1].pieces < 12,
    ),
}
"""By name: the rule, and who is in."""
