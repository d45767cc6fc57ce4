"""Snippets over the API: one publishes, another agrees, and templates say what was agreed to."""

from typing import Any

from hub.access.grants import KeyKind
from tests.hub_api.conftest import Hub

PUBLISH = """
mutation ($input: PublishSnippetInput!) { publishSnippet(input: $input) {
  __typename ... on PublishSnippetPayload { name version isNew } ... on UserError { code path }
} }
"""
APPROVE = """
mutation ($input: ApproveSnippetInput!) { approveSnippet(input: $input) {
  __typename ... on ApproveSnippetPayload { name version } ... on UserError { code path }
} }
"""
TEMPLATE = """
mutation ($input: PublishTemplateInput!) { publishTemplate(input: $input) {
  __typename ... on PublishTemplatePayload { version template { languages { parts { source } } } }
  ... on InvalidDefinition { problems { code } }
} }
"""
LISTED = "{ snippets { name version agreedVersion } outdatedTemplates { template version snippet says agreed } }"


async def publish(hub: Hub, key: str, text: str) -> dict[str, Any]:
    asked = {"idempotencyKey": text, "source": f"{{snippet: footer, texts: {{en: {text}}}}}"}
    result: dict[str, Any] = (await hub.data(PUBLISH, key, input=asked))["publishSnippet"]
    return result


async def approve(hub: Hub, key: str, version: int) -> dict[str, Any]:
    asked = {"idempotencyKey": f"a{version}", "name": "footer", "version": version}
    result: dict[str, Any] = (await hub.data(APPROVE, key, input=asked))["approveSnippet"]
    return result


async def test_one_publishes_and_another_agrees_and_templates_say_it(hub: Hub, admin: str) -> None:
    other = await hub.key(KeyKind.STAFF)
    files = [{"path": "en/sms", "source": "Hi. {% snippet 'footer' %}"}]
    asked = {"idempotencyKey": "t", "name": "hello", "files": files}

    assert await publish(hub, admin, "Finch") == {
        "__typename": "PublishSnippetPayload",
        "name": "footer",
        "version": 1,
        "isNew": True,
    }
    assert (await approve(hub, admin, 1))["code"] == "SAME_PERSON"
    assert (await hub.data(TEMPLATE, admin, input=asked))["publishTemplate"]["problems"] == [
        {"code": "unknown_snippet"}
    ]
    assert (await approve(hub, other, 9))["code"] == "NOT_FOUND"
    assert await approve(hub, other, 1) == {"__typename": "ApproveSnippetPayload", "name": "footer", "version": 1}
    published = (await hub.data(TEMPLATE, admin, input=asked))["publishTemplate"]

    assert published["template"]["languages"] == [{"parts": [{"source": "Hi. Finch"}]}]
    await publish(hub, admin, "Sparrow")
    await approve(hub, other, 2)
    assert await hub.data(LISTED, admin) == {
        "snippets": [{"name": "footer", "version": 2, "agreedVersion": 2}],
        "outdatedTemplates": [{"template": "hello", "version": 1, "snippet": "footer", "says": 1, "agreed": 2}],
    }
