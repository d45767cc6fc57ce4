import pytest
from pydantic import SecretStr

from hub.database import Database
from hub.kit.signing import NoSecret
from hub.profiles.consent import ALL
from hub.profiles.model import Channel
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.settings import Settings
from hub.vault import SealedKeyDocument, WrongSecret
from tests.profiles.test_consents import LATER, NOON

ADA = (Channel.EMAIL, "ada@example.com")


@pytest.fixture
def listed(settings: Settings, database: Database) -> Suppressions:
    del database
    return Suppressions(settings)


async def test_a_suppressed_address_is_known_in_every_spelling_and_stored_in_none(
    listed: Suppressions, database: Database
) -> None:
    await listed.suppress(ADA, SuppressionReason.COMPLAINED, now=NOON)
    await listed.suppress((Channel.SMS, "+49 170 1234567"), SuppressionReason.REQUESTED, now=NOON)

    ada, phone = (Channel.EMAIL, " Ada@Example.COM"), (Channel.SMS, "+491701234567")
    assert await listed.among({ada, phone, (Channel.SMS, "+491")}) == {
        ada: {ALL: SuppressionReason.COMPLAINED},
        phone: {ALL: SuppressionReason.REQUESTED},
    }
    stored = repr([row async for row in database["suppressions"].find()]).lower()
    assert ("ada@" in stored, "example" in stored, "1701234567" in stored) == (False, False, False)


async def test_of_one_address_in_two_spellings_both_are_suppressed(listed: Suppressions) -> None:
    await listed.suppress(ADA, SuppressionReason.REQUESTED, now=NOON)

    two = (ADA, (Channel.EMAIL, "Ada@Example.com"))
    assert await listed.among(two) == {it: {ALL: SuppressionReason.REQUESTED} for it in two}


async def test_an_address_is_suppressed_on_its_channel_only(listed: Suppressions) -> None:
    await listed.suppress((Channel.SMS, "ada@example.com"), SuppressionReason.LEGAL, now=NOON)

    assert await listed.among([ADA]) == {}


async def test_a_brand_may_be_kept_from_an_address_that_others_write_to(listed: Suppressions) -> None:
    await listed.suppress(ADA, SuppressionReason.REQUESTED, brand="north", now=NOON)
    await listed.suppress(ADA, SuppressionReason.BOUNCED, brand="south", now=NOON)

    await listed.lift(ADA, brand="south")

    assert await listed.among([ADA]) == {ADA: {"north": SuppressionReason.REQUESTED}}


async def test_the_first_reason_stands_and_lifting_takes_it_away(listed: Suppressions, database: Database) -> None:
    await listed.suppress(ADA, SuppressionReason.COMPLAINED, now=NOON)
    await listed.suppress(ADA, SuppressionReason.BOUNCED, now=LATER)
    assert await listed.among([ADA]) == {ADA: {ALL: SuppressionReason.COMPLAINED}}

    await listed.lift(ADA)
    await listed.lift(ADA)

    assert await listed.among([ADA]) == {}
    assert await database["suppressions"].count_documents({}) == 0


async def test_the_list_survives_any_number_of_changes_of_the_secret(listed: Suppressions, settings: Settings) -> None:
    await listed.suppress(ADA, SuppressionReason.LEGAL, now=NOON)
    sealed = await SealedKeyDocument.get_pymongo_collection().find_one({"_id": "suppression key"})
    assert sealed is not None
    try:
        before = settings.secret_key
        for number in range(3):
            after = SecretStr(f"secret number {number}, long enough to seal with")
            changed = settings.model_copy(update={"secret_key": after, "secret_key_previous": before})
            assert await Suppressions(changed).among([ADA]) == {ADA: {ALL: SuppressionReason.LEGAL}}
            before = after
        with pytest.raises(WrongSecret):
            await Suppressions(settings).among([ADA])
    finally:  # the key outlives a test, as it outlives everything
        await SealedKeyDocument.get_pymongo_collection().replace_one({"_id": "suppression key"}, sealed)


async def test_without_a_secret_nothing_is_looked_up(listed: Suppressions) -> None:
    del listed
    with pytest.raises(NoSecret):
        await Suppressions(Settings()).among([ADA])
