"""Accounts in MongoDB: one document each, and one for each of its persons, whose `_id` lets them be in one only."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from hub.accounts.model import Account, AccountKind, AccountRole, Person, Pooling
from hub.database import AT_ONCE, Keyed, OwnIds, Row
from hub.kit import ids
from hub.seal import Personal

Asked: TypeAlias = tuple[str, frozenset[UUID]]
"""In which program somebody is asked for, and the ids of their profiles."""


class AccountDocument(Keyed):
    """An account at rest. Every change of it or of its persons raises `rev`."""

    program: str
    kind: AccountKind
    name: str | None
    pooling: Pooling
    made_at: datetime
    rev: int

    class Settings:
        """Where accounts lie."""

        name = "accounts"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


class PersonDocument(Keyed):
    """A person of an account at rest. `_id` is made of program and profile."""

    account_id: UUID
    program: str
    profile_id: UUID
    role: AccountRole
    since: datetime

    class Settings:
        """Where they lie and how they are found."""

        name = "account_persons"
        personal = Personal("profile_id", ())
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("account_id", 1)], name="account"),
            IndexModel([("profile_id", 1)], name="profile"),
        ]


async def load(account_ids: Collection[UUID]) -> dict[UUID, Account]:
    """Read accounts with their persons. Those that do not exist are left out."""
    if not account_ids:
        return {}
    wanted = list(account_ids)
    # Before its persons: who then changes an account by this revision knows all that are in it.
    rows = {row["_id"]: row async for row in AccountDocument.get_pymongo_collection().find({"_id": {"$in": wanted}})}
    persons: defaultdict[UUID, list[Person]] = defaultdict(list)
    found = PersonDocument.get_pymongo_collection().find({"account_id": {"$in": wanted}})
    async for row in found.sort([("since", 1), ("_id", 1)]):
        persons[row["account_id"]].append(Person(row["profile_id"], AccountRole(row["role"]), row["since"]))
    return {account_id: _account_of(row, persons[account_id]) for account_id, row in rows.items()}


async def of(owners: Collection[OwnIds]) -> dict[OwnIds, list[Account]]:
    """Read in which accounts people are, by program. Who is in none is left out."""
    owner_of = {profile_id: own_ids for own_ids in owners for profile_id in own_ids}
    rows = PersonDocument.get_pymongo_collection().find({"profile_id": {"$in": list(owner_of)}})
    listed = [(owner_of[row["profile_id"]], row["account_id"]) async for row in rows]
    accounts = await load({account_id for _, account_id in listed})
    found: defaultdict[OwnIds, dict[UUID, Account]] = defaultdict(dict)
    for own_ids, account_id in listed:
        if account_id in accounts:
            found[own_ids][account_id] = accounts[account_id]
    return {own_ids: sorted(them.values(), key=lambda it: (it.program, it.made_at)) for own_ids, them in found.items()}


async def roles(asked: Collection[Asked]) -> dict[Asked, dict[UUID, set[AccountRole]]]:
    """Read in which accounts of a program each of these people is, by any of their profiles, and as what."""
    keys = {(program, own_ids): [_key(program, it) for it in own_ids] for program, own_ids in asked}
    wanted = {"_id": {"$in": list({key for them in keys.values() for key in them})}}
    found = PersonDocument.get_pymongo_collection().find(wanted, {"account_id": 1, "role": 1})
    rows = {row["_id"]: row for row in await found.batch_size(AT_ONCE).to_list()}
    return {it: _by_account([rows[key] for key in them if key in rows]) for it, them in keys.items()}


def _by_account(rows: Collection[Row]) -> dict[UUID, set[AccountRole]]:
    found: defaultdict[UUID, set[AccountRole]] = defaultdict(set)
    for row in rows:
        found[row["account_id"]].add(AccountRole(row["role"]))
    return found


async def insert(account: Account, session: AsyncClientSession) -> None:
    """Store a new account, without its persons.

    Raises:
        DuplicateKeyError: it is there already.
    """
    row: Row = {
        "_id": account.id,
        "program": account.program,
        "kind": account.kind.value,
        "name": account.name,
        "pooling": account.pooling.value,
        "made_at": account.made_at,
        "rev": account.rev,
    }
    await AccountDocument.get_pymongo_collection().insert_one(row, session=session)


async def touch(account: Account, session: AsyncClientSession) -> bool:
    """Raise the revision of an account, where it is still the one that was read."""
    done = await AccountDocument.get_pymongo_collection().update_one(
        {"_id": account.id, "rev": account.rev}, {"$inc": {"rev": 1}}, session=session
    )
    return done.matched_count == 1


async def insert_person(account: Account, person: Person, session: AsyncClientSession) -> None:
    """Store a person who is new to an account.

    Raises:
        DuplicateKeyError: they are in one of this program.
    """
    row: Row = {
        "_id": _key(account.program, person.profile_id),
        "account_id": account.id,
        "program": account.program,
        "profile_id": person.profile_id,
        "role": person.role.value,
        "since": person.since,
    }
    await PersonDocument.get_pymongo_collection().insert_one(row, session=session)


async def set_role(account: Account, profile_id: UUID, role: AccountRole, session: AsyncClientSession) -> None:
    """Change what a person of an account may do."""
    await PersonDocument.get_pymongo_collection().update_one(
        {"_id": _key(account.program, profile_id)}, {"$set": {"role": role.value}}, session=session
    )


async def delete_person(account: Account, profile_id: UUID, session: AsyncClientSession) -> None:
    """Take a person out of an account."""
    await PersonDocument.get_pymongo_collection().delete_one(
        {"_id": _key(account.program, profile_id), "account_id": account.id}, session=session
    )


def _key(program: str, profile_id: UUID) -> UUID:
    return ids.key_of("account person", program, profile_id)


def _account_of(row: Mapping[str, Any], persons: Collection[Person]) -> Account:
    return Account(
        id=row["_id"],
        program=row["program"],
        kind=AccountKind(row["kind"]),
        name=row["name"],
        pooling=Pooling(row["pooling"]),
        made_at=row["made_at"],
        rev=row["rev"],
        persons=tuple(persons),
    )
