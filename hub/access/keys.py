"""Keys of machines, partners, devices and staff: shown once, kept as a hash."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel
from pymongo.errors import DuplicateKeyError

from hub.access.grants import BadGrant, Grant, KeyKind
from hub.access.model import Role, Scope
from hub.database import Named
from hub.kit.errors import HubError
from hub.settings import Environment


class NoSuchKey(HubError):
    """There is no such key, or it is revoked."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such key, or it is revoked.")


class TwoSecretsLive(HubError):
    """A key is being rotated already: a third secret would make it unclear which one is out in the world."""

    code = "CONFLICT"

    def __init__(self) -> None:
        super().__init__("This key has two secrets already. Revoke the older one first.")


class Secret(BaseModel):
    """The hash of a secret that a rotation has replaced, and when it stops working if nobody revokes it before."""

    digest: str
    last4: str
    ends_at: datetime | None


class KeyDocument(Named):
    """A key at rest: its public id, what it is for, and the hash of its secret, or of two while it is rotated."""

    kind: KeyKind
    source: str
    person: str = ""
    # A key of staff from before there were roles could do everything.
    roles: tuple[Role, ...] = (Role.ADMIN,)
    scopes: tuple[Scope, ...] = ()
    brands: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    digest: str
    last4: str
    older: Secret | None = None
    rotation: str = ""
    created_at: datetime
    expires_at: datetime | None = None
    used_on: str | None = None
    revoked_at: datetime | None = None

    class Settings:
        """Where keys lie. A person here is a member of staff, and an id."""

        name = "keys"
        personal = None

    @property
    def grant(self) -> Grant:
        """What it was made for."""
        return Grant(
            self.kind,
            self.source,
            self.person,
            frozenset(self.roles) if self.kind is KeyKind.STAFF else frozenset(),
            frozenset(self.scopes),
            frozenset(self.brands),
            frozenset(self.stores),
            self.expires_at,
        )


async def create(kind: KeyKind, source: str, *, env: Environment, now: datetime) -> str:
    """Make a key of an installation's own, without limits; one of staff is an admin's. It is returned once.

    Raises:
        BadGrant: a key of this kind needs limits, or the source cannot be.
    """
    grant = Grant(kind, source, roles=frozenset({Role.ADMIN} if kind is KeyKind.STAFF else ()))
    key = await make(grant, key_id=new_id(), env=env, now=now)
    assert key  # noqa: S101  a new id is nobody's
    return key


async def make(grant: Grant, *, key_id: str, env: Environment, now: datetime) -> str | None:
    """Make a key, `hub_{env}_{id}_{secret}`. It is returned here and never again: None where this id was made before.

    Args:
        grant: what it is for.
        key_id: its id, of letters and digits.
        env: named in the key, so that a scanner finds a production key in a place where it must not be.
        now: when it is made.

    Raises:
        BadGrant: it cannot be made like this.
    """
    grant.check(now)
    secret = _new_secret()
    document = KeyDocument(
        id=key_id,
        kind=grant.kind,
        source=grant.source,
        person=grant.person,
        roles=tuple(sorted(grant.roles)),
        scopes=tuple(sorted(grant.scopes)),
        brands=tuple(sorted(grant.brands)),
        stores=tuple(sorted(grant.stores)),
        digest=digest_of(secret),
        last4=secret[-4:],
        created_at=now,
        expires_at=grant.expires_at,
    )
    try:
        await document.insert()
    except DuplicateKeyError:
        return None
    return f"hub_{env}_{key_id}_{secret}"


async def rotate(
    key_id: str, *, cause: str, env: Environment, now: datetime, overlap: timedelta | None = None
) -> str | None:
    """Give a key a second secret, which is returned once: None where this cause has rotated it before.

    Args:
        key_id: the key; id, source and limits stay.
        cause: names this rotation, so that repeating it changes nothing.
        env: named in the key.
        now: when.
        overlap: how long the older secret goes on working; until it is revoked, if left out.

    Raises:
        BadGrant: the overlap is negative.
        NoSuchKey: there is no key, or it is revoked.
        TwoSecretsLive: the older secret of the last rotation still works.
    """
    if overlap is not None and overlap < timedelta():
        raise BadGrant("An overlap is not negative.")
    secret = _new_secret()
    older = {"digest": "$digest", "last4": "$last4", "ends_at": now + overlap if overlap is not None else None}
    changes = {"older": older, "digest": digest_of(secret), "last4": secret[-4:], "rotation": {"$literal": cause}}
    rotated = await KeyDocument.get_pymongo_collection().update_one(
        {
            "_id": key_id,
            "revoked_at": None,
            "rotation": {"$ne": cause},
            "$or": [{"older": None}, {"older.ends_at": {"$lte": now}}],
        },
        [{"$set": changes}],
    )
    if rotated.matched_count:
        return f"hub_{env}_{key_id}_{secret}"
    standing = await load(key_id)
    if standing.revoked_at:
        raise NoSuchKey
    if standing.rotation != cause:
        raise TwoSecretsLive
    return None


async def revoke(key_id: str, *, now: datetime) -> bool:
    """Make a key useless within a second. False means there is no such key."""
    found = await KeyDocument.get_pymongo_collection().update_one(
        {"_id": key_id}, [{"$set": {"revoked_at": {"$ifNull": ["$revoked_at", now]}, "older": None}}]
    )
    return found.matched_count == 1


async def revoke_older(key_id: str) -> bool:
    """End a rotation: make the older secret useless within a second. False means there is no such key."""
    found = await KeyDocument.get_pymongo_collection().update_one({"_id": key_id}, {"$set": {"older": None}})
    return found.matched_count == 1


async def load(key_id: str) -> KeyDocument:
    """Give a key, revoked or not.

    Raises:
        NoSuchKey: there is none.
    """
    document = await KeyDocument.get(key_id)
    if document is None:
        raise NoSuchKey
    return document


async def all_keys() -> Sequence[KeyDocument]:
    """Give every key, also the revoked ones, the newest first."""
    return await KeyDocument.find_all().sort("-created_at", "-_id").to_list()


def new_id() -> str:
    """Make the id of a key that nothing else names."""
    return secrets.token_hex(6)


def digest_of(secret: str) -> str:
    """Hash a secret. It is long and random, so that a slow hash would protect nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _new_secret() -> str:
    return secrets.token_urlsafe(32)
