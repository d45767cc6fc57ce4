"""What customers are called in the audit: the same for good, and nothing that anybody could guess."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import SecretStr

from hub.access import audit, names
from hub.access.audit import Actor, Change, EntryDocument, Wanted
from hub.access.model import Caller, CallerKind
from hub.access.names import Names
from hub.database import Row
from hub.kit import ids, pages
from hub.settings import Settings
from hub.vault import SealedKeyDocument, WrongSecret

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA = "ada@example.com"
CHANGE = Change("set consent", "one")


async def numbers(actor: str, settings: Settings) -> list[int]:
    """Find the entries of somebody."""
    wanted = Wanted(actor=await audit.called(actor, Names(settings)))
    return [entry.number for _, entry in (await audit.page(wanted, pages.Span())).rows]


async def rows() -> list[Row]:
    return await EntryDocument.get_pymongo_collection().find().to_list()


async def test_a_customer_is_named_by_a_key_and_found_by_their_user_id(settings: Settings) -> None:
    key = await Names(settings).of_customer(ADA)

    await audit.record(Caller(CallerKind.CUSTOMER, ADA, frozenset(), key=key), CHANGE, at=NOON)

    assert ADA not in str(await rows())
    assert await numbers(ADA, settings) == [1]
    assert await numbers("bob", settings) == []


async def test_whoever_has_the_rows_and_guesses_a_user_id_cannot_tell_whose_they_are(settings: Settings) -> None:
    guessing = settings.model_copy(update={"secret_key": SecretStr("the secret of another hub, long enough to seal")})

    assert await Names(settings).of_customer(ADA) != str(ids.key_of("customer", ADA))
    with pytest.raises(WrongSecret):
        await Names(guessing).of_customer(ADA)


async def test_a_customer_is_called_the_same_after_any_number_of_changes_of_the_secret(settings: Settings) -> None:
    named = await Names(settings).of_customer(ADA)
    sealed = await SealedKeyDocument.get_pymongo_collection().find_one({"_id": names.KEY})
    assert sealed is not None
    try:
        before = settings.secret_key
        for number in range(3):
            after = SecretStr(f"secret number {number}, long enough to seal with")
            changed = settings.model_copy(update={"secret_key": after, "secret_key_previous": before})
            assert await Names(changed).of_customer(ADA) == named
            before = after
    finally:  # the key outlives a test, as it outlives everything
        await SealedKeyDocument.get_pymongo_collection().replace_one({"_id": names.KEY}, sealed)


async def test_no_two_lists_of_parts_have_one_name(settings: Settings) -> None:
    made = Names(settings)

    several = [("a", "bc"), ("ab", "c"), ("abc",), ("a", "b", "c"), ("a", "bc", "")]
    assert len({await made.of("try", *parts) for parts in several}) == len(several)
    assert await made.of("try", "a") == await Names(settings).of("try", "a") != await made.of("other", "a")


async def test_entries_from_before_names_had_a_key_are_found_and_stay_as_they_are(settings: Settings) -> None:
    await audit.record(Actor("customer", str(ids.key_of("customer", ADA))), CHANGE, at=NOON)

    assert await numbers(ADA, settings) == [1]
    assert (await audit.verify()).fault is None


async def test_a_customer_who_signed_in_by_an_address_is_named_by_their_profile(settings: Settings) -> None:
    profile_id = UUID(int=7)
    customer = Caller(CallerKind.CUSTOMER, f"profile:{profile_id}", frozenset(), profile_id=profile_id)

    await audit.record(customer, CHANGE, at=NOON)

    assert await numbers(f"profile:{profile_id}", settings) == [1]


async def test_nothing_is_told_of_a_customer_who_has_no_key() -> None:
    with pytest.raises(ValueError, match="has a key"):
        await audit.record(Caller(CallerKind.CUSTOMER, ADA, frozenset()), CHANGE, at=NOON)

    assert await rows() == []
