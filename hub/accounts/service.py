"""Use cases of accounts: make one, put a person into it, take one out of it, and say who may spend.

Who is in an account that pools has no purse of their own in its program: theirs goes over into the account's in the
transaction that puts them in, and what is posted to them later is posted there. Taken out, they get back what they
brought, as far as it is still there; what they earned for the account stays.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from hub.accounts import store
from hub.accounts.model import (
    MAY_SPEND,
    MOST_PERSONS,
    Account,
    AccountKind,
    AccountRole,
    InAnotherAccount,
    LastOwner,
    NoSuchAccount,
    NotInAccount,
    Person,
    Pooling,
    TooManyPersons,
    checked,
)
from hub.kit.errors import TryLater
from hub.kit.sharing import Shared
from hub.ledger import flushing, gathering
from hub.ledger import store as ledger
from hub.profiles.model import Profile

WAIT_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.02
_ROLES: Final = Shared(store.roles)
"""Every redemption asks for them: many at the same time share one read."""


class AccountAtWork(TryLater):
    """Somebody else changes the account, or points of its persons, without a pause."""

    code = "CONFLICT"

    def __init__(self) -> None:
        super().__init__("This account is being worked on. Ask again in a second.", retry_after=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an account is to be; see `Account`."""

    program: str
    kind: AccountKind
    name: str | None = None
    pooling: Pooling = Pooling.ALL


async def make(wanted: Wanted, owner: Profile, *, key: UUID, now: datetime) -> Account:
    """Make an account with its first owner. Under the same key it is made once.

    Raises:
        BadAccount: it cannot be.
        InAnotherAccount: the owner is in one of this program.
    """
    account = Account(key, wanted.program, wanted.kind, checked(wanted.kind, wanted.name), wanted.pooling, now)

    async def write(session: AsyncClientSession) -> bool:
        await store.insert(account, session)
        await store.insert_person(account, Person(owner.id, AccountRole.OWNER, now), session)
        return await _pooled(account, owner.id, session, now)

    if key not in await store.load([key]):
        await _check_free(wanted.program, owner)
        await _done([owner.id, key], write, made=key)
    return await load(key)


async def put(account_id: UUID, profile: Profile, role: AccountRole, *, now: datetime) -> Account:
    """Put a person into an account, or change what they may do there. Repeating it changes nothing.

    Raises:
        NoSuchAccount: there is none.
        InAnotherAccount: they are in another one of this program.
        LastOwner: nobody would be left who owns it.
        TooManyPersons: it is full.
    """

    async def write(session: AsyncClientSession) -> bool:
        account = await load(account_id)
        standing = next((it for it in account.persons if it.profile_id in profile.own_ids), None)
        if standing is not None and standing.role is role:
            return True
        if not await store.touch(account, session):
            return False
        if standing is not None:
            _check_owned(account, standing, role)
            await store.set_role(account, standing.profile_id, role, session)
            return True
        if len(account.persons) >= MOST_PERSONS:
            raise TooManyPersons
        await store.insert_person(account, Person(profile.id, role, now), session)
        return await _pooled(account, profile.id, session, now)

    account = await load(account_id)
    if not any(it.profile_id in profile.own_ids for it in account.persons):
        await _check_free(account.program, profile)
    await _done([profile.id, account_id], write)
    return await load(account_id)


async def remove(account_id: UUID, profile: Profile, *, now: datetime) -> Account:
    """Take a person out of an account. From now on they spend nothing of it.

    Raises:
        NoSuchAccount: there is none.
        NotInAccount: they are not in it.
        LastOwner: nobody would be left who owns it.
    """

    async def write(session: AsyncClientSession) -> bool:
        account = await load(account_id)
        standing = [it for it in account.persons if it.profile_id in profile.own_ids]
        if not standing:
            raise NotInAccount
        for it in standing:
            _check_owned(account, it, None)
        if not await store.touch(account, session):
            return False
        for it in standing:
            await store.delete_person(account, it.profile_id, session)
        divided = [
            await gathering.divide(session, other=it, head=account.id, now=now, program=account.program)
            for it in profile.own_ids
        ]
        return all(divided)

    await _done([*profile.own_ids, account_id], write)
    await gathering.gather(profile.members, now=now)
    return await load(account_id)


async def load(account_id: UUID) -> Account:
    """Read an account.

    Raises:
        NoSuchAccount: there is none.
    """
    found = (await store.load([account_id])).get(account_id)
    if found is None:
        raise NoSuchAccount
    return found


async def may_spend(program: str, own_ids: Collection[UUID]) -> bool:
    """Tell whether somebody may spend the points that they see: not, where they only collect for an account."""
    found = await _ROLES.of((program, frozenset(own_ids)))
    return all(roles & MAY_SPEND for roles in found.values())


async def _check_free(program: str, profile: Profile) -> None:
    if await _ROLES.of((program, frozenset(profile.own_ids))):
        raise InAnotherAccount


def _check_owned(account: Account, leaving: Person, role: AccountRole | None) -> None:
    if leaving.role is AccountRole.OWNER and role is not AccountRole.OWNER and account.owners == 1:
        raise LastOwner


async def _pooled(account: Account, profile_id: UUID, session: AsyncClientSession, now: datetime) -> bool:
    if account.pooling is Pooling.NONE:
        return True
    return await gathering.unite(session, other=profile_id, head=account.id, now=now, program=account.program)


async def _done(
    owners: Collection[UUID], write: Callable[[AsyncClientSession], Awaitable[bool]], *, made: UUID | None = None
) -> None:
    """Write in one transaction, as soon as nothing waits in the purses of these owners.

    Raises:
        InAnotherAccount: somebody else has put the person into one meanwhile.
        AccountAtWork: no moment was found.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while loop.time() < deadline:
        await flushing.flush(owners)
        try:
            if await ledger.together(write):
                return
        except DuplicateKeyError:
            if made is None or made not in await store.load([made]):
                raise InAnotherAccount from None
            return  # the same request was faster
        await asyncio.sleep(_PAUSE_SECONDS)
    raise AccountAtWork
