"""Every field that loads or changes something names the scope it needs; a test walks the schema for one without."""

from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver

from hub.access.model import Limited, Scope, require
from hub_api.context import Info
from hub_api.persons import persons_in


class Needs(FieldExtension):
    """Lets a caller pass who has the scope.

    `or_own` lets also pass a customer, on the object of their own profile: it is asked of the object, so that no way
    through the schema leads from one customer to another.

    `or_self` lets also pass a customer, on a mutation that then means their own profile: it asks `subjects.meant`. On a
    query it is for what every customer may be shown, and is of nobody.

    `unlimited` keeps out who is limited to brands or stores: what the field is about belongs to all of them.
    """

    def __init__(self, scope: Scope, *, or_own: bool = False, or_self: bool = False, unlimited: bool = False) -> None:
        self.scope = scope
        self.unlimited = unlimited
        self.or_own = or_own
        self.or_self = or_self

    async def resolve_async(  # type: ignore[override]  # by place only: a field may have an argument named `source`
        self, next_: AsyncExtensionResolver, source: Any, info: Info, /, **kwargs: Any
    ) -> Any:
        """Ask, then resolve the field, and note whose data it gives.

        Raises:
            Unauthenticated: nobody in particular is asking.
            Forbidden: the caller lacks the scope.
            Limited: the caller has it for some brands or stores, and that is not enough.
        """
        caller = info.context.caller
        as_self = self.or_self and Scope.PROFILE_SELF in caller.scopes
        if not as_self and not (self.or_own and await _owns(source.profile_id, info)):
            require(caller, self.scope)
            if self.unlimited and (caller.brands or caller.stores):
                raise Limited
        found = await next_(source, info, **kwargs)
        info.context.seen.update(persons_in(source), persons_in(found))
        return found


async def _owns(profile_id: object, info: Info) -> bool:
    context = info.context
    if profile_id in context.proven:
        return True
    return Scope.PROFILE_SELF in context.caller.scopes and await context.own_profile_id() == profile_id
