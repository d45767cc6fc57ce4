"""The ids of those in a segment, as a stream."""

from typing import Any, Final
from uuid import UUID

from hub.database import AT_ONCE, Database
from hub.kit import ids
from hub.segments import store

MANY: Final = AT_ONCE + 3


def row(profile_id: UUID, *segments: str, **fields: Any) -> dict[str, Any]:
    return {"_id": profile_id, "segments": {"in": [{"name": it} for it in segments]}, **fields}


async def test_all_in_a_segment_are_given_once_in_order_of_their_ids_and_not_all_at_once(database: Database) -> None:
    regulars = [ids.new_id() for _ in range(MANY)]
    mixed = [row(it, "germans", "regulars") if place % 2 else row(it, "regulars") for place, it in enumerate(regulars)]
    await database["profiles"].insert_many([*reversed(mixed), row(ids.new_id(), "germans"), row(ids.new_id())])

    batches = [batch async for batch in store.members("regulars")]

    assert [len(it) for it in batches] == [AT_ONCE, 3]
    assert [it for batch in batches for it in batch] == regulars


async def test_who_was_absorbed_is_not_given_beside_their_head(database: Database) -> None:
    head, absorbed = ids.new_id(), ids.new_id()
    await database["profiles"].insert_many([row(head, "regulars"), row(absorbed, "regulars", absorbed_by=head)])

    assert [batch async for batch in store.members("regulars")] == [[head]]


async def test_who_comes_and_goes_while_they_are_read_keeps_nobody_else_from_being_given(database: Database) -> None:
    regulars = [ids.new_id() for _ in range(MANY)]
    await database["profiles"].insert_many([row(it, "regulars") for it in regulars])
    stream = store.members("regulars")

    given = [*await anext(stream)]
    await database["profiles"].update_one({"_id": regulars[-1]}, {"$set": {"segments.in": []}})
    await database["profiles"].update_one({"_id": regulars[0]}, {"$set": {"segments.in": []}})
    await database["profiles"].insert_one(row(newcomer := ids.new_id(), "regulars"))
    given += [it async for batch in stream for it in batch]

    assert given == [*regulars[:-1], newcomer]


async def test_of_a_segment_that_nobody_is_in_nothing_is_given(database: Database) -> None:
    await database["profiles"].insert_one(row(ids.new_id(), "germans"))

    assert [batch async for batch in store.members("regulars")] == []
