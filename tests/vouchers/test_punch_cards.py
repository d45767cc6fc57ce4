"""Row 30: buy nine and get the tenth free, whatever is bought in which order and whatever is given back."""

from typing import Any

import pytest

from hub.database import Database
from hub.ledger import flushing
from hub.profiles.model import Profile
from hub.settings import Settings
from hub.vouchers import using
from hub.vouchers.codes import Codes
from hub.vouchers.model import Order
from tests.commerce.ordering import profile_id_of
from tests.earning.ordering import written
from tests.earning.shop import activate, bought, gave_back
from tests.intake.inflow import NOW, SHOP
from tests.vouchers.stage import Stage

STAMPS = "unit: {points: 1}, lines: 'product.category = \"Coffee\"'"
TENTH = """\
reward: tenth-coffee
kind: free_product
gives: {skus: [espresso, latte]}
labels: {en: Your tenth coffee}
cost: {program: club, wallet: stamps, points: 9}
auto: true
"""


@pytest.fixture
async def card(database: Database, settings: Settings) -> Stage:
    """A shop with a punch card for coffee."""
    await activate(written(STAMPS, wallet="expires: never, negative: negative", wallets=("stamps",)))
    stage = Stage(database, Codes(settings), NOW)
    await stage.publish(TENTH)
    return stage


def cups(count: int, price: object = 3, category: str = "Coffee") -> dict[str, Any]:
    return {"product_id": "P-1", "sku": "latte", "category": category, "quantity": count, "price": price}


async def buy(order: str, *lines: dict[str, Any]) -> None:
    total = sum(it["quantity"] * it["price"] for it in lines)
    await bought("ada", order, total, products=list(lines))


async def stands(card: Stage) -> tuple[int, list[str]]:
    """How many stamps are on the card, and where its vouchers stand, the oldest first."""
    owner = await profile_id_of(card.database, "ada")
    card.people["ada"] = Profile(owner)
    await flushing.flush([owner])
    await card.sweep()
    purse = await card.purse("ada", "club")
    rows = await card.database["vouchers"].find({}).sort("issued_at", 1).to_list()
    return purse.wallet("stamps").balance, [row["state"] for row in rows]


async def test_after_nine_in_any_mix_of_orders_there_is_one_voucher_and_the_eleventh_begins_the_second_card(
    card: Stage,
) -> None:
    await buy("A-1", cups(4), cups(2, category="Tea"))
    await buy("A-2", cups(1), cups(3))
    assert await stands(card) == (8, [])
    await buy("A-3", cups(1))
    assert await stands(card) == (0, ["issued"])

    row = await card.database["vouchers"].find_one({})
    assert row
    await using.confirm(row["code"], Order(SHOP.id, "A-4"), now=card.now)
    await buy("A-4", cups(1, price=0))  # the tenth, free: it earns no stamp
    assert await stands(card) == (0, ["used"])
    await buy("A-5", cups(1))
    assert await stands(card) == (1, ["used"])


async def test_a_free_cup_beside_one_that_is_paid_earns_no_stamp_by_price_or_by_discount(card: Stage) -> None:
    await buy("A-1", cups(1), cups(1, price=0))
    await bought("ada", "A-2", 3, products=[cups(1), {**cups(1), "discount": 3}])

    assert await stands(card) == (2, [])


async def test_refunding_one_of_the_nine_removes_the_stamp_and_the_voucher_that_nobody_has_used(card: Stage) -> None:
    await buy("A-1", cups(6))
    await buy("A-2", cups(3))
    assert await stands(card) == (0, ["issued"])

    line = {"sku": "latte", "product_id": "P-1", "quantity": 1}
    await gave_back("ada", "A-2", 3, refund="R-1", products=[line])

    assert await stands(card) == (8, ["released"])
    await buy("A-3", cups(1))
    assert await stands(card) == (0, ["released", "issued"])


async def test_refunding_one_of_the_nine_after_the_free_cup_was_had_is_made_up_by_the_next_cup(card: Stage) -> None:
    await buy("A-1", cups(9))
    assert await stands(card) == (0, ["issued"])
    row = await card.database["vouchers"].find_one({}) or {}
    await using.confirm(row["code"], Order(SHOP.id, "A-2"), now=card.now)

    line = {"sku": "latte", "product_id": "P-1", "quantity": 1}
    await gave_back("ada", "A-1", 3, refund="R-1", products=[line])
    assert await stands(card) == (-1, ["used"])
    await buy("A-3", cups(2))

    assert await stands(card) == (1, ["used"])


async def test_many_at_once_give_many_vouchers_and_telling_again_gives_none(card: Stage) -> None:
    await buy("A-1", cups(20))
    await bought("ada", "A-1", 60, message="again", products=[cups(20)])

    assert await stands(card) == (2, ["issued", "issued"])


async def test_a_whole_order_given_back_takes_all_its_stamps(card: Stage) -> None:
    await buy("A-1", cups(20))
    await gave_back("ada", "A-1", 60, refund="R-1")

    assert await stands(card) == (0, ["released", "released"])
