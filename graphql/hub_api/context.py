"""What every field may use of its request: who is asking, the time, and the loaders."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.idempotency import Done
from hub.access.model import Caller, CallerKind
from hub.access.names import Names
from hub.access.permissions import Detail
from hub.messaging.ports import EmailSender
from hub.privacy.service import Privacy
from hub.profiles import identifier_store, identifiers, rules, store
from hub.profiles.model import Identifier, IdentifierKind, Profile
from hub.profiles.suppression import Suppressions
from hub.settings import Settings
from hub_api.loaders import Loaders

ISSUER: Final = "issuer"
"""Who brings an address that stands as verified in a token: the source of a clash, where it is another's."""


class Keyed(Protocol):
    """The input of a mutation."""

    idempotency_key: str


@dataclass
class Context:
    """Made once per request."""

    caller: Caller
    clock: Callable[[], datetime]
    settings: Settings
    request_id: str
    privacy: Privacy
    suppressions: Suppressions
    names: Names
    network: str | None = None
    email_sender: Callable[[], EmailSender | None] = lambda: None
    """Who sends tests of templates; made when the first is sent."""
    loaders: Loaders = field(default_factory=Loaders)
    proven: set[UUID] = field(default_factory=set)
    """The profiles whose owner has proven in this request, by a code or link, who they are: they see their own."""
    seen: set[UUID] = field(default_factory=set)
    """The profiles of which the answer shows something."""
    details: set[Detail] = field(default_factory=set)
    """What it shows of those whose fields are granted one by one."""

    def __post_init__(self) -> None:
        """Note what is still to be taken in."""
        self._vouched = list(self.caller.verified)

    async def own_profile_id(self) -> UUID | None:
        """Tell which profile is the asking customer's own. None for anybody else, and while there is none.

        It is the one that has their user id, or by whose address they signed in; where that one was merged, the one
        that absorbed it.
        """
        caller = self.caller
        if caller.kind is not CallerKind.CUSTOMER:
            return None
        profile_id = caller.profile_id
        if profile_id is None:
            owned = await self.loaders.one(identifier_store.owners, Identifier(IdentifierKind.USER, caller.subject))
            profile_id = owned.profile_id if owned else None
        head = await self.loaders.one(store.heads, profile_id) if profile_id else None
        if head is None:
            return None
        await self._take_in_vouched(head)
        return head.id

    async def _take_in_vouched(self, head: Profile) -> None:
        """Let the addresses that the issuer of the caller's token has verified be their own, once in a request."""
        vouched, self._vouched = self._vouched, []
        for kind, value in vouched:
            form = rules.lookup_form(IdentifierKind(kind), value)
            if not form:
                continue
            identifier = Identifier(IdentifierKind(kind), form)
            owned = await self.loaders.one(identifier_store.owners, identifier)
            if owned is None or not owned.verified or owned.profile_id not in head.own_ids:
                await identifiers.vouch(head.id, identifier, by=ISSUER, now=self.clock())

    async def once(self, mutation: str, input: Keyed, do: Callable[[], Awaitable[Done]]) -> Mapping[str, Any]:  # noqa: A002 - the word of the API
        """Do a mutation unless it was done under its key, and give the answer that is kept: see `idempotency.once`.

        Args:
            mutation: its name on the wire.
            input: what was sent.
            do: does it, and may be run again.
        """
        caller = self.caller
        if caller.kind is CallerKind.CUSTOMER:
            caller = replace(caller, key=await self.names.of_customer(caller.subject))
        return await idempotency.once(
            caller, mutation, input.idempotency_key, input, do, clock=self.clock, request_id=self.request_id
        )


Info: TypeAlias = strawberry.Info[Context, None]
