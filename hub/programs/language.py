"""The document of a program: YAML or JSON, checked name by name.

program: finch-club
texts: {en: the Finch Club, de: dem Finkenclub}
brand: default
zone: Europe/Berlin
currency: EUR
wallets:
  - wallet: points
    kind: spendable
    one: {en: point, de: Punkt}
    many: {en: points, de: Punkte}
    expires: {after: 365d}
    pending: 14d
    negative: within_balance
rules:
  - rule: base
    wallet: points
    per: {amount: 1.00, points: 1, tax: before, discount: after, shipping: before, round: down, by: order}

`rules_language` says how rules and multipliers are written, `tiers_language` how tiers are.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from hub.conditions.kinds import Scope
from hub.kit import documents, money
from hub.kit.documents import Field, Node, Value
from hub.kit.local_time import zone_of
from hub.kit.money import BadMoney
from hub.kit.problems import InvalidDefinition
from hub.programs import summary
from hub.programs.cost import Cost
from hub.programs.expiry import AfterDays, EndOf, Expiry, Idle, WithPeriod
from hub.programs.model import Combine, Negative, Program, Wallet, WalletKind
from hub.programs.rules_language import LONGEST_EVENT, Rules
from hub.programs.terms import LANGUAGES, LONGEST_NAME, MOST_DAYS, MOST_POINTS, Terms
from hub.programs.tiers_language import Read, TiersReader

KEYS: Final = (
    "program",
    "description",
    "texts",
    "brand",
    "zone",
    "currency",
    "wallets",
    "rules",
    "multipliers",
    "combine",
    "imports",
    "tiers",
)
MOST_WALLETS: Final = 10
MOST_LATER: Final = 10
LONGEST_DESCRIPTION: Final = 2_000
_NEEDED: Final = ("program", "texts", "zone", "currency", "wallets", "rules")
_ANY_CURRENCY: Final = "EUR"
_ANY_ZONE: Final = ZoneInfo("UTC")
_NEVER: Final = "never"
_ALL: Final = Decimal(100)


def read(source: str, scope: Scope | None) -> Program:
    """Read a program.

    Args:
        source: the document, YAML or JSON.
        scope: what rules may speak of a customer; None for one that was checked when its draft was made.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    terms = Terms()
    document = documents.load(source)
    program = _program(document, scope, terms)
    if program is not None and not terms.problems and scope is not None:
        for language in LANGUAGES:
            if language in program.texts and (too_long := summary.too_long(program, language)):
                terms.report(document, "cannot_be_said", too_long)
    if terms.problems or program is None:
        raise InvalidDefinition(terms.problems)
    return program


def _program(document: Node, scope: Scope | None, terms: Terms) -> Program | None:
    found = terms.fields(document, "a program", KEYS, *_NEEDED)
    nodes = {key: field.node for key, field in found.items()}
    if "description" in nodes:
        terms.text(nodes["description"], "`description`", longest=LONGEST_DESCRIPTION)
    name = terms.name(nodes["program"], "program") if "program" in nodes else None
    texts = terms.texts(nodes["texts"], "texts") if "texts" in nodes else {}
    currency = (_currency(nodes["currency"], terms) if "currency" in nodes else None) or _ANY_CURRENCY
    zone = (_zone(nodes["zone"], terms) if "zone" in nodes else None) or _ANY_ZONE
    of_wallets = _Wallets(terms, tuple(texts), currency)
    wallets = of_wallets.all(nodes["wallets"]) if "wallets" in nodes else {}
    rules = Rules(terms, scope, tuple(texts), currency, tuple(wallets))
    earning = rules.all(nodes["rules"]) if "rules" in nodes else {}
    multipliers = rules.multipliers(nodes["multipliers"]) if "multipliers" in nodes else {}
    reader = TiersReader(terms, tuple(texts), currency, wallets, of_wallets.expiry, rules.basis)
    tiers = reader.read(nodes["tiers"]) if "tiers" in nodes else Read(None)
    if tiers.rule and tiers.rule.name in earning:
        terms.report(nodes["tiers"], "duplicate_name", f"A rule is called `{tiers.rule.name}` already.")
    combined = terms.fields(nodes["combine"], "`combine`", ("rules", "multipliers")) if "combine" in nodes else {}
    brand = terms.text(nodes["brand"], "`brand`", longest=LONGEST_NAME) if "brand" in nodes else None
    return Program(
        name=name or "",
        texts=texts,
        brand=brand or "default",
        zone=zone,
        currency=currency,
        wallets=wallets | ({tiers.wallet.name: tiers.wallet} if tiers.wallet else {}),
        rules=earning | ({tiers.rule.name: tiers.rule} if tiers.rule else {}),
        multipliers=multipliers,
        rules_combine=_combine(combined, "rules", terms) or Combine.SUM,
        multipliers_combine=_combine(combined, "multipliers", terms) or Combine.BEST,
        imports="imports" in nodes and terms.flag(nodes["imports"], "imports"),
        tiers=tiers.tiers,
    )


def _combine(fields: Mapping[str, Field], name: str, terms: Terms) -> Combine | None:
    return terms.one_of(fields[name].node, name, Combine) if name in fields else None


def _currency(node: Node, terms: Terms) -> str | None:
    try:
        return money.currency_of(node.value if isinstance(node, Value) else None)
    except BadMoney as error:
        terms.report(node, "unknown_value", error.message)
        return None


def _zone(node: Node, terms: Terms) -> ZoneInfo | None:
    name = terms.text(node, "`zone`", longest=LONGEST_NAME)
    zone = zone_of(name) if name else None
    if name and zone is None:
        terms.report(node, "unknown_value", "`zone` is a name of the IANA time zone database, such as Europe/Berlin.")
    return zone


class _Wallets:
    """Reads the wallets of a program that is said in these languages, with amounts of this currency."""

    _KNOWN: Final = ("wallet", "kind", "one", "many", "expires", "warn", "pending", "negative", "cost")
    _NEEDED: Final = ("wallet", "kind", "one", "many", "expires")

    def __init__(self, terms: Terms, languages: tuple[str, ...], currency: str) -> None:
        self._terms = terms
        self._languages = languages
        self._currency = currency

    def all(self, node: Node) -> dict[str, Wallet]:
        items = self._terms.items(node, "`wallets`")
        if len(items) > MOST_WALLETS:
            self._terms.report(node, "bad_length", f"A program has at most {MOST_WALLETS} wallets.")
        wallets: dict[str, Wallet] = {}
        for item in items[:MOST_WALLETS]:
            wallet = self._one(item)
            if wallet and wallets.setdefault(wallet.name, wallet) is not wallet:
                self._terms.report(item, "duplicate_name", f"Another wallet is called `{wallet.name}`.")
        return wallets

    def _one(self, node: Node) -> Wallet | None:
        terms = self._terms
        found = terms.fields(node, "a wallet", self._KNOWN, *self._NEEDED)
        nodes = {key: field.node for key, field in found.items()}
        name = terms.name(nodes["wallet"], "wallet") if "wallet" in nodes else None
        kind = terms.one_of(nodes["kind"], "kind", WalletKind) if "kind" in nodes else None
        one, many = (terms.texts(nodes[it], it, self._languages) if it in nodes else {} for it in ("one", "many"))
        expiry = self.expiry(nodes["expires"]) if "expires" in nodes else None
        pending = terms.days(nodes["pending"], "pending") if "pending" in nodes else 0
        warn = terms.days(nodes["warn"], "warn") if "warn" in nodes else 0
        negative = terms.one_of(nodes["negative"], "negative", Negative) if "negative" in nodes else None
        cost = self._cost(nodes["cost"]) if "cost" in nodes else None
        if "cost" in nodes and kind is WalletKind.QUALIFYING:
            terms.report(nodes["cost"], "unknown_key", "What only counts for a tier costs nothing: leave `cost` out.")
        if name is None:
            return None
        return Wallet(
            name,
            kind or WalletKind.SPENDABLE,
            one,
            many,
            expiry,
            pending or 0,
            negative or Negative.WITHIN_BALANCE,
            warn or 0,
            cost,
        )

    def _cost(self, node: Node) -> Cost | None:
        terms = self._terms
        found = terms.fields(node, "`cost`", ("points", "amount", "breakage"), "points", "amount")
        nodes = {key: field.node for key, field in found.items()}
        points = terms.whole(nodes["points"], "points", 1, MOST_POINTS) if "points" in nodes else None
        amount = terms.money(nodes["amount"], "amount", self._currency) if "amount" in nodes else None
        percent = terms.decimal(nodes["breakage"], "breakage", Decimal(0), _ALL) if "breakage" in nodes else None
        return Cost(points, amount, percent or Decimal(0)) if points and amount else None

    def expiry(self, node: Node) -> Expiry | None:
        """Read when points expire; None is never."""
        terms = self._terms
        if isinstance(node, Value) and node.value == _NEVER:
            return None
        known = ("after", "end_of", "later", "idle", "unless")
        found = terms.fields(node, "`expires`", known)
        nodes = {key: field.node for key, field in found.items()}
        match frozenset(nodes):
            case keys if keys == {"after"}:
                days = terms.days(nodes["after"], "after")
                return AfterDays(days) if days else None
            case keys if keys in ({"end_of"}, {"end_of", "later"}):
                end_of = terms.one_of(nodes["end_of"], "end_of", EndOf)
                later = terms.whole(nodes["later"], "later", 0, MOST_LATER) if "later" in nodes else 0
                return WithPeriod(end_of, later or 0) if end_of else None
            case keys if keys == {"idle", "unless"}:
                idle = terms.days(nodes["idle"], "idle")
                events = [
                    terms.text(it, "an event", longest=LONGEST_EVENT) for it in terms.items(nodes["unless"], "`unless`")
                ]
                return Idle(idle or MOST_DAYS, tuple(it for it in events if it))
        message = (
            "Points expire `never`, or by one of {after: 365d}, {end_of: year, later: 1} "
            "and {idle: 365d, unless: [Order Completed]}."
        )
        terms.report(node, "bad_expiry", message)
        return None
