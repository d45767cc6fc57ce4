"""Posters: a code is for one thing, of one store and campaign, while it is switched on and its time is not over."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub.access.model import Caller, CallerKind
from hub.commerce import posters, posters_store, stores
from hub.commerce.checks import BadCommerce, OutOfReach
from hub.commerce.opening import Opening
from hub.commerce.posters import OtherPurpose, PosterDisabled, PosterExpired, Purpose, Wanted, WordTaken
from hub.commerce.stores import Address, Store
from hub.kit import ids, pages
from tests.membership.people import NOON

pytestmark = pytest.mark.usefixtures("database")

EVE = Caller(CallerKind.STAFF, "eve", frozenset())
WANTED = Wanted(Purpose.JOIN, "club", "default", "S-1", "opening", "COFFEE, pls!", "v3", NOON + timedelta(days=1))


@pytest.fixture(autouse=True)
async def shops(database: object) -> None:
    del database
    here = Address("1 High Street", "10115", "Berlin", "DE")
    opening = Opening(zone="Europe/Berlin", weekly={}, exceptions={})
    await stores.upsert(EVE, [Store(it, "One", here, opening, NOON) for it in ("S-1", "S-2")], now=NOON)


async def made(wanted: Wanted = WANTED, cause: UUID | None = None, by: Caller = EVE) -> posters.Poster:
    return await posters_store.make(by, wanted, cause=cause or ids.new_id(), now=NOON)


async def test_a_poster_is_made_once_under_its_key_and_found_however_its_code_is_written() -> None:
    cause = ids.new_id()
    poster = await made(cause=cause)

    assert await made(cause=cause) == poster
    assert poster.about == replace(WANTED, word="coffee pls")
    spelled = f"{poster.code[:5].lower()}-{poster.code[5:]}"
    for written in (poster.code, spelled, f"https://shop.example/q/{poster.code}"):
        assert await posters_store.load(written) == poster
    with pytest.raises(posters.NoSuchPoster):
        await posters_store.load(f"{poster.code[:-1]}{'1' if poster.code[-1] == '0' else '0'}")


async def test_it_is_refused_when_it_is_switched_off_over_or_for_something_else() -> None:
    poster = await made()
    assert poster.check(Purpose.JOIN, now=NOON) == poster

    with pytest.raises(OtherPurpose):
        poster.check(Purpose.REDEEM, now=NOON)
    with pytest.raises(PosterExpired, match="until 2026-11-23 12:00 UTC"):
        poster.check(Purpose.JOIN, now=NOON + timedelta(days=1))
    _, off = await posters_store.change(EVE, poster.code, enabled=False, expires_at=None)
    with pytest.raises(PosterDisabled):
        off.check(Purpose.JOIN, now=NOON)
    _, on = await posters_store.change(EVE, poster.code, enabled=True, expires_at=None)
    assert on.check(Purpose.JOIN, now=NOON + timedelta(days=400)) == on


async def test_a_word_is_that_of_one_poster_in_use() -> None:
    first = await made()
    assert await posters_store.with_word("  Coffee PLS ☕ ") == first
    assert await posters_store.with_word("tea") is None
    with pytest.raises(WordTaken):
        await made()

    await posters_store.change(EVE, first.code, enabled=False, expires_at=None)
    second = await made()

    assert await posters_store.with_word("coffee pls") == second
    with pytest.raises(WordTaken):
        await posters_store.change(EVE, first.code, enabled=True, expires_at=None)


@pytest.mark.parametrize(
    "wanted",
    [
        replace(WANTED, word="Stop!"),
        replace(WANTED, word="one two three four"),
        replace(WANTED, word="?!"),
        replace(WANTED, purpose=Purpose.REDEEM),
        replace(WANTED, brand="Not A Brand"),
        replace(WANTED, store_id="S-9"),
        replace(WANTED, campaign=""),
    ],
    ids=["stops messages", "four words", "no letters", "redeems by text", "brand", "store", "campaign"],
)
async def test_what_cannot_be_is_not_made(wanted: Wanted) -> None:
    with pytest.raises(BadCommerce):
        await made(wanted)

    assert (await posters_store.page(pages.span(None, None, None, None))).rows == ()


async def test_who_is_limited_to_stores_makes_and_changes_those_of_theirs() -> None:
    bob = replace(EVE, subject="bob", stores=frozenset({"S-2"}))
    poster = await made()

    with pytest.raises(OutOfReach):
        await made(replace(WANTED, word=None), by=bob)
    with pytest.raises(OutOfReach):
        await posters_store.change(bob, poster.code, enabled=False, expires_at=None)

    assert (await posters_store.load(poster.code)).enabled
    assert (await made(Wanted(Purpose.JOIN, "club", store_id="S-2"), by=bob)).about.store_id == "S-2"
