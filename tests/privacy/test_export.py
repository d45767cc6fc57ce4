"""One file with everything about one person, and nothing about anybody else."""

from typing import Any

import orjson
import pytest

from hub.database import Database
from hub.privacy.service import Privacy
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import APP, NOW, identify, route_all, said
from tests.privacy.person import ADA, EMAIL, NAME, PHONE, lives, of_user


async def test_an_export_holds_every_row_about_the_person_and_none_of_a_neighbour(
    settings: Settings, database: Database
) -> None:
    del database
    ada = await lives(settings)

    file = b"".join([part async for part in await Privacy(settings, DOCUMENTS).export(ada.id, now=NOW)])

    told = orjson.loads(file)
    assert (told["profile"], told["exported_at"]) == (str(ada.id), "2026-11-20T12:00:00+00:00")
    assert {name: len(rows) for name, rows in told["rows"].items() if rows} == {
        "profiles": 2,  # the device she browsed with was joined to her
        "identifiers": 4,
        "events": 15,
        "orders": 1,
        "carts": 2,  # and the one that an order empties which names none
        "wishes": 1,
        "consents": 1,
        "enrolments": 1,
        "reviews": 1,
        "sign_ins": 2,  # one from before anybody knew her
        "known_devices": 1,
        "dead_letters": 1,
        "inbox": 2,
        "messages": 2,
        "runs": 1,
        "decisions": 1,
    }
    assert {row["name"] for row in told["rows"]["events"]} == {
        "Product Viewed",
        "Identify",
        "App Opened",
        "Checkout Started",
        "Product Added",
        "Cart Updated",
        "Order Completed",
        "Order Refunded",
        "Back In Stock Requested",
        "Consent Granted",
        "Consent Changed",
        "Member Joined",
        "Product Reviewed",
        "Review Received",
    }
    text = file.decode()
    assert all(word in text for word in (ADA, NAME, EMAIL))
    assert "bob" not in text


@pytest.mark.parametrize(
    "taken",
    [
        {"traits": {"email": EMAIL, "phone": PHONE}},
        {"traits": {"email": "track", "phone": ADA}},
        {"traits": {}, "anonymousId": "track"},
    ],
    ids=["another's addresses", "a word as an address", "a word as a device"],
)
async def test_who_takes_a_name_that_nobody_vouches_for_is_given_no_refused_call_that_holds_it(
    taken: dict[str, Any], settings: Settings, database: Database
) -> None:
    await lives(settings)
    await said(identify(userId="eve", **taken), source=APP)
    await route_all()
    eve = await of_user("eve")

    file = b"".join([part async for part in await Privacy(settings, DOCUMENTS).export(eve.id, now=NOW)])

    assert "dead_letters" not in orjson.loads(file)["rows"]
    assert await database["dead_letters"].count_documents({}) == 2
