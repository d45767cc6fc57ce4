"""Tallies as rollups: what segments ask of events is counted as everything else, under names of their own."""

import json
from typing import Final

from hub.conditions import catalogue, parser, tallies
from hub.conditions.model import Addend, Path, Tally
from hub.conditions.shapes import Kind
from hub.rollups.model import Rollup

_CURRENCY: Final[Path] = ("properties", "currency")
_AMOUNTS: Final = frozenset({"value", "subtotal", "total", "revenue", "shipping", "tax", "discount", "price"})
"""Which properties of the catalogue's events are money."""


def is_tally(name: str) -> bool:
    """Tell whether a definition is a tally, which is published with the segments that ask for it."""
    return name.startswith(tallies.PREFIX)


def read(source: str) -> Rollup:
    """Read a tally as `hub.conditions.tallies.source_of` has written it."""
    written = json.loads(source)
    where, value, kept = written.get("where"), written.get("value"), written.get("kept")
    return rollup_of(
        tallies.of(
            written["events"],
            where=None if where is None else parser.parse(where),
            value=None if value is None else parser.value(value)[0],
            kept=None if kept is None else parser.path(kept),
            days=written.get("days"),
        )
    )


def rollup_of(tally: Tally) -> Rollup:
    """Give what a tally counts. Money of the catalogue's events is in the currency that they tell."""
    return Rollup(
        name=tally.name,
        events=frozenset(tally.events),
        where=tally.where,
        value=tally.value,
        windows=() if tally.days is None else (tally.days,),
        currency=_CURRENCY if _is_money(tally.events, tally.value) else None,
        kept=tally.kept,
    )


def _is_money(events: tuple[str, ...], value: Addend | None) -> bool:
    if not isinstance(value, tuple) or len(value) != len(_CURRENCY) or value[1] not in _AMOUNTS:
        return False
    known = [catalogue.EVENTS.get(event, {}) for event in events]
    return all(it.get(value[1]) is Kind.NUMBER and _CURRENCY[1] in it for it in known)
