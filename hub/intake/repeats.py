"""Stores accepted events, and drops those whose ids are known before the database has to.

One known id in a batch makes MongoDB insert one by one, which doubles its work; but looking costs a fifth of accepting
a batch. Ids come again in bursts, when clients send anew what was not answered in time: so nobody looks until one was
met, and then everybody does for a while.
"""

import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from hub.database import insert_once
from hub.events import store

WARY_SECONDS: Final = 60.0
"""How long to look after a known id was met."""


class Repeats:
    """Stores events for one process, each once. It is wary for a while after it has met one that was known."""

    def __init__(self) -> None:
        self._wary_until = 0.0

    async def store(self, rows: Mapping[UUID, Mapping[str, Any]]) -> None:
        """Store events by their ids, durable when it returns. What is known stays as it is."""
        known = await store.known(rows) if time.monotonic() < self._wary_until else set()
        new = [row for key, row in rows.items() if key not in known] if known else list(rows.values())
        taken = await insert_once(store.EventDocument, new)
        if known or taken:
            self._wary_until = time.monotonic() + WARY_SECONDS
