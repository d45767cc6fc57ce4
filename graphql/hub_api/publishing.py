"""Publishing a definition that belongs to all brands and stores: rollups, segments and questions alike."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hub.access import audit, idempotency
from hub.access.idempotency import Done
from hub.commerce import checks
from hub.definitions import Published
from hub.kit import problems as documents
from hub_api.context import Context, Keyed
from hub_api.failures import IdempotencyKeyReused
from hub_api.journeys import InvalidDefinition


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published: the version of this document, and whether anything has changed."""

    name: str
    version: int
    is_new: bool


async def publish(
    context: Context, what: str, given: Keyed, do: Callable[[], Awaitable[Published]]
) -> Publication | InvalidDefinition | IdempotencyKeyReused:
    """Publish once under the key of the input, and tell the audit.

    Args:
        context: of the request.
        what: what is published, such as `review rules`: a part of the mutation's name, and of what the audit says.
        given: the input of the mutation.
        do: publishes it.
    """

    async def done() -> Done:
        # It is about the customers of all brands and stores.
        checks.check_reach(context.caller, brands=(), stores=())
        published = await do()
        name, number = published.version.name, published.version.number
        answer = {"name": name, "version": number, "new": published.new}
        return Done(answer, audit.publication(f"publish {what}", published))

    try:
        answer = await context.once(f"publish{what.title().replace(' ', '')}", given, done)
    except documents.InvalidDefinition as error:
        return InvalidDefinition.of(error)
    except idempotency.IdempotencyKeyReused as error:
        return IdempotencyKeyReused.of(error)
    return Publication(answer["name"], answer["version"], answer["new"])
