"""What the preparations of mutations share: who asks, and of whom."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from hub.access.grants import KeyKind
from hub.profiles import identifier_store
from hub.profiles.model import Identifier, IdentifierKind
from hub_api.nodes import global_id
from tests.hub_api import signing_in
from tests.hub_api.conftest import Hub

Given: TypeAlias = dict[str, Any]
Prepare: TypeAlias = Callable[[Hub], Awaitable[tuple[str, Given, Given | None]]]
"""Makes what a mutation needs, and gives a key that may call it, its input, and another one to be refused under the
same idempotency key. None: the mutation has no input but the key."""


async def staff(hub: Hub) -> str:
    return await hub.key(KeyKind.STAFF)


async def profile_of(hub: Hub, user_id: str) -> Any:
    await hub.identify(user_id, email=f"{user_id}@example.com")
    named = Identifier(IdentifierKind.USER, user_id)
    return (await identifier_store.owners([named]))[named].profile_id


async def done(hub: Hub, name: str, key: str, given: Given) -> dict[str, Any]:
    title = name[0].upper() + name[1:]
    query = f"mutation ($input: {title}Input!) {{ {name}(input: $input) {{ __typename ... on UserError {{ code }} }} }}"
    result: dict[str, Any] = (await hub.data(query, key, input=given))[name]
    return result


async def of_a_profile(hub: Hub) -> tuple[str, Given, Given]:
    ids = [{"id": global_id("Profile", await profile_of(hub, user_id))} for user_id in ("ada", "bob")]
    return await staff(hub), ids[0], ids[1]


async def complete_sign_in(hub: Hub) -> tuple[str, Given, Given]:
    key = await hub.key(KeyKind.CLIENT)
    await signing_in.ask(hub, key)
    given = {"linkToken": signing_in.link_in((await signing_in.sent(hub))[0]), "deviceSecret": signing_in.PHONE}
    return key, given, {**given, "deviceSecret": "the secret of a thief"}
