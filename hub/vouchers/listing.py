"""Listing: the vouchers of a customer with what they give, as they stand at a time."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from hub.database import OwnIds
from hub.kit.pages import Page, Span
from hub.profiles import store as profiles
from hub.profiles.model import Profile
from hub.rewards import service as rewards
from hub.rewards.model import Reward
from hub.vouchers import store
from hub.vouchers.model import Voucher, VoucherState


@dataclass(frozen=True, slots=True)
class Shown:
    """A voucher and what it gives. `state` is as it was stored, or as of the time that `at` was given."""

    voucher: Voucher
    reward: Reward
    state: VoucherState = field(default=VoucherState.ISSUED)

    def at(self, now: datetime) -> "Shown":
        """Give it as it stands at a time."""
        return replace(self, state=self.voucher.state_at(now))


async def load(voucher_ids: Collection[UUID]) -> dict[UUID, Shown]:
    """Read vouchers by their ids, be they with the posting they were born with. What does not exist is left out."""
    rows = [row for it in voucher_ids if (row := await store.read(it)) is not None]
    return {it.voucher.id: it for it in await _shown(store.voucher_of(row) for row in rows)}


async def pages(owners: Collection[OwnIds], wanted: Span) -> dict[OwnIds, Page[Shown]]:
    """Read the same page of each of these owners' vouchers, newest first."""
    found = await store.pages(owners, wanted)
    vouchers = {row["_id"]: store.voucher_of(row) for page in found.values() for _, row in page.rows}
    shown = {it.voucher.id: it for it in await _shown(vouchers.values())}
    return {own: page.each(lambda row: shown[row["_id"]]) for own, page in found.items()}


async def open_counts(owners: Collection[OwnIds], *, now: datetime) -> dict[OwnIds, int]:
    """Count the vouchers of each of these owners that can still be used or are reserved."""
    counted = await store.open_counts({it for own in owners for it in own}, now=now)
    return {own: sum(counted.get(it, 0) for it in own) for own in owners}


async def owner(voucher: Voucher) -> Profile | None:
    """Give the customer whose voucher it is, as they are today."""
    return (await profiles.heads([voucher.profile_id])).get(voucher.profile_id)


async def _shown(vouchers: Iterable[Voucher]) -> list[Shown]:
    listed = list(vouchers)
    versions: Mapping[str, Reward] = {it.id: await rewards.version(it) for it in {it.reward for it in listed}}
    return [Shown(it, versions[it.reward.id], it.state) for it in listed]
