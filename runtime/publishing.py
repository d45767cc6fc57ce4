"""Publishing a definition on the command line: once under its key, told to the audit, and what is said of it."""

import uuid
from collections.abc import Awaitable, Callable

from hub.access import audit
from hub.definitions import Published
from hub.kit import ids
from runtime import wiring
from runtime.on_database import on_database


def publish(what: str, key: str, do: Callable[[str], Awaitable[Published]], *, news: str) -> str:
    """Publish a definition, and give the line that tells of it.

    Args:
        what: what is published, such as `rollup`.
        key: the idempotency key; where there is none, one is made.
        do: publishes it under a key.
        news: what is so from now on, if anything has changed.
    """
    key = key or uuid.uuid4().hex
    published = on_database(lambda _: _published(what, key, do))
    state = news if published.new else "was published already: nothing has changed"
    return f"{published.version.name} version {published.version.number} {state}."


async def _published(what: str, key: str, do: Callable[[str], Awaitable[Published]]) -> Published:
    published = await do(key)
    if change := audit.publication(f"publish {what}", published):
        cause = ids.key_of("cli", f"publish {what}", key)
        await audit.record(audit.OPERATOR, change, at=wiring.clock(), cause=cause)
    return published
