"""How a customer signs in over the API, and what the message said."""

import re
from typing import Any

from hub.messaging.dispatch import Dispatcher
from hub.wording.library import Library
from integrations.console.store import InboxDocument
from runtime import wiring
from tests.hub_api.conftest import Hub

ASK = """mutation ($input: RequestSignInInput!) { requestSignIn(input: $input) {
  __typename ... on RequestSignInPayload { signInId expiresAt } ... on UserError { code }
} }"""
COMPLETE = """mutation ($input: CompleteSignInInput!) { completeSignIn(input: $input) {
  __typename
  ... on CompleteSignInPayload { token profile { id traits } }
  ... on UserError { code message path }
  ... on SignInRefused { triesLeft }
} }"""
ADA = "ada@example.com"
PHONE = "the secret of a phone"


async def ask(hub: Hub, key: str, **given: Any) -> dict[str, Any]:
    given = {"idempotencyKey": "ask", "deviceSecret": PHONE, "email": ADA, **given}
    result: dict[str, Any] = (await hub.data(ASK, key, input=given))["requestSignIn"]
    return result


async def complete(hub: Hub, key: str, **given: Any) -> dict[str, Any]:
    given = {"idempotencyKey": "complete", "deviceSecret": PHONE, **given}
    result: dict[str, Any] = (await hub.data(COMPLETE, key, input=given))["completeSignIn"]
    return result


async def sent(hub: Hub) -> list[dict[str, Any]]:
    """Send what is queued, and read the inbox."""
    dispatcher = Dispatcher(hub.settings, wiring.senders(hub.settings), Library(), wiring.clock)
    while await dispatcher.step():
        pass
    return await InboxDocument.get_pymongo_collection().find().sort("_id", 1).to_list()


def code_in(message: dict[str, Any]) -> str:
    found = re.search(r"\b\d{6}\b", message["text"])
    assert found
    return found[0]


def link_in(message: dict[str, Any]) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000/m/s/(\S+)", message["text"])
    assert found
    return found[1]
