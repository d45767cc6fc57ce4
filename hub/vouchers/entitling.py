"""Entitling: whether a customer may buy what a reward opens early, for some by who they are, for some by a voucher."""

from datetime import datetime

from hub.profiles.model import Profile
from hub.rewards import access as rules
from hub.rewards import service as rewards
from hub.rewards.access import Access
from hub.vouchers import store


async def access(profile: Profile, *, sku: str | None = None, sale: str | None = None, at: datetime) -> Access:
    """Tell whether a customer may buy a variant, or in a sale, at a time."""
    known = (await rewards.catalogue()).rewards.values()
    opening = rules.opening(known, sku=sku, sale=sale)
    sold = [it.name for it in opening if it.cost is not None]
    held = await store.held(sold, profile.own_ids) if sold else frozenset()
    return rules.access(opening, profile, held, at=at)
