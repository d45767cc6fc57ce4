"""Vouching: what an address becomes when its owner has shown that it is theirs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.database import Database
from hub.kit import ids
from hub.profiles import identifier_store, identifiers, rules, store
from hub.profiles.clashes import ClashDocument
from hub.profiles.model import Identifier, IdentifierKind, Owned, Profile

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EMAIL = Identifier(IdentifierKind.EMAIL, "ada@example.com")


async def person(user_id: str, **traits: Any) -> Profile:
    profile = Profile(id=ids.new_id(), traits=traits, first_seen_at=NOW, last_seen_at=NOW)
    await store.save([profile], token=ids.new_id())
    await identifier_store.claim([Owned(Identifier(IdentifierKind.USER, user_id), profile.id, verified=False)], at=NOW)
    return profile


async def vouch(profile: Profile) -> bool:
    return await identifiers.vouch(profile.id, EMAIL, by="sign-in", now=NOW)


async def owner() -> tuple[Any, bool]:
    owned = (await identifier_store.owners([EMAIL]))[EMAIL]
    return owned.profile_id, owned.verified


@pytest.mark.usefixtures("database")
async def test_an_address_that_nobody_has_becomes_the_one_s_who_showed_that_it_is_theirs() -> None:
    ada = await person("ada")

    assert [await vouch(ada), await vouch(ada)] == [True, True]

    assert await owner() == (ada.id, True)
    after = (await store.load([ada.id]))[ada.id]
    assert (after.traits, after.verified, after.rev) == ({"email": "ada@example.com"}, {"email"}, 2)


@pytest.mark.usefixtures("database")
async def test_an_address_that_somebody_has_only_named_is_won_by_who_proves_it() -> None:
    ada, eve = await person("ada", email="Ada@Example.com"), await person("eve")
    await identifier_store.claim([Owned(EMAIL, eve.id, verified=False)], at=NOW)

    assert await vouch(ada)

    assert await owner() == (ada.id, True)
    after = await store.load([ada.id, eve.id])
    assert (after[ada.id].traits, after[ada.id].verified) == ({"email": "Ada@Example.com"}, {"email"})
    assert (after[eve.id].traits, after[eve.id].verified, after[eve.id].rev) == ({}, frozenset(), 1)


async def test_an_address_that_is_verified_as_another_s_stays_theirs_and_the_clash_is_listed(
    database: Database,
) -> None:
    ada, bob = await person("ada"), await person("bob")
    await vouch(ada)

    assert not await vouch(bob)

    assert await owner() == (ada.id, True)
    assert [row["profiles"] async for row in database[ClashDocument.Settings.name].find()] == [[ada.id, bob.id]]
    assert (await store.load([bob.id]))[bob.id].verified == frozenset()


@pytest.mark.usefixtures("database")
async def test_what_was_absorbed_is_vouched_for_as_its_head_s() -> None:
    ada, phone = await person("ada"), await person("phone")
    await identifier_store.claim([Owned(EMAIL, phone.id, verified=False)], at=NOW)
    await store.absorb([((await store.load([phone.id]))[phone.id], ada.id)], token=ids.new_id())

    assert await identifiers.vouch(phone.id, EMAIL, by="sign-in", now=NOW)

    assert await owner() == (phone.id, True)
    assert (await store.load([ada.id]))[ada.id].traits == {"email": "ada@example.com"}


@pytest.mark.usefixtures("database")
async def test_the_address_somebody_is_reached_at_is_not_changed_by_proving_another() -> None:
    ada = await person("ada", email="work@example.com")

    assert await vouch(ada)

    after = (await store.load([ada.id]))[ada.id]
    assert (after.traits, after.verified) == ({"email": "work@example.com"}, frozenset())
    assert rules.lookup_form(IdentifierKind.EMAIL, after.email or "") != EMAIL.value
