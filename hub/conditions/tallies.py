"""Tallies: what a rule has counted of events, under a name that is made of it and never means anything else.

So two rules that ask the same share one, and none ever changes: who asks for something else has another one counted.
"""

import hashlib
import json
from collections.abc import Collection
from typing import Any, Final

from hub.conditions.model import Addend, Condition, Path, Tally
from hub.conditions.spelling import spell, spell_addend

PREFIX: Final = "did-"
"""How the name of every tally begins, and no rollup's."""
_DIGITS: Final = 20


def of(
    events: Collection[str],
    *,
    where: Condition | None = None,
    value: Addend | None = None,
    kept: Path | None = None,
    days: int | None = None,
) -> Tally:
    """Make the tally of these events; see `Tally`."""
    named = tuple(sorted(set(events)))
    tally = Tally("", named, where, value, kept, days)
    return Tally(_name(source_of(tally)), named, where, value, kept, days)


def source_of(tally: Tally) -> str:
    """Write a tally as the document under which it is published."""
    written: dict[str, Any] = {
        "events": tally.events,
        "where": None if tally.where is None else spell(tally.where),
        "value": None if tally.value is None else spell_addend(tally.value),
        "kept": None if tally.kept is None else spell_addend(tally.kept),
        "days": tally.days,
    }
    return json.dumps({name: it for name, it in written.items() if it is not None}, ensure_ascii=False)


def _name(source: str) -> str:
    return f"{PREFIX}{hashlib.sha256(source.encode()).hexdigest()[:_DIGITS]}"
