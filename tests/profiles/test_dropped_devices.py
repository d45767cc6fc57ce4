from datetime import UTC, datetime

import pytest

from hub.kit import ids
from hub.profiles import devices
from hub.profiles import store as profiles_store
from hub.profiles.devices import Device, Platform
from hub.profiles.model import Profile

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("database")


async def somebody(*told: str) -> Profile:
    profile = Profile(id=ids.new_id(), devices=told, first_seen_at=NOON, last_seen_at=NOON)
    await profiles_store.save([profile], token=ids.new_id())
    return profile


async def registered(profile: Profile, token: str, installation: str) -> None:
    await devices.register(Device(profile.id, "shop", Platform.IOS, token, installation, None, NOON, NOON))


async def reached(profile: Profile) -> tuple[str, ...]:
    return (await devices.heads([profile.id]))[profile.id].devices


async def test_a_token_that_an_event_told_of_is_dropped_and_the_others_stay() -> None:
    ada = await somebody("old", "new")

    await devices.drop(ada.id, "new")
    await devices.drop(ada.id, "new")

    assert await reached(ada) == ("old",)


async def test_a_registered_token_is_dropped_and_may_be_registered_again() -> None:
    ada = await somebody()
    await registered(ada, "phone", "1")
    await registered(ada, "tablet", "2")

    await devices.drop(ada.id, "tablet")
    assert await reached(ada) == ("phone",)
    await registered(ada, "tablet", "2")

    assert set(await reached(ada)) == {"phone", "tablet"}


async def test_a_token_is_dropped_of_the_one_who_took_its_owner_in() -> None:
    ada, guest = await somebody("phone"), await somebody()
    assert await profiles_store.absorb([(guest, ada.id)], token=ids.new_id()) == set()
    (guest,) = (await profiles_store.load([guest.id])).values()
    await profiles_store.absorb([(guest, ada.id)], token=ids.new_id())

    await devices.drop(guest.id, "phone")

    assert await reached(ada) == ()


async def test_dropping_a_token_of_nobody_changes_nothing() -> None:
    ada = await somebody("phone")

    await devices.drop(ids.new_id(), "phone")
    await devices.drop(ada.id, "another")

    assert await reached(ada) == ("phone",)
    assert (await profiles_store.load([ada.id]))[ada.id].rev == 1
