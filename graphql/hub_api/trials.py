"""`sendTest`: a template in the mailbox of a colleague."""

from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import audit, idempotency
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.kit import ids
from hub.kit.errors import HubError
from hub.messaging import trials
from hub.messaging.ports import SendFailed
from hub.messaging.trials import NobodySends, NotStaff
from hub.wording.parts import NoSuchPart, RenderingFailed
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.templates import stored


@strawberry.input
class SendTestInput:
    """A stored template, to be looked at in a mailbox."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="The template.")
    to: str = strawberry.field(description="An address that `HUB_STAFF_ADDRESSES` names.")
    language: str | None = strawberry.field(default=None, description="The language wished for.")


@strawberry.type
class SendTestPayload:
    """The provider has it. It is no customer's message, and in no numbers."""

    name: str = strawberry.field(description="The template.")


@strawberry.type
class TestNotSent(UserError):
    """It did not go out, or nobody can tell."""

    @classmethod
    def of(cls, error: HubError) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input"])


SendTestResult: TypeAlias = Annotated[
    SendTestPayload | TestNotSent | IdempotencyKeyReused,
    strawberry.union("SendTestResult", description="What became of `sendTest`."),
]


@strawberry.type
class TrialMutations:
    """What tries templates."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def send_test(
        self,
        info: Info,
        input: SendTestInput,  # noqa: A002 - its name on the wire
    ) -> SendTestResult:
        """Send a template to one of the staff as to a made-up customer, outside of caps and numbers."""
        context = info.context

        async def do() -> Done:
            key = ids.key_of("send test", context.caller.subject, input.idempotency_key)
            template = await stored(input.name)
            sender, settings = context.email_sender(), context.settings
            await trials.send(sender, template, to=input.to, key=key, language=input.language, settings=settings)
            return Done({"name": input.name}, audit.Change("send test", input.name, None, {"channel": "email"}))

        try:
            answer = await context.once("sendTest", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except (NotStaff, NobodySends, NoSuchPart, RenderingFailed, SendFailed) as error:
            return TestNotSent.of(error)
        return SendTestPayload(name=answer["name"])
