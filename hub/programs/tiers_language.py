"""The tiers of a program's document.

tiers:
  by: status
  lasts: {end_of: year, later: 1}
  grace: 30d
  down: one_step
  refund: at_end
  levels:
    - {tier: silver, from: 500, texts: {en: Silver, de: Silber}, perks: [free-shipping]}
    - {tier: gold, from: 1500, texts: {en: Gold, de: Gold}, perks: [early-access]}

`by` names a qualifying wallet, or counts by itself, in a wallet of that name:

  by: {spend: {tax: before, discount: after, shipping: before}, counts: {end_of: year}}
  by: {orders: all, counts: {after: 365d}}
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hub.kit.documents import Field, Fields, Node
from hub.programs import tiers
from hub.programs.expiry import Expiry, Idle
from hub.programs.model import Basis, By, Gives, Negative, PerAmount, PerOrders, Rounding, Rule, Wallet, WalletKind
from hub.programs.terms import LONGEST_NAME, MOST_POINTS, Terms
from hub.programs.tiers import AfterRefund, Down, Level, Tiers

MOST_LEVELS: Final = 10
MOST_PERKS: Final = 50
KEYS: Final = ("by", "lasts", "grace", "down", "refund", "levels")
_BY: Final = ("spend", "orders", "counts")
_OF_LEVEL: Final = ("tier", "from", "texts", "perks")
_EVERYBODY: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Read:
    """Tiers as they were read, with the wallet and the rule that they bring along, if they count by themselves."""

    tiers: Tiers | None
    wallet: Wallet | None = None
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class _Counted:
    """What decides: a wallet, and whether its points are an amount."""

    name: str
    is_money: bool = False
    wallet: Wallet | None = None
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class TiersReader:
    """Reads them.

    Attributes:
        terms: collects the problems.
        languages: in which the program is said.
        currency: of its amounts.
        wallets: those of the document.
        expiry: reads when points expire.
        basis: reads which amount of an order counts.
    """

    terms: Terms
    languages: tuple[str, ...]
    currency: str
    wallets: Mapping[str, Wallet]
    expiry: Callable[[Node], Expiry | None]
    basis: Callable[[Mapping[str, Field]], Basis | None]

    def read(self, node: Node) -> Read:
        """Read the tiers."""
        terms = self.terms
        found = terms.fields(node, "`tiers`", KEYS, "by", "lasts", "down", "refund", "levels")
        nodes = {key: field.node for key, field in found.items()}
        counted = self._by(nodes["by"]) if "by" in nodes else None
        lasts = self.expiry(nodes["lasts"]) if "lasts" in nodes else None
        if isinstance(lasts, Idle):
            terms.report(nodes["lasts"], "bad_expiry", "A tier lasts for some time, or to the end of a period.")
            lasts = None
        down = terms.one_of(nodes["down"], "down", Down) if "down" in nodes else None
        refund = terms.one_of(nodes["refund"], "refund", AfterRefund) if "refund" in nodes else None
        levels = self._levels(nodes["levels"], is_money=bool(counted and counted.is_money)) if "levels" in nodes else ()
        grace = terms.days(nodes["grace"], "grace") if "grace" in nodes else 0
        if counted is None or down is None or refund is None or not levels:
            return Read(None)
        return Read(
            Tiers(counted.name, lasts, grace or 0, down, refund, levels), wallet=counted.wallet, rule=counted.rule
        )

    def _by(self, node: Node) -> _Counted | None:
        terms = self.terms
        if not isinstance(node, Fields):
            qualifying = [it.name for it in self.wallets.values() if it.kind is WalletKind.QUALIFYING]
            name = terms.known(node, "qualifying wallet", qualifying)
            return _Counted(name) if name else None
        found = terms.fields(node, "`by`", _BY, "counts")
        kinds = [it for it in (tiers.SPEND, tiers.ORDERS) if it in found]
        if len(kinds) != 1:
            terms.report(node, "missing_key", "Tiers are `by` a qualifying wallet, by `spend`, or by `orders`.")
            return None
        (kind,) = kinds
        if kind in self.wallets:
            terms.report(node, "duplicate_name", f"A wallet is called `{kind}` already: name it here.")
        counts = self.expiry(found["counts"].node) if "counts" in found else None
        if isinstance(counts, Idle):
            terms.report(found["counts"].node, "bad_expiry", "What qualifies counts for some time, or in a period.")
        gives = self._spend(found[kind].node) if kind == tiers.SPEND else self._orders(found[kind].node)
        if gives is None:
            return None
        wallet = Wallet(kind, WalletKind.QUALIFYING, {}, {}, counts, 0, Negative.WITHIN_BALANCE)
        rule = Rule(kind, kind, gives, None, None, None, {}, _EVERYBODY, {})
        return _Counted(kind, kind == tiers.SPEND, wallet, rule)

    def _spend(self, node: Node) -> Gives | None:
        sides = ("tax", "discount", "shipping")
        basis = self.basis(self.terms.fields(node, "`spend`", sides, *sides))
        return PerAmount(1, 1, basis, Rounding.NEAREST, By.ORDER) if basis else None

    def _orders(self, node: Node) -> Gives | None:
        return PerOrders(1, 1) if self.terms.known(node, "kind of order", ("all",)) else None

    def _levels(self, node: Node, *, is_money: bool) -> tuple[Level, ...]:
        terms = self.terms
        items = terms.items(node, "`levels`")
        if len(items) > MOST_LEVELS:
            terms.report(node, "bad_length", f"A program has at most {MOST_LEVELS} tiers.")
        levels: list[Level] = []
        for item in items[:MOST_LEVELS]:
            level = self._level(item, is_money=is_money)
            if level is None:
                continue
            if any(it.name == level.name for it in levels):
                terms.report(item, "duplicate_name", f"Another tier is called `{level.name}`.")
            if levels and level.least <= levels[-1].least:
                terms.report(
                    item, "bad_order", f"`{level.name}` begins where a lower tier does, or below: lowest first."
                )
            levels.append(level)
        return tuple(levels)

    def _level(self, node: Node, *, is_money: bool) -> Level | None:
        terms = self.terms
        found = terms.fields(node, "a tier", _OF_LEVEL, "tier", "from", "texts")
        nodes = {key: field.node for key, field in found.items()}
        name = terms.name(nodes["tier"], "tier") if "tier" in nodes else None
        least = None
        if "from" in nodes:
            least = (
                terms.money(nodes["from"], "from", self.currency)
                if is_money
                else terms.whole(nodes["from"], "from", 1, MOST_POINTS)
            )
        texts = terms.texts(nodes["texts"], "texts", self.languages) if "texts" in nodes else {}
        items = terms.items(nodes["perks"], "`perks`")[:MOST_PERKS] if "perks" in nodes else ()
        perks = [terms.text(it, "a perk", longest=LONGEST_NAME) for it in items]
        return Level(name, least, texts, tuple(it for it in perks if it)) if name and least else None
