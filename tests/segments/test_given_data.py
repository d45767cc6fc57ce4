"""What customers tell of themselves, and the words under which they tell it."""

from datetime import timedelta
from typing import Final

from hub.database import Database
from tests.rollups.stage import Shop
from tests.segments.test_membership import identify, moves, names, publish

KNOWN: Final = "{segment: birthday-known, when: 'exists(profile.birthday) and consent.email.marketing = \"granted\"'}"


async def test_completing_a_profile_field_stores_the_consent_text_version_and_time_and_refilling_it_changes_neither(
    shop: Shop, database: Database
) -> None:
    await publish(shop, KNOWN)
    shop.now += timedelta(seconds=1)
    said_at = shop.now
    await shop.say("Consent Granted", properties={"channel": "email", "version": "birthday-2026-11"})
    await identify(shop, birthday="1990-11-28")
    told = (await shop.profile()).consents
    assert names(await shop.profile()) == {"birthday-known"}

    await identify(shop, birthday=None)
    assert names(await shop.profile()) == set()
    await identify(shop, birthday="1990-11-28")

    ada = await shop.profile()
    word = ada.consents["default/marketing/email"]
    assert (word["state"], word["version"], word["at"]) == ("granted", "birthday-2026-11", said_at)
    assert ada.consents == told
    assert await database["consents"].count_documents({}) == 1
    assert names(ada) == {"birthday-known"}
    assert [it for it, _ in await moves(database, ada)] == ["Entered", "Left", "Entered"]
