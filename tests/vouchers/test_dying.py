"""Whoever is killed, at whatever write: a voucher is there if and only if its points are held, once for each key."""

import os
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from hub.database import Database
from hub.kit import ids
from hub.ledger import flushing
from hub.rewards import places
from hub.settings import Settings
from hub.vouchers.model import VoucherState
from tests.mortal import Mortals, mortals
from tests.vouchers.stage import COFFEE, DAY, Stage

STRIDE: Final = 1 if "HUB_CHAOS_ROUNDS" in os.environ else 3
"""After how many halves of a write more the next process is killed: `./dev chaos` tries every one."""


@pytest.fixture(scope="module")
async def processes(settings: Settings, migrated: Database) -> AsyncIterator[Mortals]:
    async with mortals(settings, migrated) as ready:
        yield ready


async def standing(ada: Stage, name: str) -> tuple[list[str], int, int]:
    """The states of somebody's vouchers, and what their wallet has and holds."""
    owner = ada.person(name).id
    await flushing.flush([owner])
    rows = await ada.database["vouchers"].find({"profile_id": owner}).to_list()
    wallet = (await ada.purse(name)).wallet("points")
    return [row["state"] for row in rows], wallet.balance, wallet.held


async def test_a_redemption_that_is_killed_at_any_write_is_there_whole_or_not_at_all_and_once_when_repeated(
    ada: Stage, processes: Mortals, database: Database
) -> None:
    await ada.publish(f"{COFFEE}stock: 100\nper_member: 1\n")
    deaths, died = 0, True
    while died:
        name = f"u{deaths}"
        await ada.earn(150, name=name)
        died = await redeemed(processes, ada, name, deaths)

        ada.now += places.UNSURE_FOR
        await ada.sweep()
        states, balance, held = await standing(ada, name)
        assert (states, balance, held) in [([], 150, 0), (["issued"], 50, 100)], deaths
        taken = (await ada.places()).get("stock", 0)
        assert taken == await database["vouchers"].count_documents({}), deaths

        await ada.redeem(name=name, key="k")
        assert await standing(ada, name) == (["issued"], 50, 100), deaths
        deaths += STRIDE
    assert deaths > 6


async def redeemed(processes: Mortals, ada: Stage, name: str, deaths: int) -> bool:
    key = ids.key_of("test", name, "k")
    given: dict[str, Any] = {"profile": ada.person(name).id, "reward": "coffee", "key": key}
    return await processes.died(deaths, "redeem", **given, now=ada.now)


async def test_whoever_is_killed_while_vouchers_are_settled_the_next_sweep_ends_with_the_same(
    ada: Stage, processes: Mortals
) -> None:
    await ada.publish(f"{COFFEE}stock: 100\nlasts: 30d\n")
    deaths, died = 0, True
    while died:
        names = [f"{what}{deaths}" for what in ("used", "expired", "reversed")]
        for name in names:
            await ada.earn(150, name=name)
        used, expired, back = [await ada.redeem(name=name) for name in names]
        await ada.confirm(used, f"U-{deaths}")
        await ada.confirm(back, f"R-{deaths}")
        await ada.reverse(f"R-{deaths}")
        await flushing.flush([ada.person(it).id for it in names])
        ada.now = expired.expires_at + DAY

        died = await processes.died(deaths, "sweep", now=ada.now)
        await ada.sweep()

        assert (await ada.voucher(expired)).state is VoucherState.EXPIRED
        assert await standing(ada, names[0]) == (["used"], 50, 0), deaths
        assert await standing(ada, names[1]) == (["expired"], 150, 0), deaths
        assert await standing(ada, names[2]) == (["reversed"], 150, 0), deaths
        assert await ada.places() == {"stock": deaths // STRIDE + 1}, deaths
        told = [await ada.told(name) for name in names]
        assert [it[-1] for it in told] == ["Voucher Used", "Voucher Expired", "Voucher Reversed"]
        deaths += STRIDE
    assert deaths > 6
