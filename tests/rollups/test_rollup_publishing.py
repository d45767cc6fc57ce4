"""Definitions are published as versions that never change; what comes with the hub gives way to the shop's own."""

from typing import Any

import pytest

from hub.database import Database
from hub.definitions import Published, Version
from hub.kit.problems import InvalidDefinition
from hub.profiles import listing
from hub.rollups import service, store
from hub.rollups.catalogue import Catalogues
from hub.rollups.model import Rollup
from tests.rollups.stage import NOON, SPEND, VISITS, together

pytestmark = pytest.mark.usefixtures("database")


async def publish(source: str = SPEND, *, key: str = "k") -> Published:
    return await service.publish(source, by="ada", key=key, now=NOON)


async def live() -> dict[str, tuple[int, int, str]]:
    return {it.name: (it.number, it.edition, it.published_by) for it in await store.DEFINITIONS.live()}


async def test_another_document_is_the_next_version_and_the_same_one_changes_nothing() -> None:
    assert await publish() == Published(Version("spend", 1), new=True)
    assert await publish() == Published(Version("spend", 1), new=True)  # the same request, done again after a crash
    assert await publish(key="other") == Published(Version("spend", 1), new=False)
    assert await publish(VISITS, key="k2") == Published(Version("visits", 1), new=True)
    assert await publish(SPEND.replace("7d", "8d"), key="k3") == Published(Version("spend", 2), new=True)

    assert await live() == {"spend": (2, 3, "ada"), "visits": (1, 2, "ada")}


async def test_publishers_at_the_same_time_get_consecutive_versions_and_editions() -> None:
    sources = [SPEND.replace("7d", f"{days}d") for days in range(1, 6)]

    await together(*(publish(source, key=source) for source in sources))

    assert await live() == {"spend": (5, 5, "ada")}


async def test_a_document_with_problems_stores_nothing() -> None:
    with pytest.raises(InvalidDefinition):
        await publish("stages: [{stage: a, when: unheard_of.count > 1}]")

    assert await live() == {}


async def test_stages_may_read_what_is_published() -> None:
    await publish()

    assert (await publish("stages: [{stage: big, when: spend.sum > 100}]", key="k2")).new
    assert (await Catalogues().current()).stages is not None


async def test_what_comes_with_the_hub_is_published_once_and_gives_way_to_the_shops_own(monkeypatch: Any) -> None:
    await service.ship(now=NOON)
    await service.ship(now=NOON)
    own = service.shipped()[0].replace("30d, ", "")
    await publish(own)
    shipped = [source.replace("365d", "300d") for source in service.shipped()]
    monkeypatch.setattr(service, "shipped", lambda: shipped)

    await service.ship(now=NOON)  # as a newer hub would

    assert await live() == {
        "purchases": (2, 6, "ada"),
        "preferred-channel": (2, 7, "hub"),
        "preferred-store": (2, 8, "hub"),
        "engagement": (1, 4, "hub"),
        "stages": (1, 5, "hub"),
    }


async def test_a_process_knows_a_new_version_at_its_next_look() -> None:
    catalogues = Catalogues()
    assert (await catalogues.current()).edition == 0
    await publish()
    first = await catalogues.current()
    await publish(SPEND.replace("7d, 30d", "8d"), key="k2")

    second = await catalogues.current()

    assert (first.edition, first.versions) == (1, {"spend": Version("spend", 1)})
    assert (second.edition, second.versions) == (2, {"spend": Version("spend", 2)})
    spend = second.measures["spend"]
    assert isinstance(spend, Rollup)
    assert spend.windows == (8,)
    assert second.heard == {"Order Completed": (spend,)}
    assert await catalogues.current() is second


@pytest.mark.parametrize(
    ("where", "index"),
    [(store.behind_of(3), "edition"), (listing.due_at(NOON), "next_change")],
)
async def test_whom_to_fill_and_whom_to_move_is_found_by_an_index(where: Any, index: str, database: Database) -> None:
    plan = await database["profiles"].find(where).explain()

    assert plan["queryPlanner"]["winningPlan"]["inputStage"]["indexName"] == index
