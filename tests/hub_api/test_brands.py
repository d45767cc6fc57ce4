"""Brand kits over the API: published, shown, and kept to by templates."""

from typing import Any

from hub.access.grants import KeyKind
from tests.hub_api.conftest import Hub

KIT = '{brand: default, name: Finch, colours: {primary: "#8a3f1d"}, fonts: {}, banned: [cheap]}'
PUBLISH = """
mutation ($input: PublishBrandInput!) { publishBrand(input: $input) {
  __typename ... on PublishBrandPayload { version isNew brand { name version source } }
  ... on InvalidDefinition { problems { line column code } } ... on UserError { code path }
} }
"""
TEMPLATE = """
mutation ($input: PublishTemplateInput!) { publishTemplate(input: $input) {
  __typename ... on InvalidDefinition { problems { code message } }
} }
"""
PREVIEW = """
query ($input: PreviewTemplateInput!) { previewTemplate(input: $input) { ... on TemplatePreview { text } } }
"""


async def publish(hub: Hub, key: str, source: str) -> dict[str, Any]:
    asked = {"idempotencyKey": source, "source": source}
    result: dict[str, Any] = (await hub.data(PUBLISH, key, input=asked))["publishBrand"]
    return result


async def test_a_kit_is_published_and_shown_and_templates_keep_to_it(hub: Hub, admin: str) -> None:
    published = await publish(hub, admin, KIT)
    refused = await publish(hub, admin, KIT.replace("#8a3f1d", "brown"))
    files = [{"path": "en/sms", "source": "So cheap, says {{ brand.name }}."}]
    asked = {"idempotencyKey": "t", "name": "hello", "files": files}

    template = (await hub.data(TEMPLATE, admin, input=asked))["publishTemplate"]
    other = (await hub.data(TEMPLATE, admin, input={**asked, "brand": "other"}))["publishTemplate"]
    shown = await hub.data(PREVIEW, admin, input={"name": "hello", "files": files, "channel": "SMS"})

    assert published == {
        "__typename": "PublishBrandPayload",
        "version": 1,
        "isNew": True,
        "brand": {"name": "default", "version": 1, "source": KIT},
    }
    assert refused["problems"] == [{"line": 1, "column": 50, "code": "bad_name"}]
    assert template["problems"] == [{"code": "banned_word", "message": "en/sms: `cheap` is not said by Finch."}]
    assert other == {"__typename": "PublishTemplatePayload"}
    assert shown["previewTemplate"] == {"text": "So cheap, says Finch."}
    assert (await hub.data("{ brands { name version } }", admin))["brands"] == [{"name": "default", "version": 1}]


async def test_nobody_publishes_a_kit_who_may_not_define_anything(hub: Hub) -> None:
    server = await hub.key(KeyKind.SERVER)

    assert await hub.codes(PUBLISH, server, input={"idempotencyKey": "k", "source": KIT}) == ["FORBIDDEN"]
