"""The language of shipping rules: a document of YAML or JSON, checked name by name, becomes a `Table`.

    shipping: standard
    currency: EUR
    warn_above: 20%
    rules:
      - {name: free-from-50, methods: [standard], countries: [DE, AT], value: {from: 50}, free: true}
      - {name: small, methods: [standard], countries: [DE, AT], value: {from: 25, below: 50}, flat: 4.90}
      - {name: heavy, methods: [standard], weight: {below: 30000}, by_weight: {base: 4.90, per_kilogram: 1.20}}
      - {name: express, methods: [express], by_value: {percent: 5, least: 9.90, most: 49}}

Amounts are in the rule's `currency`, else in that of the table; weights are grams. `from` belongs to a band, `below` no
more. What a rule does not name it does not ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hub.commerce.shipping import PER_CENT, Band, Basis, ByValue, ByWeight, Fee, Flat, Rule, Table
from hub.kit import documents, money
from hub.kit.documents import Field, Node, Value
from hub.kit.money import BadMoney
from hub.kit.problems import InvalidDefinition, Problem
from hub.kit.reading import Reading, spoken

LONGEST_NAME: Final = 64
MOST_GRAMS: Final = 100_000_000
WARN_ABOVE: Final = Decimal(20)
"""Per cent of the smallest cart that a flat fee may be, where the document does not say."""

_COUNTRY_LETTERS: Final = 2
_KEYS: Final = ("shipping", "currency", "warn_above", "rules")
_FEES: Final = tuple(basis.value for basis in Basis)
_RULE_KEYS: Final = ("name", "methods", "countries", "brands", "currency", "value", "weight", *_FEES)


@dataclass(frozen=True, slots=True)
class Read:
    """A table, its name, and what its author may want to look at again: warnings stop nothing."""

    name: str
    table: Table
    warnings: tuple[Problem, ...]


def read(source: str) -> Read:
    """Read a table that somebody wants to publish, or has.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    reading = Reading()
    fields = reading.fields(documents.load(source), "a table of shipping", _KEYS, "shipping", "currency", "rules")
    name = _name(fields, "shipping", reading)
    currency = _currency(fields["currency"].node, reading) if "currency" in fields else ""
    share = _percent(fields["warn_above"].node, "`warn_above`", reading) if "warn_above" in fields else WARN_ABOVE
    reader = _Rules(reading, currency, share)
    if "rules" in fields:
        for node in reading.items(fields["rules"].node, "`rules`"):
            reader.rule(node)
    if reading.problems:
        raise InvalidDefinition(reading.problems)
    return Read(name, Table(tuple(reader.rules)), tuple(sorted(reader.warnings)))


class _Rules:
    """Reads rules one after the other, and what is strange about them."""

    def __init__(self, reading: Reading, currency: str, share: Decimal) -> None:
        self._reading = reading
        self._currency = currency
        self._share = share
        self.rules: list[Rule] = []
        self.warnings: list[Problem] = []

    def rule(self, node: Node) -> None:
        reading = self._reading
        fields = reading.fields(node, "a rule", _RULE_KEYS, "name", "methods")
        name = _name(fields, "name", reading)
        if name and name in {rule.name for rule in self.rules}:
            reading.report(fields["name"].node, "duplicate_name", f"Another rule is called `{name}`.")
        currency = _currency(fields["currency"].node, reading) if "currency" in fields else self._currency
        rule = Rule(
            name=name,
            methods=self._names(fields, "methods"),
            currency=currency,
            fee=self._fee(node, fields, currency),
            countries=self._countries(fields),
            brands=self._names(fields, "brands"),
            value=self._band(fields, "value", currency),
            weight=self._band(fields, "weight", None),
        )
        self._warn(rule, fields)
        self.rules.append(rule)

    def _names(self, fields: Mapping[str, Field], key: str) -> tuple[str, ...]:
        if key not in fields:
            return ()
        items = self._reading.items(fields[key].node, f"`{key}`")
        found = (self._reading.text(it, f"an item of `{key}`", longest=LONGEST_NAME) for it in items)
        return tuple(it for it in found if it is not None)

    def _countries(self, fields: Mapping[str, Field]) -> tuple[str, ...]:
        if "countries" not in fields:
            return ()
        nodes = self._reading.items(fields["countries"].node, "`countries`")
        for node in nodes:
            code = node.value if isinstance(node, Value) else None
            if not (isinstance(code, str) and len(code) == _COUNTRY_LETTERS and code.isascii() and code.isupper()):
                self._reading.report(node, "bad_country", "A country is an ISO 3166 code, such as DE.")
        return tuple(str(node.value) for node in nodes if isinstance(node, Value))

    def _band(self, fields: Mapping[str, Field], key: str, currency: str | None) -> Band | None:
        if key not in fields:
            return None
        node = fields[key].node
        ends = self._reading.fields(node, f"`{key}`", ("from", "below"))
        since, below = (
            (self._amount(ends[end].node, currency) if currency is not None else self._grams(ends[end].node))
            if end in ends
            else None
            for end in ("from", "below")
        )
        if below is not None and below <= (since or 0):
            self._reading.report(node, "empty_band", f"Nothing is from `from` and below `below` here: `{key}`.")
        return Band(since or 0, below)

    def _fee(self, node: Node, fields: Mapping[str, Field], currency: str) -> Fee:
        given = [key for key in _FEES if key in fields]
        if len(given) != 1:
            self._reading.report(node, "one_fee", f"A rule has one of {', '.join(_FEES)}.")
            return Flat(0)
        fee = fields[given[0]].node
        match given[0]:
            case Basis.FREE:
                if not isinstance(fee, Value) or fee.value is not True:
                    self._reading.report(fee, "wrong_type", f"`free` takes true, not {spoken(fee)}.")
                return Flat(0)
            case Basis.FLAT:
                return Flat(self._amount(fee, currency))
            case Basis.BY_WEIGHT:
                parts = self._reading.fields(fee, "`by_weight`", ("base", "per_kilogram"), "per_kilogram")
                base, per_kilogram = (self._part(parts, key, currency) for key in ("base", "per_kilogram"))
                return ByWeight(base or 0, per_kilogram or 0)
        parts = self._reading.fields(fee, "`by_value`", ("percent", "least", "most"), "percent")
        least, most = (self._part(parts, key, currency) for key in ("least", "most"))
        percent = _percent(parts["percent"].node, "`percent`", self._reading) if "percent" in parts else Decimal(0)
        if most is not None and most < (least or 0):
            self._reading.report(fee, "empty_band", "`most` is less than `least`.")
        return ByValue(percent, least or 0, most)

    def _part(self, parts: Mapping[str, Field], key: str, currency: str) -> int | None:
        return self._amount(parts[key].node, currency) if key in parts else None

    def _amount(self, node: Node, currency: str) -> int:
        """Read an amount as minor units. Where the currency is wrong that is what is reported."""
        try:
            minor = money.minor_of(node.value if isinstance(node, Value) else None, currency) if currency else 0
        except BadMoney as error:
            self._reading.report(node, "bad_amount", error.message)
            return 0
        if minor < 0:
            self._reading.report(node, "bad_amount", "An amount is not below zero.")
        return minor

    def _grams(self, node: Node) -> int:
        number = node.value if isinstance(node, Value) else None
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_GRAMS:
            self._reading.report(node, "bad_weight", f"A weight is a whole number of grams, 0 to {MOST_GRAMS:,}.")
            return 0
        return number

    def _warn(self, rule: Rule, fields: Mapping[str, Field]) -> None:
        """Say so where a flat fee is too much for the smallest cart that the rule fits."""
        if rule.basis is not Basis.FLAT or not isinstance(rule.fee, Flat):
            return
        smallest = rule.value.since if rule.value else 0
        if rule.fee.minor * PER_CENT > smallest * self._share:
            node = fields["flat"].node
            whose = f"of {money.Money(smallest, rule.currency).amount} {rule.currency}" if smallest else "of any value"
            message = f"This is more than {self._share}% of a cart {whose}, which the rule `{rule.name}` fits."
            self.warnings.append(Problem(node.line, node.column, "fee_above_share", message))


def _name(fields: Mapping[str, Field], key: str, reading: Reading) -> str:
    return (reading.text(fields[key].node, f"`{key}`", longest=LONGEST_NAME) or "") if key in fields else ""


def _currency(node: Node, reading: Reading) -> str:
    try:
        return money.currency_of(node.value if isinstance(node, Value) else None)
    except BadMoney as error:
        reading.report(node, "bad_currency", error.message)
        return ""


def _percent(node: Node, name: str, reading: Reading) -> Decimal:
    """Read a share, `20%` or `20`, of 0 to 100."""
    said = node.value if isinstance(node, Value) else None
    text = str(said).removesuffix("%") if isinstance(said, str | int | float) and not isinstance(said, bool) else ""
    if text.replace(".", "", 1).isdecimal() and text.isascii() and Decimal(text) <= PER_CENT:
        return Decimal(text)
    reading.report(node, "bad_percent", f"{name} takes a share of 0% to 100%.")
    return Decimal(0)
