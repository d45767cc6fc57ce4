import asyncio
from typing import Any

import pytest

from hub.database import Database
from hub.journeys import service, store
from hub.journeys.catalogue import Catalogues
from hub.journeys.model import Version
from hub.journeys.service import IdempotencyKeyReused, Published
from hub.journeys.store import NoSuchVersion, VersionDocument
from hub.kit.problems import InvalidDefinition
from tests.journeys.stage import CART, DAY, NOON, TEMPLATES

LATER = CART.replace("wait: 1h", "wait: 2h")
CART_1, CART_2 = Version("cart", 1), Version("cart", 2)
BRANDS = frozenset({"default"})
"""In whose name it sends."""

pytestmark = pytest.mark.usefixtures("database")


async def publish(source: str = CART, *, key: str = "k1", by: str = "ada", **changed: Any) -> Published:
    return await service.publish(source, **{"templates": TEMPLATES, "by": by, "key": key, "now": NOON, **changed})


async def test_the_first_version_is_stored_and_people_enter_it() -> None:
    assert await publish() == Published(CART_1, new=True, brands=BRANDS)

    assert await store.live() == {"cart": 1}
    assert await store.source(CART_1) == CART


async def test_repeating_a_key_with_the_same_document_gives_the_same_answer_and_changes_nothing() -> None:
    await publish()
    before = await VersionDocument.find_all().to_list()

    assert await publish(now=NOON + DAY) == Published(CART_1, new=True, brands=BRANDS)

    assert await VersionDocument.find_all().to_list() == before


async def test_a_document_that_the_newest_version_says_already_makes_no_version() -> None:
    await publish()

    assert await publish(key="k2") == Published(CART_1, new=False, brands=BRANDS)
    assert await VersionDocument.count() == 1


async def test_another_document_is_the_next_version_and_the_older_one_stays_as_it_was() -> None:
    await publish()

    assert await publish(LATER, key="k2") == Published(CART_2, new=True, brands=BRANDS)

    assert await store.live() == {"cart": 2}
    assert [await store.source(version) for version in (CART_1, CART_2)] == [CART, LATER]


async def test_going_back_to_an_older_document_is_a_version_of_its_own() -> None:
    for number, source in enumerate([CART, LATER, CART], start=1):
        assert await publish(source, key=f"k{number}") == Published(Version("cart", number), new=True, brands=BRANDS)


@pytest.mark.parametrize("first_of_the_key_was_new", [True, False])
async def test_a_key_that_comes_again_with_another_document_is_refused_and_nothing_changes(
    *, first_of_the_key_was_new: bool
) -> None:
    if not first_of_the_key_was_new:
        await publish(key="k0")
    await publish(key="k1")

    with pytest.raises(IdempotencyKeyReused):
        await publish(LATER, key="k1")

    assert await VersionDocument.count() == 1
    assert await store.live() == {"cart": 1}


async def test_a_key_belongs_to_who_uses_it() -> None:
    await publish(by="ada")

    assert await publish(LATER, by="bob") == Published(CART_2, new=True, brands=BRANDS)


async def test_a_late_repeat_of_an_older_version_does_not_make_it_live_again() -> None:
    await publish(key="k1")
    await publish(LATER, key="k2")

    assert await publish(key="k1") == Published(CART_1, new=True, brands=BRANDS)
    assert await store.live() == {"cart": 2}


async def test_a_version_that_was_stored_by_a_publisher_who_died_is_made_live_by_the_repeat(database: Database) -> None:
    await publish()
    await database["journeys"].delete_many({})

    assert await publish() == Published(CART_1, new=True, brands=BRANDS)
    assert await store.live() == {"cart": 1}


async def test_a_document_with_problems_stores_nothing() -> None:
    with pytest.raises(InvalidDefinition):
        await publish(templates=())

    assert await VersionDocument.count() == 0


async def test_publishers_at_the_same_time_get_consecutive_numbers() -> None:
    sources = [CART.replace("wait: 1h", f"wait: {hours}h") for hours in range(1, 7)]

    published = await asyncio.gather(*(publish(source, key=source) for source in sources))

    assert sorted(it.version.number for it in published) == [1, 2, 3, 4, 5, 6]
    assert [await store.source(it.version) for it in published] == sources
    assert await store.live() == {"cart": 6}


async def test_one_key_used_at_the_same_time_for_two_documents_publishes_one_and_refuses_the_other() -> None:
    answers = await asyncio.gather(publish(CART), publish(LATER), return_exceptions=True)

    assert {type(answer) for answer in answers} == {Published, IdempotencyKeyReused}
    assert await VersionDocument.count() == 1


async def test_the_same_request_twice_at_the_same_time_is_one_version() -> None:
    answers = await asyncio.gather(publish(), publish())

    assert [answer.version for answer in answers] == [CART_1, CART_1]
    assert await VersionDocument.count() == 1


async def test_a_version_that_was_never_published_is_not_found() -> None:
    with pytest.raises(NoSuchVersion, match="cart/1"):
        await store.source(CART_1)


async def test_a_process_knows_a_new_version_at_its_next_look_and_keeps_the_older_ones_for_their_runs() -> None:
    catalogues = Catalogues()
    assert (await catalogues.current()).live == {}
    await publish()
    first = await catalogues.current()
    await publish(LATER.replace("Checkout Started", "Cart Left"), key="k2")

    second = await catalogues.current()

    assert first.entered_by == {"Checkout Started": (CART_1,)}
    assert second.entered_by == {"Cart Left": (CART_2,)}
    assert set(second.definitions) == {CART_1, CART_2}
    assert second.exits == {"Order Completed"}
    assert await catalogues.current() is second
