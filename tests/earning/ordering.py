"""Orders, refunds and programs as the tests of earning write them. Amounts are minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from hub.commerce.model import Contents, Line, Order, Refund, RefundedLine, Stamp
from hub.conditions.kinds import ANY_SEGMENT, SEGMENT, Scope
from hub.earning import rules
from hub.earning.asking import Questions
from hub.earning.model import Award, Facts
from hub.programs import language
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope

ADA: Final = UUID(int=1)
NOON: Final = datetime(2026, 11, 28, 11, tzinfo=UTC)  # a Saturday, 12:00 in Berlin
KNOWN: Final[Scope] = {**scope.of(NOTHING_DEFINED), SEGMENT: ANY_SEGMENT}
FACTS: Final = Facts(ADA)
NET: Final = "tax: before, discount: after, shipping: before"
PAID: Final = "tax: after, discount: after, shipping: before"
BASE: Final = f"per: {{amount: 1.00, points: 1, {NET}, round: down, by: order}}"


def line(sku: str, price: int, quantity: str = "1", **said: Any) -> Line:
    empty = Line(None, sku, None, None, None, Decimal(quantity), price, None, None)
    return replace(empty, **said)


def order(gross: int | None, *lines: Line, at: datetime = NOON, currency: str | None = "EUR", **said: Any) -> Order:
    stamp = Stamp(-1, at, UUID(int=2))
    contents = Contents(stamp, ADA, currency=currency, gross=gross, lines=lines, **said)
    return Order("shop", "A-1", contents=contents, completed_at=at)


def refunded(it: Order, *amounts: int | None, lines: Sequence[RefundedLine] = ()) -> Order:
    """The order with refunds of these amounts; None is all of it, or what its lines come to."""
    refunds = dict(it.refunds)
    for amount in amounts:
        key = f"R-{len(refunds)}"
        currency = None if amount is None or it.contents is None else it.contents.currency
        stamp, by_lines = Stamp(-1, NOON, UUID(int=3)), amount is None and bool(lines)
        refunds[key] = Refund(key, stamp, NOON, currency, amount, lines=tuple(lines), by_lines=by_lines)
    return replace(it, refunds=refunds)


def back(sku: str, quantity: str = "1", amount: int | None = None) -> RefundedLine:
    return RefundedLine(None, sku, Decimal(quantity), amount)


def written(
    *rules_: str,
    multipliers: Sequence[str] = (),
    more: str = "",
    wallet: str = "",
    wallets: Sequence[str] = ("points",),
) -> str:
    """A program with these rules, each the inside of a mapping: `per: …, where: …`. `wallet` is said of each wallet."""
    words = f"one: {{en: p}}, many: {{en: p}}, {wallet or 'expires: never'}"
    parts = [
        "program: club\ntexts: {en: club}\nzone: Europe/Berlin\ncurrency: EUR",
        "wallets:",
        *(f"  - {{wallet: {it}, kind: spendable, {words}}}" for it in wallets),
        "rules:",
        *(f"  - {{rule: r{place}, wallet: {wallets[0]}, texts: {{en: x}}, {it}}}" for place, it in enumerate(rules_)),
        *(["multipliers:"] if multipliers else []),
        *(f"  - {{multiplier: m{place}, texts: {{en: x}}, {it}}}" for place, it in enumerate(multipliers)),
        more,
    ]
    return "\n".join(parts)


def program(*rules_: str, **said: Any) -> Questions:
    """What such a program asks."""
    return Questions(language.read(written(*rules_, **said), KNOWN))


def award(of: Questions, it: Order, facts: Facts = FACTS, rooms: Mapping[str, int] = {}) -> Award:
    return rules.award(of, it, facts, rooms)


def points(of: Questions, it: Order, facts: Facts = FACTS) -> int:
    return sum(award(of, it, facts).points.values())


def whys(of: Questions, it: Order, facts: Facts = FACTS) -> list[str | None]:
    return [given.why for given in award(of, it, facts).given]
