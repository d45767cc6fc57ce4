"""Devices that apps have registered: where push reaches a customer.

A registration is one write under the key of its token, so that a token is one person's at a time: a phone that changes
hands is the next one's by the same write that takes it from the last. What events say of devices (`context.device`)
stands in the profile, and counts only for tokens that nobody has registered.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

from pymongo import IndexModel, UpdateOne

from hub import seal
from hub.database import Keyed, OwnIds, Row
from hub.events.model import Event
from hub.kit import ids
from hub.kit.errors import HubError
from hub.profiles import rules, store
from hub.profiles.model import Profile
from hub.profiles.rules import MOST_DEVICES
from hub.seal import Personal

LONGEST_NAME: Final = 255
LONGEST_TOKEN: Final = 4096


class Platform(StrEnum):
    """What an app runs on."""

    IOS = "ios"
    ANDROID = "android"
    WEB = "web"


class BadDevice(HubError):
    """Something of a device is empty or too long."""

    code = "BAD_USER_INPUT"


class NoSuchDevice(HubError):
    """It was registered, and its owner was erased since."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such device any more.")


@dataclass(frozen=True, slots=True)
class Device:
    """An app on a device. `token` is the provider's address of it; `installation_id` stays while tokens change."""

    profile_id: UUID
    app: str
    platform: Platform
    token: str
    installation_id: str
    name: str | None
    registered_at: datetime
    last_seen_at: datetime
    on: bool = True

    @property
    def id(self) -> UUID:
        """The key of its document."""
        return _key(self.token)

    def check(self) -> None:
        """Hold it to its bounds.

        Raises:
            BadDevice: it breaks one.
        """
        if not 1 <= len(self.token) <= LONGEST_TOKEN:
            raise BadDevice(f"A token has 1 to {LONGEST_TOKEN} characters.")
        if any(not 1 <= len(it) <= LONGEST_NAME for it in (self.app, self.installation_id, self.name or "-")):
            raise BadDevice(f"`app`, `installationId` and `name` have 1 to {LONGEST_NAME} characters.")


class DeviceDocument(Keyed):
    """A device at rest. `_id` is made of its token. One that is not `on` was unregistered, or has a newer token."""

    profile_id: UUID
    app: str
    platform: Platform
    token: str
    installation_id: str
    installation: UUID
    name: str | None
    registered_at: datetime
    last_seen_at: datetime
    on: bool

    class Settings:
        """Where devices lie and how they are found."""

        name = "devices"
        personal = Personal("profile_id", ("token", "installation_id", "name"))
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("profile_id", 1)], name="profile"),
            IndexModel([("installation", 1)], name="installation"),
        ]


async def register(device: Device) -> None:
    """Note that a device is its owner's from now on, and nobody else's. Repeating it changes nothing.

    An older token of the same installation is off then, and so are the oldest of more than ten devices.

    Raises:
        BadDevice: something of it is empty or too long.
    """
    device.check()
    rows = DeviceDocument.get_pymongo_collection()
    installation = _installation(device.app, device.installation_id)
    changes: Row = {
        "profile_id": device.profile_id,
        "app": device.app,
        "platform": device.platform,
        "token": device.token,
        "installation_id": device.installation_id,
        "installation": installation,
        "name": device.name,
        "last_seen_at": device.last_seen_at,
        "on": True,
    }
    await rows.update_one(
        {"_id": device.id},
        {"$set": seal.shut(DeviceDocument, changes), "$setOnInsert": {"registered_at": device.registered_at}},
        upsert=True,
    )
    await rows.update_many({"installation": installation, "_id": {"$ne": device.id}}, {"$set": {"on": False}})
    own = rows.find({"profile_id": device.profile_id, "on": True}, {"_id": 1}).sort([("last_seen_at", -1), ("_id", 1)])
    oldest = [row["_id"] async for row in own][MOST_DEVICES:]
    if oldest:
        await rows.update_many({"_id": {"$in": oldest}}, {"$set": {"on": False}})


async def unregister(own_ids: OwnIds, app: str, installation_id: str) -> None:
    """Note that an installation is to get no push any more, as far as it is this profile's."""
    await DeviceDocument.get_pymongo_collection().update_many(
        {"installation": _installation(app, installation_id), "profile_id": {"$in": list(own_ids)}},
        {"$set": {"on": False}},
    )


async def drop(profile_id: UUID, token: str) -> None:
    """Note that a token reaches nobody any more, whoever told of it. Repeating it changes nothing.

    Who registers it again, or sends an event with it, has it again.
    """
    await DeviceDocument.get_pymongo_collection().update_one({"_id": _key(token)}, {"$set": {"on": False}})
    while True:
        head = (await store.heads([profile_id])).get(profile_id)
        if head is None or token not in head.devices:
            return
        kept = replace(head, devices=tuple(it for it in head.devices if it != token))
        # Somebody else may have changed the profile since it was read: then it is read again.
        if await store.save([kept], token=ids.new_id()):
            return


async def load(device_ids: Collection[UUID]) -> dict[UUID, Device]:
    """Read devices, on or not. Those that do not exist are left out."""
    return {it.id: it for it in await _read({"_id": {"$in": list(device_ids)}})}


async def of(owners: Collection[OwnIds]) -> dict[OwnIds, list[Device]]:
    """List the devices of profiles that are on, the one heard from last first."""
    wanted = [profile_id for own_ids in owners for profile_id in own_ids]
    by_profile: defaultdict[UUID, list[Device]] = defaultdict(list)
    for it in await _read({"profile_id": {"$in": wanted}, "on": True}):
        by_profile[it.profile_id].append(it)
    return {
        own_ids: sorted((it for own in own_ids for it in by_profile[own]), key=_heard, reverse=True)
        for own_ids in owners
    }


async def heads(profile_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Read heads as `store.heads` does, each with the devices by which push reaches it now."""
    return await with_devices(await store.heads(profile_ids))


async def with_devices(found: Mapping[UUID, Profile]) -> dict[UUID, Profile]:
    """Give profiles, by the ids that were asked for, with the devices by which push reaches them now."""
    told = [_key(token) for profile in found.values() for token in profile.devices]
    own = [own_id for profile in found.values() for own_id in profile.own_ids]
    known = await _read({"$or": [{"_id": {"$in": told}}, {"profile_id": {"$in": own}}]}) if found else []
    return {asked: reached(profile, known) for asked, profile in found.items()}


def reached(profile: Profile, known: Collection[Device]) -> Profile:
    """Give a profile with the tokens by which push reaches it, the newest last.

    Args:
        profile: as it is stored, with the tokens that events named.
        known: the registrations of those tokens, whoever has them, and of this profile.
    """
    registered = {it.token for it in known}
    own = [it.token for it in sorted(known, key=_heard) if it.on and it.profile_id in profile.own_ids]
    return replace(profile, devices=(*(it for it in profile.devices if it not in registered), *own))


async def heard(events: Sequence[Event], profiles: Mapping[UUID, Profile], *, now: datetime) -> None:
    """Note of registered devices when they were heard from. Events of somebody else's say nothing about a device."""
    del now
    # One write for each device: an app names its token with everything that it sends.
    last: dict[tuple[str, UUID], Event] = {}
    for event in sorted(events, key=lambda it: it.at):
        token = rules.device_token(event)
        if token is not None and event.profile_id is not None and event.profile_id in profiles:
            last[token, event.profile_id] = event
    updates = [
        UpdateOne(
            {"_id": _key(token), "profile_id": {"$in": list(profiles[profile_id].own_ids)}},
            {"$max": {"last_seen_at": event.at}},
        )
        for (token, profile_id), event in last.items()
    ]
    if updates:
        await DeviceDocument.get_pymongo_collection().bulk_write(updates, ordered=False)


def _key(token: str) -> UUID:
    return ids.key_of("device", token)


def _installation(app: str, installation_id: str) -> UUID:
    return ids.key_of("installation", app, installation_id)


def _heard(device: Device) -> tuple[datetime, UUID]:
    return device.last_seen_at, device.id


async def _read(where: Row) -> list[Device]:
    return [_device_of(row) async for row in DeviceDocument.get_pymongo_collection().find(where)]


def _device_of(sealed: Mapping[str, Any]) -> Device:
    row = seal.opened(DeviceDocument, sealed)
    return Device(
        profile_id=row["profile_id"],
        app=row["app"],
        platform=Platform(row["platform"]),
        token=row["token"],
        installation_id=row["installation_id"],
        name=row["name"],
        registered_at=row["registered_at"],
        last_seen_at=row["last_seen_at"],
        on=row["on"],
    )
