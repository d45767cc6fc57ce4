"""Rewards in MongoDB, and the votes for those that are proposed: one document for each vote."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar, Final, TypeAlias
from uuid import UUID

from pymongo import IndexModel

from hub import definitions
from hub.database import Keyed, insert_once
from hub.definitions import DefinitionDocument, Definitions, Version
from hub.kit import ids
from hub.seal import Personal


class RewardDocument(DefinitionDocument):
    """A published version of a reward."""

    class Settings:
        """Where rewards lie and how they are found."""

        name = "reward_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


class VoteDocument(Keyed):
    """That a customer wants a proposed reward. Its `_id` is made of both, so that there is one."""

    reward: str
    profile_id: UUID
    at: datetime

    class Settings:
        """Where votes lie, and how those of a reward and of a customer are found."""

        name = "reward_votes"
        personal = Personal("profile_id", ())
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("reward", 1), ("profile_id", 1)], name="reward"),
            IndexModel([("profile_id", 1)], name="profile"),
        ]


DEFINITIONS: Final = Definitions(RewardDocument, "reward")

Mark: TypeAlias = tuple[int, UUID] | None
"""The last publication: its edition and key. None where nothing was published."""


async def mark() -> Mark:
    """Tell what was published last."""
    rows = RewardDocument.get_pymongo_collection()
    row = await rows.find_one({}, {"edition": 1, "key": 1}, sort=[("edition", -1)])
    return (row["edition"], row["key"]) if row else None


async def version(wanted: Version) -> RewardDocument | None:
    """Read a version."""
    return await RewardDocument.find_one({"_id": wanted.id})


async def vote(reward: str, profile_id: UUID, *, now: datetime) -> None:
    """Keep a vote. A second one of the same customer changes nothing."""
    key = ids.key_of("reward vote", reward, profile_id)
    await insert_once(VoteDocument, [{"_id": key, "reward": reward, "profile_id": profile_id, "at": now}])


async def voters(reward: str) -> list[UUID]:
    """List who voted for a reward."""
    rows = VoteDocument.get_pymongo_collection().find({"reward": reward}, {"profile_id": 1})
    return [row["profile_id"] async for row in rows]


async def voted_by(own_ids: Collection[UUID]) -> frozenset[str]:
    """Name the rewards for which a customer voted, or who was merged into them."""
    wanted = {"profile_id": {"$in": list(own_ids)}}
    return frozenset(await VoteDocument.get_pymongo_collection().distinct("reward", wanted))
