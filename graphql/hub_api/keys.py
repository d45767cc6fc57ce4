"""Keys of machines, partners, devices and staff: who has one, and the mutations that make and end them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self, TypeAlias

import strawberry

from hub.access import idempotency, keys
from hub.access.audit import Change
from hub.access.grants import Grant, KeyKind, require_reach, told
from hub.access.idempotency import Done
from hub.access.keys import KeyDocument
from hub.access.model import Caller, Role, Scope
from hub.kit import ids
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs


@strawberry.type
class Key:
    """A key, without its secret: that is kept as a hash."""

    id: strawberry.ID = strawberry.field(description="The second-last part of the key: `hub_ENV_ID_SECRET`.")
    kind: KeyKind = strawberry.field(description="What it is for.")
    source: str = strawberry.field(description="The source of the events that it sends.")
    person: str | None = strawberry.field(description="The member of staff whose it is.")
    roles: list[Role] = strawberry.field(description="The roles of a key of staff.")
    scopes: list[Scope] = strawberry.field(description="What its holder may do.")
    brands: list[str] = strawberry.field(description="To which brands it is limited; none means all.")
    stores: list[str] = strawberry.field(description="To which stores it is limited; none means all.")
    last4: str = strawberry.field(description="The end of its secret.")
    older_last4: str | None = strawberry.field(description="The end of the secret that a rotation is replacing.")
    older_ends_at: datetime | None = strawberry.field(description="When that one stops working by itself.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it is over.")
    used_on: str | None = strawberry.field(description="The day on which it was last used, in UTC.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")

    @classmethod
    def of(cls, document: KeyDocument) -> Self:
        """Show a key."""
        grant, older = document.grant, document.older
        return cls(
            id=strawberry.ID(document.id),
            kind=grant.kind,
            source=grant.source,
            person=grant.person or None,
            roles=sorted(grant.roles),
            scopes=sorted(grant.allowed),
            brands=sorted(grant.brands),
            stores=sorted(grant.stores),
            last4=document.last4,
            older_last4=older.last4 if older else None,
            older_ends_at=older.ends_at if older else None,
            created_at=document.created_at,
            expires_at=document.expires_at,
            used_on=document.used_on,
            revoked_at=document.revoked_at,
        )


@strawberry.type
class KeyQueries:
    """How keys are found."""

    @strawberry.field(name="keys", extensions=[Needs(Scope.KEYS_WRITE)])
    async def all_keys(self, info: Info) -> list[Key]:
        """All keys that lie within the caller's brands and stores, the newest first; revoked ones too."""
        caller = info.context.caller
        found = await keys.all_keys()
        return [Key.of(it) for it in found if caller.reaches(it.grant.brands, it.grant.stores)]


@strawberry.input
class CreateKeyInput:
    """A key, and what it is limited to."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    kind: KeyKind = strawberry.field(description="What it is for.")
    source: str = strawberry.field(description="The source of the events that it sends.")
    person: str | None = strawberry.field(
        default=None, description="For staff: whose it is, by an id and not by an address."
    )
    roles: list[Role] = strawberry.field(default_factory=list, description="For staff.")
    scopes: list[Scope] = strawberry.field(
        default_factory=list,
        description="For partners: some of those that a partner may have. For a till: `TILLS_WRITE`.",
    )
    brands: list[str] = strawberry.field(
        default_factory=list, description="To which brands it is limited; a partner's names one at least."
    )
    stores: list[str] = strawberry.field(
        default_factory=list, description="To which stores it is limited; a device's names one."
    )
    expires_at: datetime | None = strawberry.field(default=None, description="When it is over; never, if left out.")

    @property
    def grant(self) -> Grant:
        """The input in the words of access."""
        return Grant(
            self.kind,
            self.source,
            self.person or "",
            frozenset(self.roles),
            frozenset(self.scopes),
            frozenset(self.brands),
            frozenset(self.stores),
            self.expires_at,
        )


@strawberry.input
class RotateKeyInput:
    """A key that is to have a new secret."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The id of the key.")
    overlap_seconds: int | None = strawberry.field(
        default=None, description="How long the older secret goes on working; until it is revoked, if left out."
    )


@strawberry.input
class RevokeKeyInput:
    """A key that is to end."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID = strawberry.field(description="The id of the key.")
    older_only: bool = strawberry.field(
        default=False, description="End only the secret that a rotation has replaced; the key lives on."
    )


@strawberry.type
class CreateKeyPayload:
    """The key is made."""

    key: Key = strawberry.field(description="The key as it is kept.")
    secret: str | None = strawberry.field(description="The key to present. It is shown once: null on a repeat.")


@strawberry.type
class RotateKeyPayload:
    """The key has two secrets now."""

    key: Key = strawberry.field(description="The key as it is kept.")
    secret: str | None = strawberry.field(description="The key to present. It is shown once: null on a repeat.")


@strawberry.type
class RevokeKeyPayload:
    """Within a second the key, or its older secret, is refused."""

    key: Key = strawberry.field(description="The key as it is kept.")


CreateKeyResult: TypeAlias = Annotated[
    CreateKeyPayload | IdempotencyKeyReused,
    strawberry.union("CreateKeyResult", description="What became of `createKey`."),
]
RotateKeyResult: TypeAlias = Annotated[
    RotateKeyPayload | IdempotencyKeyReused,
    strawberry.union("RotateKeyResult", description="What became of `rotateKey`."),
]
RevokeKeyResult: TypeAlias = Annotated[
    RevokeKeyPayload | IdempotencyKeyReused,
    strawberry.union("RevokeKeyResult", description="What became of `revokeKey`."),
]


@strawberry.type
class KeyMutations:
    """What changes keys."""

    @strawberry.mutation(extensions=[Needs(Scope.KEYS_WRITE)])
    async def create_key(
        self,
        info: Info,
        input: CreateKeyInput,  # noqa: A002 - its name on the wire
    ) -> CreateKeyResult:
        """Make a key. Nobody can hand out more than they have themselves."""
        context, grant = info.context, input.grant
        require_reach(context.caller, grant)
        shown: list[str | None] = []

        async def do() -> Done:
            key_id = ids.key_of("key", _who(context.caller), input.idempotency_key).hex[:16]
            shown.append(await keys.make(grant, key_id=key_id, env=context.settings.env, now=context.clock()))
            return Done({"id": key_id}, Change("create key", key_id, None, told(grant), grant.brands, grant.stores))

        try:
            answer = await context.once("createKey", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return CreateKeyPayload(key=Key.of(await keys.load(answer["id"])), secret=shown[-1] if shown else None)

    @strawberry.mutation(extensions=[Needs(Scope.KEYS_WRITE)])
    async def rotate_key(
        self,
        info: Info,
        input: RotateKeyInput,  # noqa: A002 - its name on the wire
    ) -> RotateKeyResult:
        """Give a key a second secret. Both work until the older one is revoked or the overlap is over."""
        context = info.context
        await _own_key(context.caller, input.id)
        shown: list[str | None] = []

        async def do() -> Done:
            overlap = None if input.overlap_seconds is None else timedelta(seconds=input.overlap_seconds)
            cause = str(ids.key_of("rotation", _who(context.caller), input.idempotency_key))
            shown.append(
                await keys.rotate(input.id, cause=cause, env=context.settings.env, now=context.clock(), overlap=overlap)
            )
            after = await keys.load(input.id)
            before = {"last4": after.older.last4} if after.older else None
            about = (after.grant.brands, after.grant.stores)
            return Done({"id": input.id}, Change("rotate key", input.id, before, {"last4": after.last4}, *about))

        try:
            await context.once("rotateKey", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return RotateKeyPayload(key=Key.of(await keys.load(input.id)), secret=shown[-1] if shown else None)

    @strawberry.mutation(extensions=[Needs(Scope.KEYS_WRITE)])
    async def revoke_key(
        self,
        info: Info,
        input: RevokeKeyInput,  # noqa: A002 - its name on the wire
    ) -> RevokeKeyResult:
        """End a key, or the older secret of one that is rotated."""
        context = info.context
        before = await _own_key(context.caller, input.id)

        async def do() -> Done:
            if input.older_only:
                await keys.revoke_older(input.id)
            else:
                await keys.revoke(input.id, now=context.clock())
            what = "revoke older secret" if input.older_only else "revoke key"
            after = await keys.load(input.id)
            about = (after.grant.brands, after.grant.stores)
            return Done({"id": input.id}, Change(what, input.id, _state(before), _state(after), *about))

        try:
            await context.once("revokeKey", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return RevokeKeyPayload(key=Key.of(await keys.load(input.id)))


async def _own_key(caller: Caller, key_id: str) -> KeyDocument:
    """Give a key that lies within the caller's reach.

    Raises:
        NoSuchKey: there is none.
        OutOfReach: it is for more than the caller may do.
    """
    document = await keys.load(key_id)
    require_reach(caller, document.grant)
    return document


def _who(caller: Caller) -> str:
    return f"{caller.kind} {caller.subject}"


def _state(document: KeyDocument) -> dict[str, Any]:
    return {"revoked_at": document.revoked_at, "older_last4": document.older.last4 if document.older else None}
