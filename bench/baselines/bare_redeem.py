"""A bare redemption: one guarded update takes the points, if there are enough, and pushes the voucher to its member.

Fair because it is what a good engineer would write in an hour, and it is right: the balance cannot go below zero, and
the voucher is there if and only if the points are gone. It is acknowledged as ours is, by the majority and from the
journal, and as many are under way at the same time. It knows no lots, no expiry, no hold, no entry to show an auditor,
no key: a request that is repeated redeems twice.
"""

from collections.abc import Sequence
from uuid import UUID

from hub.database import Database, Row


class Writer:
    """Redeems in a collection of its own."""

    def __init__(self, database: Database) -> None:
        self._members = database["bare_members"]

    async def know(self, members: Sequence[UUID], points: int) -> None:
        """Give each of these so many points."""
        await self._members.insert_many([{"_id": it, "points": points, "vouchers": []} for it in members])

    async def redeem(self, member: UUID, cost: int, voucher: Row) -> None:
        """Turn points into a voucher.

        Raises:
            ValueError: there are too few.
        """
        enough = {"_id": member, "points": {"$gte": cost}}
        done = await self._members.update_one(enough, {"$inc": {"points": -cost}, "$push": {"vouchers": voucher}})
        if not done.modified_count:
            raise ValueError("Too few points.")

    async def count(self) -> int:
        """Count the vouchers."""
        found = await self._members.aggregate([{"$group": {"_id": None, "count": {"$sum": {"$size": "$vouchers"}}}}])
        return int((await found.to_list())[0]["count"])
