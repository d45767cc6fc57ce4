"""A broadcast is created once under its key, if it can be, by who may."""

from dataclasses import replace

import pytest

from hub.access.model import Limited
from hub.broadcasts import service, store
from hub.broadcasts.model import BadBroadcast, NotAdvertising, State
from tests.broadcasts.stage import DAY, HOUR, NOON, SALE, Stage


@pytest.mark.usefixtures("stage")
async def test_creating_again_under_the_same_key_gives_the_same_broadcast() -> None:
    one = await service.create(SALE, by="ada", key="k", now=NOON)
    again = await service.create(SALE, by="ada", key="k", now=NOON + HOUR)
    other = await service.create(SALE, by="bob", key="k", now=NOON)

    assert again.broadcast == one.broadcast
    assert other.broadcast.id != one.broadcast.id


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"segment": "vip"}, "segment", "There is no segment `vip`. Did you mean `vips`?"),
        ({"template": "sail"}, "template", "There is no template `sail`. Did you mean `sale`?"),
    ],
)
async def test_a_name_that_there_is_not_is_refused_with_the_nearest_one(
    stage: Stage, changed: dict[str, str], field: str, sentence: str
) -> None:
    with pytest.raises(BadBroadcast) as refused:
        await stage.create(**changed)

    assert (refused.value.field, refused.value.message) == (field, sentence)
    assert (await store.due(NOON + DAY)) == []


async def test_what_must_be_said_is_not_said_by_a_broadcast(stage: Stage) -> None:
    with pytest.raises(NotAdvertising):
        await stage.create(topic="service")


@pytest.mark.usefixtures("stage")
async def test_who_is_limited_to_brands_creates_and_steers_only_theirs() -> None:
    with pytest.raises(Limited):
        await service.create(SALE, by="ada", key="k", now=NOON, brands={"other"})
    theirs = await service.create(replace(SALE, brand="other"), by="ada", key="k", now=NOON, brands={"other"})

    for change in (service.pause, service.resume, service.cancel):
        with pytest.raises(Limited):
            await change(theirs.broadcast.id, now=NOON, brands={"third"})
    assert (await store.find(theirs.broadcast.id)).state is State.SCHEDULED
