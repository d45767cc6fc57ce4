"""Fields of a profile: what a customer says of themself in the app."""

from typing import Annotated, TypeAlias

import strawberry
from strawberry.scalars import JSON

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.kit import ids
from hub.membership import completing
from hub.membership.completing import Said
from hub.profiles import fields
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs
from hub_api.subjects import meant


@strawberry.input
class SetProfileFieldsInput:
    """What a customer says of themself."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    fields: JSON = strawberry.field(description='An object: `{"birthday": "1990-11-28"}`. Null clears a field.')
    consent_version: str | None = strawberry.field(default=None, description="Which text they agreed to.")
    id: strawberry.ID | None = strawberry.field(default=None, description="The profile; a customer means themself.")


@strawberry.type
class SetProfileFieldsPayload:
    """It is kept, and rules go by it within seconds."""

    completed: list[str] = strawberry.field(description="The fields that were empty before.")


SetProfileFieldsResult: TypeAlias = Annotated[
    SetProfileFieldsPayload | IdempotencyKeyReused,
    strawberry.union("SetProfileFieldsResult", description="What became of `setProfileFields`."),
]


@strawberry.type
class ProfileFieldMutations:
    """What customers say of themselves."""

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def set_profile_fields(self, info: Info, input: SetProfileFieldsInput) -> SetProfileFieldsResult:  # noqa: A002 - its name on the wire
        """Say something of oneself. A field that was empty is told of once for ever: `Profile Field Completed`."""
        try:
            answer = await info.context.once("setProfileFields", input, lambda: _say(info, input))
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return SetProfileFieldsPayload(completed=answer["completed"])


async def _say(info: Info, wanted: SetProfileFieldsInput) -> Done:
    context, caller = info.context, info.context.caller
    profile = await meant(info, wanted.id, Scope.PROFILE_WRITE)
    cause = ids.key_of("setProfileFields", caller.kind, caller.subject, wanted.idempotency_key)
    said = Said(fields.checked(wanted.fields, now=context.clock()), wanted.consent_version)
    completed = await completing.say(profile, said, cause=cause, now=context.clock())
    # What they said is theirs: what outlives them says only of which fields.
    change = Change("set profile fields", str(profile.id), None, {"fields": sorted(said.fields)})
    return Done({"completed": list(completed)}, change)
