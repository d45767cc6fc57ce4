"""A member as every channel is to show them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.card import service
from hub.card.model import Card, CardReward, Expiring, NextTier, Points, Tier
from hub.kit import ids
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Earn
from hub.ledger.service import Request, fixed
from hub.profiles import store as profiles_store
from hub.profiles.model import Profile
from hub.programs import service as programs
from hub.rewards import service as rewards
from hub.settings import Settings
from hub.tiers import service as tiers
from hub.vouchers import redeeming
from hub.vouchers.codes import Codes
from hub.vouchers.redeeming import Wish
from tests.tiers.written import TIERED

REWARD: Final = """\
reward: {name}
kind: free_product
gives: {{skus: [A-1]}}
labels: {{en: {label}, de: {label}}}
cost: {{program: finch-club, points: {points}}}
"""
DAY: Final = timedelta(days=1)


@dataclass
class Member:
    """Who they are, when it is, and the codes of their vouchers."""

    profile: Profile
    hidden: Codes
    now: datetime

    async def earn(self, wallet: str, points: int, usable: datetime, expires: datetime | None = None) -> None:
        key = f"earn/{wallet}/{points}/{usable.isoformat()}"
        move = Earn(wallet, points, key, usable, expires)
        asked = Request("finch-club", self.profile.id, key, fixed(move), About("test"), at=self.now)
        await ledger.post_one(asked, now=self.now)

    async def card(self) -> Card:
        program = await service.program_named("finch-club")
        assert program
        return (await service.cards([self.profile], program, now=self.now))[self.profile.id]


TRAITS: Final = {"firstName": "Ada", "email": "ada@example.com", "phone": "+442079460000", "locale": "de-AT"}


async def somebody(now: datetime) -> Profile:
    """A customer of whom a source has told."""
    profile = Profile(id=ids.new_id(), traits=TRAITS, first_seen_at=now, last_seen_at=now)
    await profiles_store.save([profile], token=ids.new_id())
    return (await profiles_store.heads([profile.id]))[profile.id]


async def member(profile: Profile, settings: Settings, *, now: datetime) -> Member:
    """Let a customer be silver, with points, a voucher and a reward in sight."""
    first = await programs.draft(TIERED, by="test", key="a", now=now)
    await programs.activate(first.version, by="test", key="a", now=now)
    for name, points in (("coffee", 100), ("dinner", 500), ("palace", 900)):
        await publish(name, points, now=now)
    # It is nearer than the dinner, and for others.
    await publish("ferry", 250, 'when: profile.country = "DE"', now=now)
    found = Member(profile, Codes(settings), now)
    await found.earn("points", 300, now, now + 10 * DAY)
    await found.earn("points", 150, now + 14 * DAY, now + 379 * DAY)
    await found.earn("status", 1_400, now, now + 300 * DAY)
    program = await service.program_named("finch-club")
    assert program
    await tiers.review(program, {profile.id: (profile.id,)}, at=now, now=now)
    await redeeming.redeem(found.profile, Wish("coffee", ids.key_of("test", "coffee")), found.hidden, now=now)
    return found


async def publish(name: str, points: int, more: str = "", *, now: datetime) -> None:
    source = REWARD.format(name=name, label=name.title(), points=points) + more
    await rewards.publish(source, by="test", key=name, now=now)


def expected(now: datetime, until: datetime | None) -> Card:
    """The card of that member; `until` is how long their tier stays."""
    return Card(
        program="finch-club",
        label="dem Finkenclub",
        tier=Tier("silver", "Silber", until),
        next_tier=NextTier("gold", "Gold", 100),
        points=(Points("points", "Punkte", 350, 200, 150, Expiring(200, now + 10 * DAY)),),
        next_reward=CardReward("dinner", "Dinner", "points", 500, 300),
        rewards=(CardReward("coffee", "Coffee", "points", 100, 0),),
        open_vouchers=1,
    )
