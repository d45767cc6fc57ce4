"""Stock: how many pieces of a variant lie where. Counts are absolute; of two the newer stands, whichever came first.

All locations of a variant are one document, so that its total changes in one step. A total that leaves zero leaves a
`Restock` behind, written by the same update: those who wait are told from it, whatever dies on the way (`waiting.py`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, UpdateOne
from pymongo.errors import BulkWriteError

from hub.access.model import Caller
from hub.commerce import checks, stores
from hub.commerce.checks import BadCommerce
from hub.database import Keyed, Row, duplicates_of
from hub.kit import ids

MOST_PIECES: Final = 1_000_000_000
MOST_LOCATIONS: Final = 5_000
"""Of one variant: so many fit well into a document."""


@dataclass(frozen=True, slots=True)
class Level:
    """How many pieces lie at a location, a store or a warehouse, since `updated_at`."""

    location: str
    on_hand: int
    updated_at: datetime

    def beats(self, other: "Level | None") -> bool:
        """Tell whether it stands instead of the other: it is newer, or promises less at the same time."""
        return other is None or (self.updated_at, -self.on_hand) > (other.updated_at, -other.on_hand)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A wish that is being answered: its id, the asking that is meant, and the customer, unless they are gone."""

    wish_id: UUID
    asked_by: UUID
    profile_id: UUID | None


@dataclass(frozen=True, slots=True)
class Restock:
    """Pieces that came back, of which `left` have nobody told of them yet. `number` is the revision they came with."""

    number: int
    left: int
    chosen: tuple[Chosen, ...] = ()


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is of one variant. `rev` is that of its document, 0 where there is none."""

    sku: str
    levels: Mapping[str, Level] = field(default_factory=dict)
    rev: int = 0
    restock: Restock | None = None

    @property
    def id(self) -> UUID:
        """The key of its document."""
        return id_of(self.sku)

    @property
    def total(self) -> int:
        """The pieces at all locations."""
        return sum(it.on_hand for it in self.levels.values())

    def counted(self, levels: Iterable[Level]) -> "Stock":
        """Take in counts, of which only those that are newer than what stands change anything."""
        counts = dict(self.levels)
        for level in levels:
            if level.beats(counts.get(level.location)):
                counts[level.location] = level
        if counts == self.levels:
            return self
        changed = replace(self, levels=counts)
        if not changed.total:
            return replace(changed, restock=None)
        return changed if self.total else replace(changed, restock=Restock(self.rev + 1, changed.total))


def id_of(sku: str) -> UUID:
    """Make the key of the document of a variant's stock."""
    return ids.key_of("stock", sku)


class StockDocument(Keyed):
    """The stock of one variant at rest."""

    sku: str
    rev: int
    levels: list[dict[str, Any]]
    restock: dict[str, Any] | None

    class Settings:
        """Where stock lies, and how what is left to be told is found."""

        name = "stock"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel(
                [("restock.number", 1)],
                name="restocked",
                partialFilterExpression={"restock.number": {"$exists": True}},
            )
        ]


async def count(caller: Caller, counts: Sequence[tuple[str, Level]], *, now: datetime) -> list[tuple[str, Level]]:
    """Store counts of variants, given by sku: at most 500. Repeating it changes nothing.

    Returns:
        Those that do not stand, for a newer one does.

    Raises:
        BadCommerce: one of them cannot be; then none is stored.
        OutOfReach: the caller is limited to other brands or stores.
    """
    counts = [(sku, replace(level, updated_at=checks.stamped(level.updated_at))) for sku, level in counts]
    _check(counts, now)
    if caller.brands or caller.stores:
        locations = {level.location for _, level in counts}
        known = await stores.load(locations)
        for location in locations:
            brands = [known[location].brand] if location in known else []
            checks.check_reach(caller, brands=brands, stores=[location])
    by_sku: defaultdict[str, list[Level]] = defaultdict(list)
    for sku, level in counts:
        by_sku[sku].append(level)
    while True:
        standing = await load(by_sku)
        wanted = {sku: standing.get(sku, Stock(sku)).counted(levels) for sku, levels in by_sku.items()}
        changed = [it for sku, it in wanted.items() if it != standing.get(sku, Stock(sku))]
        if not changed:
            return [(sku, level) for sku, level in counts if standing[sku].levels[level.location] != level]
        if any(len(it.levels) > MOST_LOCATIONS for it in changed):
            raise BadCommerce("levels", f"A variant lies at {MOST_LOCATIONS} locations at most.")
        # Whoever was faster with one of them: the next look takes in what they wrote.
        await save(changed)


async def load(skus: Collection[str]) -> dict[str, Stock]:
    """Read the stock of variants. One that was never counted is left out."""
    if not skus:
        return {}
    found = StockDocument.get_pymongo_collection().find({"_id": {"$in": [id_of(it) for it in skus]}})
    return {row["sku"]: _stock_of(row) async for row in found}


async def restocked(limit: int) -> list[str]:
    """Name variants that came back and of which somebody may not have been told yet."""
    found = StockDocument.get_pymongo_collection().find({"restock.number": {"$exists": True}}, {"sku": 1})
    return [row["sku"] async for row in found.limit(limit)]


async def save(changed: Sequence[Stock]) -> None:
    """Write stock as decided, each only where its `rev` is still the one that was read."""
    updates = [
        UpdateOne({"_id": it.id, "rev": it.rev}, {"$set": {**_row_of(it), "rev": it.rev + 1}}, upsert=it.rev == 0)
        for it in changed
    ]
    try:
        await StockDocument.get_pymongo_collection().bulk_write(updates, ordered=False)
    except BulkWriteError as error:
        duplicates_of(error)  # two processes made the same one: the other one's stands


def _check(counts: Sequence[tuple[str, Level]], now: datetime) -> None:
    checks.check_count("levels", counts)
    checks.check_unique("levels", ((sku, level.location) for sku, level in counts))
    checks.check_times("levels", (level.updated_at for _, level in counts), now=now)
    for place, (sku, level) in enumerate(counts):
        checks.check_id(f"levels[{place}].sku", sku)
        checks.check_id(f"levels[{place}].location", level.location)
        if not 0 <= level.on_hand <= MOST_PIECES:
            raise BadCommerce(f"levels[{place}].onHand", f"There are 0 to {MOST_PIECES:,} pieces.")


def _row_of(stock: Stock) -> Row:
    restock = stock.restock
    return {
        "sku": stock.sku,
        "levels": [
            {"location": it.location, "on_hand": it.on_hand, "updated_at": it.updated_at}
            for it in stock.levels.values()
        ],
        "restock": restock
        and {
            "number": restock.number,
            "left": restock.left,
            "chosen": [
                {"wish_id": it.wish_id, "asked_by": it.asked_by, "profile_id": it.profile_id} for it in restock.chosen
            ],
        },
    }


def _stock_of(row: Mapping[str, Any]) -> Stock:
    restock = row["restock"]
    return Stock(
        sku=row["sku"],
        levels={it["location"]: Level(it["location"], it["on_hand"], it["updated_at"]) for it in row["levels"]},
        rev=row["rev"],
        restock=restock
        and Restock(restock["number"], restock["left"], tuple(Chosen(**chosen) for chosen in restock["chosen"])),
    )
