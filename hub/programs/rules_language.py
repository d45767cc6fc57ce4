"""The rules and multipliers of a program's document.

rules:
  - rule: base
    wallet: points
    per: {amount: 1.00, points: 1, tax: before, discount: after, shipping: before, round: down, by: order}
    cap: {day: 500, month: 5000}
  - rule: beans
    wallet: points
    unit: {points: 5}
    lines: product.category = "Beans"
    texts: {en: 5 extra points per bag of beans}
  - {rule: visit, wallet: points, visit: {points: 10}}
  - {rule: fifth, wallet: points, order: {every: 5, points: 50}}
  - rule: review
    wallet: points
    event: {name: Review Approved, points: 25, once_by: properties.product_id}
    texts: {en: 25 points for a review}
multipliers:
  - multiplier: big-basket
    times: 2
    from: {amount: 150.00, tax: before, discount: after, shipping: before}
  - multiplier: saturday
    times: 1.5
    of: [base]
    where: order.weekday = "saturday" and member.tier = "gold"
    sample: 10
    texts: {en: 1.5 times the points for gold members on Saturdays}

A rule has one of `per`, `unit`, `visit`, `order` and `event`. What a condition says cannot be worded by the hub: so
one with `where` or `lines`, and one for an event, brings its own `texts`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

from hub.conditions import parser, tree
from hub.conditions.kinds import Scope
from hub.conditions.model import Condition, Path
from hub.kit.documents import Field, Node, Value
from hub.kit.problems import InvalidDefinition
from hub.programs import scope as scopes
from hub.programs.model import (
    Basis,
    By,
    Gives,
    Multiplier,
    PerAmount,
    PerEvent,
    Period,
    PerOrders,
    PerUnit,
    PerVisit,
    Rounding,
    Rule,
    Texts,
    Threshold,
)
from hub.programs.terms import MOST_POINTS, Terms
from hub.reviews import model as reviews

MOST_RULES: Final = 50
MOST_EVERY: Final = 1_000
LONGEST_EVENT: Final = 128
MOST_TIMES: Final = Decimal(100)
EVERYBODY: Final = Decimal(100)
"""Per cent."""

_GIVES: Final = ("per", "unit", "visit", "order", "event")
_MULTIPLIED: Final = ("per", "unit")
OF_RULE: Final = ("rule", "description", "wallet", *_GIVES, "where", "lines", "from", "cap", "sample", "texts")
_OF_MULTIPLIER: Final = ("multiplier", "description", "times", "of", "from", "where", "sample", "texts")
_BASIS: Final = ("tax", "discount", "shipping")
_LONGEST_DESCRIPTION: Final = 2_000


class _Side(StrEnum):
    """Whether an amount is that before something was added or taken off, or after."""

    BEFORE = "before"
    AFTER = "after"


class Rules:
    """Reads them.

    Args:
        terms: collects the problems.
        scope: what rules may speak of a customer; None where all was checked before.
        languages: in which the program is said.
        currency: of its amounts.
        wallets: their names.
    """

    def __init__(
        self, terms: Terms, scope: Scope | None, languages: tuple[str, ...], currency: str, wallets: tuple[str, ...]
    ) -> None:
        self._terms = terms
        self._scope = scope
        self._languages = languages
        self._currency = currency
        self._wallets = wallets
        self._multiplied: list[str] = []

    def all(self, node: Node) -> dict[str, Rule]:
        """Read the rules."""
        rules: dict[str, Rule] = {}
        for item in self._listed(node, "rules"):
            rule = self._rule(item)
            if rule and rules.setdefault(rule.name, rule) is not rule:
                self._terms.report(item, "duplicate_name", f"Another rule is called `{rule.name}`.")
        return rules

    def multipliers(self, node: Node) -> dict[str, Multiplier]:
        """Read the multipliers, once the rules are read."""
        found: dict[str, Multiplier] = {}
        for item in self._listed(node, "multipliers"):
            multiplier = self._multiplier(item)
            if multiplier and (found.setdefault(multiplier.name, multiplier) is not multiplier):
                self._terms.report(item, "duplicate_name", f"Another multiplier is called `{multiplier.name}`.")
        return found

    def _listed(self, node: Node, name: str) -> tuple[Node, ...]:
        items = self._terms.items(node, f"`{name}`")
        if len(items) > MOST_RULES:
            self._terms.report(node, "bad_length", f"`{name}` takes at most {MOST_RULES}, here are {len(items)}.")
        return items[:MOST_RULES]

    def _rule(self, node: Node) -> Rule | None:
        terms = self._terms
        fields = terms.fields(node, "a rule", OF_RULE, "rule", "wallet")
        name = terms.name(fields["rule"].node, "rule") if "rule" in fields else None
        wallet = terms.known(fields["wallet"].node, "wallet", self._wallets) if "wallet" in fields else None
        given = [it for it in _GIVES if it in fields]
        if fields and len(given) != 1:
            terms.report(node, "missing_key", f"A rule has one of {', '.join(f'`{it}`' for it in _GIVES)}.")
            return None
        if name and given and given[0] in _MULTIPLIED:
            self._multiplied.append(name)  # also if it has problems of its own
        gives = self._gives(given[0], fields[given[0]].node) if given else None
        if "lines" in fields and not isinstance(gives, PerAmount | PerUnit | None):
            message = "`lines` says which lines of an order count: it goes with `per` and `unit`."
            terms.report(fields["lines"].node, "unknown_key", message)
        if "from" in fields and isinstance(gives, PerEvent | PerVisit):
            terms.report(
                fields["from"].node, "unknown_key", "`from` is an amount of an order: a visit or event has none."
            )
        needs_words = isinstance(gives, PerEvent) or "lines" in fields or "from" in fields
        rule = Rule(
            name=name or "",
            wallet=wallet or "",
            gives=gives or PerVisit(1),
            where=self._where(fields, gives),
            lines=self._condition(fields["lines"].node, scopes.LINES) if "lines" in fields else None,
            threshold=self._threshold(fields["from"].node) if "from" in fields else None,
            caps=self._caps(fields["cap"].node) if "cap" in fields else {},
            sample=self._sample(fields),
            texts=self._texts(node, fields, needed=needs_words),
        )
        return rule if gives and name and wallet else None

    def _multiplier(self, node: Node) -> Multiplier | None:
        terms = self._terms
        fields = terms.fields(node, "a multiplier", _OF_MULTIPLIER, "multiplier", "times")
        name = terms.name(fields["multiplier"].node, "multiplier") if "multiplier" in fields else None
        times = terms.decimal(fields["times"].node, "times", Decimal(1), MOST_TIMES) if "times" in fields else None
        of = self._multiplied
        if "of" in fields:
            named = (terms.known(it, "rule", self._multiplied) for it in terms.items(fields["of"].node, "`of`"))
            of = [it for it in named if it]
        threshold = self._threshold(fields["from"].node) if "from" in fields else None
        if fields and "from" not in fields and "where" not in fields:
            terms.report(node, "missing_key", "A multiplier says when it holds: by `from`, by `where`, or by both.")
        multiplier = Multiplier(
            name=name or "",
            times=times or EVERYBODY,
            of=frozenset(of),
            where=self._where(fields, None),
            threshold=threshold,
            sample=self._sample(fields),
            texts=self._texts(node, fields, needed=False),
        )
        return multiplier if name and times else None

    def _gives(self, kind: str, node: Node) -> Gives | None:
        match kind:
            case "per":
                return self._per(node)
            case "event":
                return self._event(node)
            case "order":
                return self._orders(node)
        fields = self._terms.fields(node, f"`{kind}`", ("points",), "points")
        points = self._points(fields)
        if points is None:
            return None
        return PerUnit(points) if kind == "unit" else PerVisit(points)

    def _per(self, node: Node) -> PerAmount | None:
        terms = self._terms
        known = ("amount", "points", *_BASIS, "round", "by")
        fields = terms.fields(node, "`per`", known, *known)
        step = terms.money(fields["amount"].node, "amount", self._currency) if "amount" in fields else None
        points = self._points(fields)
        basis = self.basis(fields)
        rounding = terms.one_of(fields["round"].node, "round", Rounding) if "round" in fields else None
        by = terms.one_of(fields["by"].node, "by", By) if "by" in fields else None
        return PerAmount(step, points, basis, rounding, by) if step and points and basis and rounding and by else None

    def _orders(self, node: Node) -> PerOrders | None:
        fields = self._terms.fields(node, "`order`", ("every", "points"), "every", "points")
        every = self._terms.whole(fields["every"].node, "every", 1, MOST_EVERY) if "every" in fields else None
        points = self._points(fields)
        return PerOrders(every, points) if every and points else None

    def _event(self, node: Node) -> PerEvent | None:
        terms = self._terms
        fields = terms.fields(node, "`event`", ("name", "points", "once", "once_by"), "name", "points")
        event = terms.text(fields["name"].node, "`name`", longest=LONGEST_EVENT) if "name" in fields else None
        points = self._points(fields)
        once = "once" in fields and terms.flag(fields["once"].node, "once")
        by = self._path(fields["once_by"].node) if "once_by" in fields else None
        if event and by:
            self._refuse_stars(fields["once_by"].node, event, [by])
        if once and by:
            terms.report(node, "unknown_key", "Points come `once` for ever, or once for each value of `once_by`.")
        return PerEvent(event, points, once, by) if event and points else None

    def _path(self, node: Node) -> Path | None:
        text = self._terms.text(node, "`once_by`", longest=LONGEST_EVENT)
        if text is None or not isinstance(node, Value):
            return None
        try:
            path = parser.path(text)
        except InvalidDefinition as error:
            self._terms.problems += map(node.outside, error.problems)
            return None
        if path[0] != scopes.PROPERTIES or len(path) == 1:
            self._terms.report(node, "unknown_name", "`once_by` names a property, as in `properties.product_id`.")
            return None
        return path

    def _refuse_stars(self, node: Node, event: str, asked: Sequence[Path]) -> None:
        """Refuse a rule by which praise would earn more than blame."""
        if event in reviews.EVENTS and any(it[0] == scopes.PROPERTIES and it[1] in reviews.STARS for it in asked):
            self._terms.report(node, "asks_for_stars", "What a review earns does not depend on its stars.")

    def _points(self, fields: Mapping[str, Field]) -> int | None:
        return self._terms.whole(fields["points"].node, "points", 1, MOST_POINTS) if "points" in fields else None

    def basis(self, fields: Mapping[str, Field]) -> Basis | None:
        """Read which amount of an order counts: each of its three sides, before or after."""
        sides = {it: self._terms.one_of(fields[it].node, it, _Side) for it in _BASIS if it in fields}
        if len(sides) < len(_BASIS) or None in sides.values():
            return None
        return Basis(*(sides[it] is _Side.AFTER for it in _BASIS))

    def _threshold(self, node: Node) -> Threshold | None:
        fields = self._terms.fields(node, "`from`", ("amount", *_BASIS), "amount", *_BASIS)
        amount = self._terms.money(fields["amount"].node, "amount", self._currency) if "amount" in fields else None
        basis = self.basis(fields)
        return Threshold(amount, basis) if amount and basis else None

    def _caps(self, node: Node) -> dict[Period, int]:
        fields = self._terms.fields(node, "`cap`", tuple(Period))
        read = {Period(key): self._terms.whole(field.node, key, 1, MOST_POINTS) for key, field in fields.items()}
        return {period: points for period, points in read.items() if points}

    def _sample(self, fields: Mapping[str, Field]) -> Decimal:
        found = (
            self._terms.decimal(fields["sample"].node, "sample", Decimal(0), EVERYBODY) if "sample" in fields else None
        )
        return found or EVERYBODY

    def _where(self, fields: Mapping[str, Field], gives: Gives | None) -> Condition | None:
        if "where" not in fields:
            return None
        if self._scope is None:
            return self._condition(fields["where"].node, None)
        if isinstance(gives, PerEvent):
            found = self._condition(fields["where"].node, scopes.of_event(gives.event, self._scope))
            self._refuse_stars(fields["where"].node, gives.event, [it.path for it in scopes.asked_in(found)])
            return found
        return self._condition(fields["where"].node, scopes.of_order(self._scope))

    def _condition(self, node: Node, scope: Scope | None) -> Condition | None:
        return tree.read(node, None if self._scope is None else scope, self._terms)

    def _texts(self, node: Node, fields: Mapping[str, Field], *, needed: bool) -> Texts:
        if "texts" in fields:
            return self._terms.texts(fields["texts"].node, "texts", self._languages)
        if needed or "where" in fields:
            message = "What this says cannot be worded by the hub: write `texts`, as it shall be told to customers."
            self._terms.report(node, "cannot_be_said", message)
        return {}
