"""Whose event is it: the rules by which profiles are found and made."""

import asyncio
from typing import Any

import pytest

from hub.database import Database
from hub.intake.apply import apply
from tests.intake.inflow import APP, NOW, SHOP, identify, people, route_all, said, track, unrouted


async def counts(database: Database) -> dict[str, int]:
    return {name: row["events"] for name, row in (await people(database)).items()}


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ({"userId": "ada"}, "user:ada"),
        ({"anonymousId": "a1"}, "anonymous:a1"),
        ({"properties": {"email": " Ada@Example.com"}}, "email:ada@example.com"),
        ({"context": {"traits": {"phone": "+49 30 (123)"}}}, "phone:+4930123"),
    ],
)
async def test_a_profile_is_made_once_and_found_again(who: dict[str, Any], name: str, database: Database) -> None:
    await said(track("X", messageId="m1", **who))
    await route_all()
    await said(track("X", messageId="m2", **who), track("X", messageId="m3", **who))
    await route_all()

    assert await counts(database) == {name: 3}


async def test_who_was_anonymous_and_then_signs_in_is_one_profile(database: Database) -> None:
    await said(track("Product Viewed", anonymousId="a1"), source=APP)
    await route_all()
    await said(identify(anonymousId="a1", userId="ada", traits={"email": "ada@example.com"}), source=APP)
    await route_all()
    await said(track("X", anonymousId="a1"), track("X", userId="ada"), source=APP)
    await route_all()

    assert await counts(database) == {"anonymous:a1 email:ada@example.com user:ada": 4}


async def test_the_same_holds_within_one_batch(database: Database) -> None:
    await said(
        track("Product Viewed", anonymousId="a1"),
        identify(anonymousId="a1", userId="ada"),
        track("X", userId="ada", anonymousId="a2"),
        track("X", anonymousId="a2"),
        source=APP,
    )
    await route_all()

    assert await counts(database) == {"anonymous:a1 anonymous:a2 user:ada": 4}


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_second_person_at_a_shared_computer_is_another_profile(at_once: bool, database: Database) -> None:  # noqa: FBT001  a parameter of the test
    calls = [
        identify(anonymousId="computer", userId="ada", traits={"name": "Ada"}),
        identify(anonymousId="computer", userId="bob", traits={"name": "Bob"}),
        track("X", anonymousId="computer"),
    ]
    for batch in [calls] if at_once else [[call] for call in calls]:
        await said(*batch, source=APP)
        await route_all()

    found = await people(database)
    assert await counts(database) == {"anonymous:computer user:ada": 2, "user:bob": 1}
    assert [found[name]["traits"] for name in sorted(found)] == [{"name": "Ada"}, {"name": "Bob"}]


async def test_who_names_somebody_elses_address_does_not_take_over(database: Database) -> None:
    await said(identify(userId="ada", traits={"email": "ada@example.com", "name": "Ada"}))
    await route_all()

    await said(identify(userId="eve", traits={"email": "ada@example.com", "name": "Eve"}), source=APP)
    await route_all()

    found = await people(database)
    assert await counts(database) == {"email:ada@example.com user:ada": 1, "user:eve": 1}
    assert found["email:ada@example.com user:ada"]["traits"]["name"] == "Ada"


@pytest.mark.parametrize(
    ("source", "profiles"),
    [
        (SHOP, {"email:ada@example.com user:ada": 2}),
        (APP, {"email:ada@example.com": 1, "user:ada": 1}),
    ],
)
async def test_only_a_server_gives_a_user_id_to_who_was_known_by_address(
    source: Any, profiles: dict[str, int], database: Database
) -> None:
    await said(track("Subscribed", properties={"email": "ada@example.com"}))
    await route_all()

    await said(identify(userId="ada", traits={"email": "ada@example.com"}), source=source)
    await route_all()

    assert await counts(database) == profiles


async def test_an_address_that_is_only_mentioned_identifies_nobody(database: Database) -> None:
    await said(track("Friend Invited", userId="ada", properties={"email": "bob@example.com"}))
    await route_all()

    assert await counts(database) == {"user:ada": 1}


async def test_an_identifier_is_verified_only_by_a_server(database: Database) -> None:
    async def verified() -> dict[str, bool]:
        return {row["value"]: row["verified"] async for row in database["identifiers"].find()}

    await said(identify(userId="ada", traits={"email": "ada@example.com"}), source=APP)
    await route_all()
    assert await verified() == {"ada": False, "ada@example.com": False}

    await said(track("X", userId="ada"))
    await route_all()
    assert await verified() == {"ada": True, "ada@example.com": False}

    await said(identify(userId="ada", traits={"email": "ADA@example.com", "phone": "+49 30 1"}))
    await route_all()
    assert await verified() == {"ada": True, "ada@example.com": True, "+49301": True}


async def test_two_processes_that_meet_a_new_customer_on_two_devices_make_one_profile(database: Database) -> None:
    for person in range(20):
        await said(
            identify(userId=f"u{person}", anonymousId=f"web {person}", traits={"email": f"u{person}@example.com"}),
            identify(userId=f"u{person}", anonymousId=f"app {person}", traits={"phone": f"+49 30 {100 + person}"}),
        )
        web, app = await unrouted()

        await asyncio.gather(apply([web], now=NOW), apply([app], now=NOW))
        await route_all()

    assert await counts(database) == {
        f"anonymous:app {it} anonymous:web {it} email:u{it}@example.com phone:+4930{100 + it} user:u{it}": 2
        for it in range(20)
    }
