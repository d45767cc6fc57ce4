"""What tests of reviews buy, write and look at."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from hub.database import Database
from hub.events.model import Source, Trust
from hub.kit import ids
from hub.profiles.model import Profile
from hub.reviews import lifecycle, service, store
from hub.reviews.model import By, Review, Said, Text
from hub.reviews.service import Submission
from tests.rollups.stage import Shop

RULES: Final = "{reviews: rules, hold: {words: [scam]}, refuse: {shorter_than: 5}, approve: {score_from: 0}}"
"""All but a few texts approve themselves."""
DESK: Final = Source("desk", Trust.SERVER)
"""An outside system in which customers write reviews."""


async def rules(shop: Shop, source: str = RULES) -> None:
    await service.publish(source, by="test", key=source, now=shop.now)


async def buys(shop: Shop, *products: str, user: str = "ada", **properties: Any) -> None:
    lines = [{"product_id": it, "quantity": 1, "price": 5} for it in products]
    await shop.order(5 * len(lines), user=user, products=lines, **properties)
    await shop.route()


async def writes(
    shop: Shop,
    text: str = "Tastes of plums",
    product: str = "P-1",
    *,
    user: str = "ada",
    key: str = "",
    stars: int = 4,
    **more: Any,
) -> Review:
    """Submit a review without routing what follows."""
    shop.now += timedelta(seconds=1)
    said = Said(stars, Text(text), "en", "v1", show_name=False, at=shop.now)
    brought = Submission(product, said, "hub", ids.key_of("test", key or str(shop.now)), answered=True, **more)
    return await service.submit(await shop.profile(user), brought, now=shop.now)


async def approves(shop: Shop, review: Review) -> Review:
    return await _decided(shop, review, lambda it: lifecycle.approved(it, by=By.STAFF, reason=None, now=shop.now))


async def refuses(shop: Shop, review: Review) -> Review:
    return await _decided(shop, review, lambda it: lifecycle.refused(it, by=By.STAFF, reason="no", now=shop.now))


async def removes(shop: Shop, review: Review, by: By = By.STAFF) -> Review:
    return await _decided(shop, review, lambda it: lifecycle.removed(it, by=by, reason="no", now=shop.now))


async def _decided(shop: Shop, review: Review, move: Any) -> Review:
    shop.now += timedelta(seconds=1)
    return await service.decide(review.id, move, key=ids.key_of("test", str(shop.now)), now=shop.now)


async def states(profile: Profile) -> Mapping[str, str]:
    """What became of the reviews of a person, by product."""
    return {it.product_id: f"{it.state} by {it.by}" for it in await store.of(profile.own_ids)}


async def told(database: Database) -> list[tuple[str, str, str]]:
    """What the hub has announced of reviews: its name, the product, and the state that it was told in."""
    rows = database["events"].find({"source": "hub", "name": {"$regex": "^Review "}})
    found = await rows.sort([("accepted_at", 1), ("place", 1)]).to_list()
    return [(it["name"], it["properties"]["product_id"], it["properties"]["state"]) for it in found]
