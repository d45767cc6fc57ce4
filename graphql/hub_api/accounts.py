"""Accounts: households and companies, whose persons have their points in a program in one purse."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.accounts import model, service, store
from hub.accounts.model import AccountKind, AccountRefused, AccountRole, Pooling
from hub.accounts.service import Wanted
from hub.database import OwnIds
from hub.kit import ids
from hub.membership import service as membership
from hub.profiles import store as profiles
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.nodes import uuid_of
from hub_api.subjects import meant


@strawberry.type
class AccountPerson:
    """Who is in an account."""

    profile_id: strawberry.Private[UUID]
    role: AccountRole = strawberry.field(description="What they may do.")
    since: datetime = strawberry.field(description="Since when they are in it.")
    is_self: bool = strawberry.field(description="Whether it is the customer whose account is shown.")


@strawberry.type
class Account:
    """A household or a company: persons who have their points in a program in one purse, if it pools."""

    id: strawberry.ID = strawberry.field(description="Names it in mutations.")
    program: str = strawberry.field(description="In which program.")
    kind: AccountKind = strawberry.field(description="What sort of persons it is of.")
    name: str | None = strawberry.field(description="Of a company.")
    pooling: Pooling = strawberry.field(description="Whose the points of its persons are.")
    persons: list[AccountPerson] = strawberry.field(description="Who is in it, the first first.")

    @classmethod
    def of(cls, account: model.Account, own_ids: OwnIds) -> Self:
        """Show an account as one of its persons sees it."""
        return cls(
            id=strawberry.ID(str(account.id)),
            program=account.program,
            kind=account.kind,
            name=account.name,
            pooling=account.pooling,
            persons=[
                AccountPerson(profile_id=it.profile_id, role=it.role, since=it.since, is_self=it.profile_id in own_ids)
                for it in account.persons
            ],
        )


@strawberry.type
class InAccounts:
    """In which accounts a profile is."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def accounts(self, info: Info) -> list[Account]:
        """In which accounts this customer is, one for each program at most."""
        found = await info.context.loaders.one(store.of, self.own_ids) or []
        return [Account.of(it, self.own_ids) for it in found]


@strawberry.input
class CreateAccountInput:
    """What an account is to be, and who owns it first."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    program: str = strawberry.field(description="In which program.")
    kind: AccountKind = strawberry.field(description="What sort of persons it is of.")
    name: str | None = strawberry.field(default=None, description="Of a company; a household has none.")
    pooling: Pooling = strawberry.field(default=Pooling.ALL, description="Whose the points of its persons are.")
    owner_id: strawberry.ID | None = strawberry.field(
        default=None, description="The profile; a customer means themself."
    )


@strawberry.input
class PutAccountPersonInput:
    """Who is to be in an account, and as what."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    account_id: strawberry.ID = strawberry.field(description="The account.")
    profile_id: strawberry.ID = strawberry.field(description="Who.")
    role: AccountRole = strawberry.field(description="What they may do from now on.")


@strawberry.input
class RemoveAccountPersonInput:
    """Who is to be in an account no more."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    account_id: strawberry.ID = strawberry.field(description="The account.")
    id: strawberry.ID | None = strawberry.field(default=None, description="The profile; a customer means themself.")


@strawberry.type
class CreateAccountPayload:
    """The account is there."""

    account: Account = strawberry.field(description="As it is now.")


@strawberry.type
class PutAccountPersonPayload:
    """They are in it."""

    account: Account = strawberry.field(description="As it is now.")


@strawberry.type
class RemoveAccountPersonPayload:
    """They are not in it any more, and spend nothing of it."""

    account: Account = strawberry.field(description="As it is now.")


@strawberry.type
class AccountNotChanged(UserError):
    """It is as it was: `NOT_FOUND`, `IN_ANOTHER_ACCOUNT`, `NOT_IN_ACCOUNT`, `LAST_OWNER` or `TOO_MANY_PERSONS`."""

    @classmethod
    def of(cls, error: AccountRefused) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input"])


CreateAccountResult: TypeAlias = Annotated[
    CreateAccountPayload | AccountNotChanged | IdempotencyKeyReused,
    strawberry.union("CreateAccountResult", description="What became of `createAccount`."),
]
PutAccountPersonResult: TypeAlias = Annotated[
    PutAccountPersonPayload | AccountNotChanged | IdempotencyKeyReused,
    strawberry.union("PutAccountPersonResult", description="What became of `putAccountPerson`."),
]
RemoveAccountPersonResult: TypeAlias = Annotated[
    RemoveAccountPersonPayload | AccountNotChanged | IdempotencyKeyReused,
    strawberry.union("RemoveAccountPersonResult", description="What became of `removeAccountPerson`."),
]


@strawberry.type
class AccountMutations:
    """What makes accounts, and changes who is in them."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def create_account(self, info: Info, input: CreateAccountInput) -> CreateAccountResult:  # noqa: A002 - its name on the wire
        """Make a household or a company that a customer owns. Their points in its program go over into its purse."""
        try:
            answer = await info.context.once("createAccount", input, lambda: _create(info, input))
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except AccountRefused as error:
            return AccountNotChanged.of(error)
        return CreateAccountPayload(account=await _shown(answer))

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE)])
    async def put_account_person(self, info: Info, input: PutAccountPersonInput) -> PutAccountPersonResult:  # noqa: A002 - as above
        """Put a customer, who has agreed to it, into an account, or change what they may do there."""
        try:
            answer = await info.context.once("putAccountPerson", input, lambda: _put(info, input))
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except AccountRefused as error:
            return AccountNotChanged.of(error)
        return PutAccountPersonPayload(account=await _shown(answer))

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def remove_account_person(self, info: Info, input: RemoveAccountPersonInput) -> RemoveAccountPersonResult:  # noqa: A002 - as above
        """Take a customer out of an account: they get back what they brought, as far as it is still there."""
        try:
            answer = await info.context.once("removeAccountPerson", input, lambda: _remove(info, input))
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except AccountRefused as error:
            return AccountNotChanged.of(error)
        return RemoveAccountPersonPayload(account=await _shown(answer))


async def _create(info: Info, wanted: CreateAccountInput) -> Done:
    caller, now = info.context.caller, info.context.clock()
    await membership.program_of(wanted.program)
    owner = await meant(info, wanted.owner_id, Scope.PROFILE_WRITE)
    key = ids.key_of("account", caller.kind, caller.subject, wanted.idempotency_key)
    asked = Wanted(wanted.program, wanted.kind, wanted.name, wanted.pooling)
    account = await service.make(asked, owner, key=key, now=now)
    return _done("create account", account, owner.id, {"program": account.program, "kind": account.kind.value})


async def _put(info: Info, wanted: PutAccountPersonInput) -> Done:
    profile = await meant(info, wanted.profile_id, Scope.PROFILE_WRITE)
    account = await service.put(uuid_of(wanted.account_id), profile, wanted.role, now=info.context.clock())
    return _done("put account person", account, profile.id, {"role": wanted.role.value})


async def _remove(info: Info, wanted: RemoveAccountPersonInput) -> Done:
    profile = await meant(info, wanted.id, Scope.PROFILE_WRITE)
    account = await service.remove(uuid_of(wanted.account_id), profile, now=info.context.clock())
    return _done("remove account person", account, profile.id, {"role": None})


def _done(what: str, account: model.Account, profile_id: UUID, after: Mapping[str, str | None]) -> Done:
    change = Change(what, str(account.id), None, {"profile": str(profile_id), **after})
    return Done({"account": str(account.id), "profile": str(profile_id)}, change)


async def _shown(answer: Mapping[str, str]) -> Account:
    profile_id = UUID(answer["profile"])
    head = (await profiles.heads([profile_id])).get(profile_id)
    return Account.of(await service.load(UUID(answer["account"])), head.own_ids if head else (profile_id,))
