"""Allowance: how often codes to sign in by may be asked for, so that nobody is flooded, billed for it, or locked out.

A code goes to whatever address somebody writes, and costs money. So it is counted who asks: the device, its network,
the key of the app; and for which address. A device that has signed in by an address is counted by itself: whoever asks
for codes in its owner's name does not use up the owner's own.

Device, network and key get back what led to a sign-in: behind one network there may be many customers, and they are
known by their coming back.
"""

import ipaddress
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel

from hub.access import rates
from hub.access.names import Names
from hub.access.signin import TooManyRequests
from hub.database import Keyed
from hub.seal import Personal

WITHIN: Final = timedelta(hours=1)
OF_KNOWN_DEVICE: Final = 5
"""Codes that a device gets within an hour for an address by which it has signed in before."""
OF_DEVICE: Final = 10
OF_NETWORK: Final = 30
OF_NETWORK_FOR_ADDRESS: Final = 5
OF_CALLER: Final = 3_000
"""Of one key on one channel: what its pumping may cost at most, far above what a busy shop has unanswered."""
OF_ADDRESS: Final = 10
"""More than one network may use up, so that no single one locks an owner out on a new device."""
KNOWN: Final = timedelta(days=90)
"""How long a device is known that nobody signs in on."""

_PREFIX: Final = 64
"""What one customer has of IPv6 is a network of this length."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a code: by which key or page, and from which network. None where that tells nothing of a person."""

    caller: str
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: a code to an address, for a device, which is the hash of its secret."""

    kind: str
    value: str
    device: str


class KnownDeviceDocument(Keyed):
    """A device on which a customer has signed in by an address. `_id` is a name of both."""

    profile_id: UUID
    gone_at: datetime

    class Settings:
        """Where known devices lie and when they are forgotten."""

        name = "known_devices"
        personal: ClassVar[Personal | None] = Personal("profile_id", ())
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1)], name="profile"),
            IndexModel([("gone_at", 1)], name="expiry", expireAfterSeconds=0),
        ]


async def take(asker: Asker, asked: Asked, names: Names, *, now: datetime) -> tuple[UUID, ...]:
    """Count that a code is asked for, before anything is done.

    Returns:
        What to give back where it leads to a sign-in.

    Raises:
        TooManyRequests: somebody has asked too often within an hour. What comes after that limit was not counted.
    """
    known = await _name_of(asked, names)
    if await KnownDeviceDocument.get_pymongo_collection().find_one({"_id": known}, {"_id": 1}):
        await _count(await names.of("codes for a known device", str(known)), OF_KNOWN_DEVICE, now)
        return ()
    returned = []
    for parts, most, comes_back in _limits(asker, asked):
        key = await names.of("codes", *parts)
        await _count(key, most, now)
        returned += [key] if comes_back else []
    return tuple(returned)


async def give_back(taken: Collection[UUID]) -> None:
    """Give back what has led to a sign-in."""
    for key in taken:
        await rates.take_back(key)


async def know(asked: Asked, profile_id: UUID, names: Names, *, now: datetime) -> None:
    """Remember that a customer has signed in on a device."""
    row: dict[str, Any] = {"profile_id": profile_id, "gone_at": now + KNOWN}
    key = await _name_of(asked, names)
    await KnownDeviceDocument.get_pymongo_collection().replace_one({"_id": key}, row, upsert=True)


def network_of(host: str | None) -> str | None:
    """Tell from which network somebody asks, by the address of their end of the connection.

    None for one that is not of the internet: it is a proxy's that does not say whom it asks for, or of one's own house.
    """
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if not address.is_global:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _PREFIX), strict=False))
    return str(address)


def _limits(asker: Asker, asked: Asked) -> Iterator[tuple[tuple[str, ...], int, bool]]:
    """List whose share is counted by which parts, how much it is, and whether a sign-in gives it back.

    The address comes last: what an asker is refused is not counted for it.
    """
    yield ("device", asked.device), OF_DEVICE, True
    if asker.network is not None:
        yield ("network", asker.network), OF_NETWORK, True
        yield ("network and address", asker.network, asked.kind, asked.value), OF_NETWORK_FOR_ADDRESS, False
    yield ("caller", asker.caller, asked.kind), OF_CALLER, True
    yield ("address", asked.kind, asked.value), OF_ADDRESS, False


async def _count(key: UUID, most: int, now: datetime) -> None:
    if wait := await rates.count(key, most=most, within=WITHIN, now=now):
        raise TooManyRequests(wait)


async def _name_of(asked: Asked, names: Names) -> UUID:
    return await names.of("known device", asked.device, asked.kind, asked.value)
