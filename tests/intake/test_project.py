"""Projections and the records of orders: what is not about them costs one small read, of which programs there are."""

from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import uuid4

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from hub.commerce import recording
from hub.database import Database
from hub.events.model import Event, Kind, Trust
from hub.intake.apply import Applied
from hub.intake.project import project
from hub.profiles.model import Profile
from tests.killing import WRITES

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
READS = ("aggregate", "count_documents", "distinct", "find", "find_one", "find_one_and_update")


async def test_an_event_that_concerns_no_projection_and_no_order_costs_one_small_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    del database  # its documents are bound: whoever asked would reach it

    def asked(*_: Any, **__: Any) -> NoReturn:
        pytest.fail("The database was asked.")

    reads: list[str] = []

    async def read(self: AsyncCollection[Any], *_: Any, **__: Any) -> None:
        reads.append(self.name)

    for name in (*READS, *WRITES):
        monkeypatch.setattr(AsyncCollection, name, asked)
    monkeypatch.setattr(AsyncCollection, "find_one", read)
    ada = Profile(id=uuid4())
    seen = [
        Event(
            id=uuid4(),
            source="shop",
            trust=Trust.SERVER,
            kind=Kind.TRACK,
            name=name,
            user_id="ada",
            anonymous_id=None,
            properties={"sku": "shirt", "products": []},
            traits={},
            context={},
            at=NOW,
            accepted_at=NOW,
            profile_id=ada.id,
            seq=1,
        )
        for name in ("Page Viewed", "Product Viewed", "Checkout Started", "Cart Updated", "Consent Changed")
    ]

    await project(Applied(seen, {ada.id: ada}), now=NOW)

    assert reads == ["program_activations"]
    recorded = await recording.record(seen, {ada.id: ada}, now=NOW)
    assert recorded.profiles == {ada.id: ada}
    assert await recorded.finish({ada.id}) == set()
