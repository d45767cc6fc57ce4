"""Giving: somebody is given a reward that they did not redeem, by the staff or a server. It costs no points.

A gesture is a contact like any other: it needs a place under the caps of the contact policy, so that nobody is thanked
three times a day, and what is sent later counts it.
"""

from datetime import datetime
from typing import Final

from hub.contact import hours
from hub.contact import service as contact
from hub.contact import store as contacts
from hub.contact.model import Place
from hub.contact.store import Policies
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel, Profile
from hub.rewards import service as rewards
from hub.rewards.model import Reason, RewardKind
from hub.vouchers import codes, redeeming
from hub.vouchers.codes import Codes
from hub.vouchers.model import RewardUnavailable, Voucher
from hub.vouchers.redeeming import Wish

TOPIC: Final = "gesture"
"""What caps call a gesture that are about topics."""
CHANNEL: Final = Channel.INBOX
"""Where it counts, for caps that are about channels: it comes to the customer inside the app, or by the staff."""

_policies: Final = Policies()


async def give(profile: Profile, wish: Wish, hidden: Codes, *, now: datetime) -> Voucher:
    """Give somebody a voucher. Under the same key it is the same one.

    Raises:
        NoSuchReward: there is none of this name.
        RewardUnavailable: there is none left, they have had as many as one may, or were told enough of late.
    """
    reward = (await rewards.catalogue()).named(wish.reward)
    if reward.kind is not RewardKind.GESTURE:
        return await redeeming.redeem(profile, wish, hidden, now=now)
    voucher_id = codes.voucher_id(await hidden.of(wish.key))
    policy = await _policies.current()
    place = Place(voucher_id, CHANNEL, DEFAULT_BRAND, TOPIC, now)
    told = (await contacts.load({profile.id: profile.own_ids}))[profile.id]
    asked = contact.Wish(profile.id, place, hours.zones(profile.zone, profile.phone, policy)[0], told)
    if policy.caps and not await contact.take([asked], policy, now=now):
        raise RewardUnavailable(reward.name, (Reason.CAPPED,))
    try:
        return await redeeming.redeem(profile, wish, hidden, now=now)
    except RewardUnavailable:
        await contacts.give_back([(voucher_id, CHANNEL)])
        raise
