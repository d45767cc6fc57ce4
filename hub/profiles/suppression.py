"""Suppression: addresses that must not be written to, kept as keyed hashes, so that the list outlives who is erased.

The key of the hashes is one of the hub's own (`hub/vault.py`): neither the rows nor HUB_SECRET_KEY alone tell an
address, and a change of that secret loses no row.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from contextlib import suppress as ignoring
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeAlias

from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from hub import vault
from hub.database import Named, Row
from hub.profiles import rules
from hub.profiles.consent import ALL
from hub.profiles.model import Channel, IdentifierKind
from hub.settings import Settings

Address: TypeAlias = tuple[Channel, str]
"""A channel, and where it reaches somebody, in any spelling."""

KEY: Final = "suppression key"
REMEMBERED: Final = 4_096
"""How many addresses a process keeps with their hash: each message asks for it twice."""


class SuppressionReason(StrEnum):
    """Why an address must not be written to."""

    REQUESTED = "requested"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    LEGAL = "legal"


Bans: TypeAlias = Mapping[str, SuppressionReason]
"""Which brands must not write to an address, and why; `ALL` is all of them."""


class SuppressionDocument(Named):
    """A suppressed address at rest. `_id` is the keyed hash of channel and address; `brands` tells who must not write.

    It holds nothing of a person that can be read, so that erasing them leaves it: they are not written to again.
    """

    brands: dict[str, dict[str, Any]]

    class Settings:
        """Where suppressed addresses lie."""

        name = "suppressions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


class Suppressions:
    """The list, for one process: it opens the key once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key: bytes | None = None
        self._hashes: dict[Address, str] = {}

    async def suppress(self, address: Address, reason: SuppressionReason, *, brand: str = ALL, now: datetime) -> str:
        """Let an address not be written to any more, by a brand or by all. The first reason stands.

        Returns:
            The keyed hash under which it is known.
        """
        hashed = await self.hash_of(address)
        await self.suppress_hashed(hashed, reason, brand=brand, now=now)
        return hashed

    async def suppress_hashed(self, hashed: str, reason: SuppressionReason, *, brand: str = ALL, now: datetime) -> None:
        """Do what `suppress` does to an address of which nobody knows more than its keyed hash."""
        row: Row = {"reason": reason.value, "at": now}
        collection = SuppressionDocument.get_pymongo_collection()
        with ignoring(DuplicateKeyError):  # somebody else has made the row: the update below finds it
            await collection.update_one({"_id": hashed}, {"$setOnInsert": {"brands": {}}}, upsert=True)
        await collection.update_one(
            {"_id": hashed, f"brands.{brand}": {"$exists": False}}, {"$set": {f"brands.{brand}": row}}
        )

    async def lift(self, address: Address, *, brand: str = ALL) -> str:
        """Let an address be written to again by a brand, or by those that the ban of all has kept from it.

        Returns:
            The keyed hash under which it is known.
        """
        hashed = await self.hash_of(address)
        collection = SuppressionDocument.get_pymongo_collection()
        await collection.update_one({"_id": hashed}, {"$unset": {f"brands.{brand}": ""}})
        await collection.delete_one({"_id": hashed, "brands": {}})
        return hashed

    async def among(self, addresses: Collection[Address]) -> dict[Address, Bans]:
        """Tell which of these addresses must not be written to now. The others are left out."""
        if not addresses:
            return {}
        # Two customers may spell one address differently: each of them is asked about it.
        hashes = {address: await self.hash_of(address) for address in addresses}
        found = SuppressionDocument.get_pymongo_collection().find({"_id": {"$in": list({*hashes.values()})}})
        bans = {
            row["_id"]: {brand: SuppressionReason(it["reason"]) for brand, it in row["brands"].items()}
            async for row in found
        }
        return {address: bans[hashed] for address, hashed in hashes.items() if hashed in bans}

    async def hash_of(self, address: Address) -> str:
        """Hash an address with the key of the list: the same in every spelling, and never to be read back.

        Raises:
            NoSecret: HUB_SECRET_KEY is not set.
            WrongSecret: the key was sealed with a secret that is not set any more.
        """
        if (known := self._hashes.get(address)) is not None:
            return known
        if self._key is None:
            self._key = await vault.open_key(KEY, self._settings)
        channel, text = address
        said = f"{channel.value}\0{_normalised(channel, text, self._settings.phone_region)}"
        if len(self._hashes) >= REMEMBERED:
            self._hashes.clear()
        hashed = self._hashes[address] = hmac.digest(self._key, said.encode(), hashlib.sha256).hex()
        return hashed


def _normalised(channel: Channel, text: str, region: str) -> str:
    match channel:
        case Channel.EMAIL:
            return rules.lookup_form(IdentifierKind.EMAIL, text) or text.strip().lower()
        case Channel.SMS:
            return rules.lookup_form(IdentifierKind.PHONE, text, region=region) or text.strip()
        case Channel.PUSH | Channel.INBOX:
            return text.strip()
