"""Row 52: an account has several persons with roles; whose orders earn for it, and who may spend."""

import asyncio
from uuid import UUID

import pytest

from hub.accounts import service
from hub.accounts.model import (
    Account,
    AccountKind,
    AccountRole,
    BadAccount,
    InAnotherAccount,
    LastOwner,
    NotInAccount,
    Pooling,
)
from hub.accounts.service import Wanted
from hub.database import Database
from hub.intake import merging
from hub.kit import ids
from hub.ledger import service as ledger
from hub.ledger import verifying
from hub.ledger.model import About
from hub.ledger.moves import Earn, Spend
from hub.ledger.service import Request
from hub.profiles.model import Profile
from hub.rewards.model import Reason
from hub.settings import Settings
from hub.vouchers.model import RewardUnavailable
from tests.killing import killed
from tests.membership.people import known, somebody
from tests.vouchers.stage import COFFEE, NOON, Stage, stage

pytestmark = pytest.mark.usefixtures("database")

OWNER, SPENDER, COLLECTOR = AccountRole.OWNER, AccountRole.SPENDER, AccountRole.COLLECTOR


async def company(owner: Profile, pooling: Pooling = Pooling.ALL, key: UUID | None = None) -> Account:
    wanted = Wanted("beans", AccountKind.CORPORATE, "Beans Ltd", pooling)
    return await service.make(wanted, owner, key=key or ids.new_id(), now=NOON)


async def earn(owner: UUID, points: int, origin: str) -> None:
    await _post(owner, f"earn/{origin}", Earn("points", points, origin, NOON, None))


async def spend(owner: UUID, points: int, key: str) -> None:
    await _post(owner, key, Spend("points", points, key))


async def _post(owner: UUID, key: str, move: Earn | Spend) -> None:
    asked = Request("beans", owner, key, ledger.fixed(move), About(cause=key), NOON)
    await ledger.post_one(asked, now=NOON)


async def seen(*owners: UUID) -> list[int]:
    purses = await ledger.purses("beans", owners)
    return [purses[it].wallet("points").available(NOON) for it in owners]


async def roles(account: Account) -> dict[UUID, AccountRole]:
    return {it.profile_id: it.role for it in (await service.load(account.id)).persons}


@pytest.fixture(autouse=True)
async def verified(database: Database) -> object:
    """After every test the whole ledger is computed again."""
    del database
    yield
    assert not (await verifying.verify()).differences


async def test_the_points_of_a_persons_order_go_to_the_account_by_its_policy() -> None:
    ada, bob, cyd = await somebody(), await somebody(), await somebody()
    await earn(bob.id, 5, "before")
    pooled, apart = await company(ada), await company(cyd, Pooling.NONE)
    await service.put(pooled.id, bob, COLLECTOR, now=NOON)

    await earn(ada.id, 10, "A-1")
    await earn(bob.id, 20, "B-1")
    await earn(cyd.id, 40, "C-1")

    assert await seen(ada.id, bob.id, pooled.id) == [35, 35, 35]
    assert await seen(cyd.id, apart.id) == [40, 0]


async def test_who_collects_spends_nothing_and_who_may_spends_what_others_earned(
    database: Database, settings: Settings
) -> None:
    shop = await _shop(database, settings)
    ada, bob, cyd = (shop.person(it) for it in ("ada", "bob", "cyd"))
    account = await company(ada)
    await service.put(account.id, bob, COLLECTOR, now=NOON)
    await service.put(account.id, cyd, SPENDER, now=NOON)
    await shop.earn(250, name="bob")

    with pytest.raises(RewardUnavailable) as refused:
        await shop.redeem(name="bob")
    await shop.redeem(name="cyd")

    assert refused.value.reasons == (Reason.MAY_NOT_SPEND,)
    assert await seen(ada.id, bob.id, cyd.id) == [150, 150, 150]

    await service.put(account.id, bob, SPENDER, now=NOON)
    await shop.redeem(name="bob")
    assert await seen(ada.id) == [50]


async def test_a_removed_person_cannot_spend(database: Database, settings: Settings) -> None:
    shop = await _shop(database, settings)
    ada, bob = shop.person("ada"), shop.person("bob")
    account = await company(ada)
    await service.put(account.id, bob, SPENDER, now=NOON)
    await shop.earn(300, name="ada")

    await service.remove(account.id, bob, now=NOON)

    with pytest.raises(RewardUnavailable) as refused:
        await shop.redeem(name="bob")
    assert (refused.value.reasons, refused.value.missing) == ((Reason.INSUFFICIENT_POINTS,), 100)
    await shop.earn(100, name="bob")
    assert await seen(ada.id, bob.id) == [300, 100]
    assert await roles(account) == {ada.id: OWNER}


@pytest.mark.parametrize(("end", "balance", "usable"), [("used", 150, 150), ("given back", 250, 250)])
async def test_a_voucher_of_a_removed_person_is_settled_where_its_points_are_held(
    database: Database, settings: Settings, end: str, balance: int, usable: int
) -> None:
    shop = await _shop(database, settings)
    ada, cyd = shop.person("ada"), shop.person("cyd")
    account = await company(ada)
    await service.put(account.id, cyd, SPENDER, now=NOON)
    await shop.earn(250)
    voucher = await shop.redeem(name="cyd")
    await service.remove(account.id, cyd, now=NOON)

    await (shop.confirm(voucher) if end == "used" else shop.cancel(voucher))
    await shop.sweep()

    wallet = (await shop.purse()).wallet("points")
    assert (wallet.balance, wallet.available(NOON), wallet.holds) == (balance, usable, ())
    assert await seen(cyd.id) == [0]
    row = await database["vouchers"].find_one({"_id": voucher.id})
    assert row is not None
    assert "unsettled_at" not in row


async def test_who_leaves_takes_along_what_they_brought_as_far_as_it_is_there() -> None:
    ada, bob = await somebody(), await somebody()
    await earn(bob.id, 30, "before")
    account = await company(ada)
    await earn(ada.id, 10, "A-1")
    await service.put(account.id, bob, COLLECTOR, now=NOON)
    await earn(bob.id, 7, "B-1")
    await spend(ada.id, 12, "tea")

    await service.remove(account.id, bob, now=NOON)

    assert await seen(ada.id, bob.id) == [10, 25]  # 5 of what Bob had brought were spent, and all that he earned then
    await service.put(account.id, bob, COLLECTOR, now=NOON)
    assert await seen(ada.id, bob.id) == [35, 35]


async def test_a_person_is_in_one_account_of_a_program_and_an_account_keeps_an_owner() -> None:
    ada, bob = await somebody(), await somebody()
    first, second = await company(ada), await company(bob)

    with pytest.raises(InAnotherAccount):
        await company(ada)
    with pytest.raises(InAnotherAccount):
        await service.put(second.id, ada, SPENDER, now=NOON)
    with pytest.raises(LastOwner):
        await service.remove(first.id, ada, now=NOON)
    with pytest.raises(LastOwner):
        await service.put(first.id, ada, SPENDER, now=NOON)
    with pytest.raises(NotInAccount):
        await service.remove(first.id, bob, now=NOON)

    assert (await roles(first), await roles(second)) == ({ada.id: OWNER}, {bob.id: OWNER})


@pytest.mark.parametrize(("kind", "name"), [(AccountKind.CORPORATE, None), (AccountKind.HOUSEHOLD, "Byron")])
async def test_a_company_has_a_name_and_a_household_none(kind: AccountKind, name: str | None) -> None:
    ada = await somebody()

    with pytest.raises(BadAccount):
        await service.make(Wanted("beans", kind, name), ada, key=ids.new_id(), now=NOON)

    assert await service.may_spend("beans", ada.own_ids)


async def test_a_person_of_two_profiles_is_one_and_whom_they_absorb_comes_along() -> None:
    ada, twin, bob = await somebody(), await somebody(), await somebody()
    account = await company(bob)
    await service.put(account.id, ada, COLLECTOR, now=NOON)
    await earn(twin.id, 9, "T-1")

    await merging.merge(ada.id, twin.id, key=ids.new_id(), now=NOON)
    await earn(twin.id, 4, "T-2")

    assert await seen(ada.id, twin.id, bob.id) == [13, 13, 13]
    one = await known(ada.id)
    await service.put(account.id, one, SPENDER, now=NOON)
    assert await roles(account) == {bob.id: OWNER, ada.id: SPENDER}

    await service.remove(account.id, one, now=NOON)
    await earn(twin.id, 1, "T-3")
    assert await seen(twin.id) == await seen(ada.id)
    assert sum(await seen(ada.id, bob.id)) == 14


async def test_points_that_come_while_somebody_is_put_in_and_out_are_all_there() -> None:
    ada, bob = await somebody(), await somebody()
    account = await company(ada)

    async def in_and_out() -> None:
        for _ in range(5):
            await service.put(account.id, bob, COLLECTOR, now=NOON)
            await service.remove(account.id, bob, now=NOON)

    await asyncio.gather(in_and_out(), *(earn(bob.id, 1, f"B-{it}") for it in range(30)))

    assert sum(await seen(ada.id, bob.id)) == 30


async def test_wherever_it_dies_a_person_is_in_it_with_their_points_or_not_at_all() -> None:
    ada = await somebody()
    account = await company(ada)
    length, total = 0, 0
    while True:
        bob = await somebody()
        await earn(bob.id, 3, f"B-{length}")
        total += 3
        dead = await killed(length, lambda: service.put(account.id, bob, COLLECTOR, now=NOON))  # noqa: B023
        is_in = bob.id in await roles(account)
        assert await seen(bob.id) == ([total] if is_in else [3])
        await service.put(account.id, bob, COLLECTOR, now=NOON)
        assert await seen(ada.id, bob.id) == [total, total]
        if not dead:
            break
        length += 1
    assert length >= 6


async def test_an_account_is_made_once_under_its_key() -> None:
    ada, key = await somebody(), ids.new_id()

    made = await asyncio.gather(*(company(ada, key=key) for _ in range(5)))

    assert {it.id for it in made} == {key}
    assert await roles(made[0]) == {ada.id: OWNER}


async def _shop(database: Database, settings: Settings) -> Stage:
    shop = stage(database, settings)
    await shop.publish(COFFEE)
    return shop
