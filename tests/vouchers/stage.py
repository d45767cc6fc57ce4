"""A customer with points, rewards and a clock, for the tests of vouchers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.database import Database
from hub.kit import ids
from hub.ledger import service as ledger
from hub.ledger.model import About, Purse
from hub.ledger.moves import Earn
from hub.profiles.model import Profile
from hub.rewards import service as rewards
from hub.settings import Settings
from hub.vouchers import redeeming, returns, store, sweeping, using, waiting
from hub.vouchers.codes import Codes
from hub.vouchers.model import Order, Voucher
from hub.vouchers.redeeming import Wish
from hub.vouchers.waiting import Waiting

NOON: Final = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
COFFEE: Final = """\
reward: coffee
kind: free_product
gives: {skus: [A-1]}
labels: {en: A coffee}
cost: {program: beans, points: 100}
"""


@dataclass
class Stage:
    """What a test does, at its own time."""

    database: Database
    hidden: Codes
    now: datetime = NOON
    asked: int = 0
    people: dict[str, Profile] = field(default_factory=dict)

    def person(self, name: str = "ada") -> Profile:
        return self.people.setdefault(name, Profile(ids.key_of("test", name)))

    async def publish(self, *sources: str) -> None:
        for source in sources:
            await rewards.publish(source, by="test", key=source, now=self.now)

    async def earn(
        self,
        points: int,
        *,
        origin: str = "",
        name: str = "ada",
        expires: datetime | None = None,
    ) -> None:
        self.asked += 1
        origin = origin or f"order/shop/E-{self.asked}"
        earned = Earn("points", points, origin, self.now, expires)
        owner, about = self.person(name).id, About(cause=origin)
        asked = ledger.Request("beans", owner, f"earn/{origin}", ledger.fixed(earned), about, self.now)
        await ledger.post_one(asked, now=self.now)

    async def purse(self, name: str = "ada", program: str = "beans") -> Purse:
        owner = self.person(name).id
        return (await ledger.purses(program, [owner]))[owner]

    async def available(self, name: str = "ada") -> int:
        return (await self.purse(name)).wallet("points").available(self.now)

    async def lots(self, name: str = "ada") -> list[tuple[str, int, datetime | None]]:
        wallet = (await self.purse(name)).wallet("points")
        return sorted((it.terms.origin, it.left, it.terms.expires_at) for it in wallet.lots if it.left)

    async def redeem(self, reward: str = "coffee", *, name: str = "ada", key: str = "", **wish: Any) -> Voucher:
        self.asked += 1
        wanted = Wish(reward, ids.key_of("test", name, key or self.asked), **wish)
        return await redeeming.redeem(self.person(name), wanted, self.hidden, now=self.now)

    async def ask(self, reward: str, *, name: str) -> Voucher | Waiting:
        self.asked += 1
        self.now += timedelta(seconds=1)
        wish = Wish(reward, ids.key_of("test", name, self.asked))
        return await waiting.ask(self.person(name), wish, self.hidden, now=self.now)

    async def promote(self) -> int:
        return await waiting.promote(self.hidden, now=self.now)

    async def cancel(self, voucher: Voucher) -> Voucher:
        return await redeeming.cancel(voucher.id, now=self.now)

    async def confirm(self, voucher: Voucher, order: str = "O-1", **where: Any) -> using.Granted:
        return await using.confirm(voucher.code, Order("till", order), now=self.now, **where)

    async def reserve(self, voucher: Voucher, order: str = "O-1", **where: Any) -> using.Granted:
        return await using.reserve(voucher.code, Order("till", order), now=self.now, **where)

    async def free(self, voucher: Voucher, order: str = "O-1") -> Voucher:
        return await using.free(voucher.code, Order("till", order), now=self.now)

    async def reverse(self, order: str = "O-1") -> int:
        return await returns.reverse(Order("till", order), now=self.now)

    async def sweep(self) -> None:
        while await sweeping.sweep(now=self.now):
            pass

    async def voucher(self, voucher: Voucher) -> Voucher:
        row = await store.read(voucher.id)
        assert row
        return store.voucher_of(row)

    async def told(self, name: str = "ada") -> Sequence[str]:
        """List what is told of somebody, but for what the ledger tells of their points."""
        about = {"about": self.person(name).id, "name": {"$not": {"$regex": "^Points "}}}
        rows = await self.database["events"].find(about).sort([("accepted_at", 1), ("place", 1)]).to_list()
        return [row["name"] for row in rows]

    async def places(self) -> dict[str, int]:
        """What is taken of anything."""
        rows = await self.database["reward_places"].find({"taken": {"$ne": 0}}).to_list()
        assert all(len(row["held"]) == row["taken"] for row in rows)
        return {row["of"].partition("/")[0]: row["taken"] for row in rows}


def stage(database: Database, settings: Settings) -> Stage:
    return Stage(database, Codes(settings))
