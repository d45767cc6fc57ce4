"""Row 80: what the staff say and write is in the words of one library, and what was sent in others is found."""

from datetime import timedelta
from typing import Any

from hub.access import keys
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.broadcasts import service as broadcasts
from hub.broadcasts.advance import Advancer
from hub.broadcasts.model import Definition
from hub.content import service as contents
from hub.messaging.dispatch import Dispatcher
from hub.profiles.model import Channel
from hub.settings import Environment
from hub.wording import snippet_store
from hub.wording.library import Library
from runtime import wiring
from tests.hub_api.conftest import Hub

SIGNATURE = "{snippet: signature, tone: warm, texts: {en: 'TEXT {{ profile.firstName }}', de: 'DE {{ brand.name }}'}}"
SCRIPT = "{content: greeting, surface: staff_script, texts: {en: {text: \"Say: {% snippet 'signature' %}\"}}}"
SEGMENT = """mutation { publishSegment(input: {
  idempotencyKey: "g", source: "{segment: vips, when: profile.vip = true}"}) { __typename } }"""
TEMPLATE = """mutation ($under: String!) { publishTemplate(input: {idempotencyKey: $under, name: "news", files: [
  {path: "en/sms", source: "News. {% snippet 'signature' %}"}]}) { __typename } }"""
SAID = """query ($id: ID, $code: String, $names: [String!], $language: String, $brand: String! = "default") {
  agreedSnippets(id: $id, memberCode: $code, names: $names, language: $language, brand: $brand) {
    name tone version language text } }"""
SHOWN = "{ content(surface: STAFF_SCRIPT) { text } }"
REPORT = """query ($since: DateTime) { outdatedMessages(since: $since) {
  snippet said agreed template messages firstAt lastAt } }"""


async def agreed(hub: Hub, text: str, number: int) -> None:
    await snippet_store.publish(SIGNATURE.replace("TEXT", text), by="ada", key=text, now=hub.now)
    await snippet_store.approve("signature", number, by="eve", key=text, now=hub.now)


async def staff(hub: Hub, role: Role, *brands: str) -> str:
    grant = Grant(KeyKind.STAFF, "office", person=role, roles=frozenset({role}), brands=frozenset(brands))
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=hub.now) or ""


async def broadcast(hub: Hub, key: str) -> None:
    """Tell Ada the news by SMS."""
    wanted = Definition("News", "vips", "news", channels=(Channel.SMS,))
    made = await broadcasts.create(wanted, by="test", key=key, now=hub.now)
    advancer = Advancer()
    while (await advancer.step(made.broadcast.id, hub.now)).idle == timedelta():
        pass
    dispatcher = Dispatcher(hub.settings, wiring.senders(hub.settings), Library(), hub.clock)
    while await dispatcher.step():
        pass


async def test_staff_script_and_signature_snippets_come_from_the_same_library_and_a_report_lists_messages_not_using_the_approved_version(  # noqa: E501 - the sentence of the row
    hub: Hub, admin: str
) -> None:
    await hub.data(SEGMENT, admin)
    await hub.identify("ada", vip=True, phone="+4915112345678", firstName="Ada")
    store, desk = await staff(hub, Role.STORE), await staff(hub, Role.SERVICE)
    await agreed(hub, "Yours, Finch.", 1)
    await contents.publish(SCRIPT, by="test", key="s", now=hub.now)
    await hub.data(TEMPLATE, admin, under="1")
    await broadcast(hub, "1")
    assert await hub.data(SHOWN, store) == {"content": [{"text": "Say: Yours, Finch."}]}

    hub.now += timedelta(hours=1)
    await agreed(hub, "Bye, Finch.", 2)
    late = hub.now
    await broadcast(hub, "2")  # by the template that nobody has published again
    said: dict[str, Any] = {"snippet": "signature", "said": 1, "agreed": 2, "template": "news", "messages": 1}

    assert await hub.data(SHOWN, store) == {"content": [{"text": "Say: Bye, Finch."}]}
    assert await hub.data(SAID, desk) == {
        "agreedSnippets": [
            {"name": "signature", "tone": "warm", "version": 2, "language": "en", "text": "Bye, Finch."},
        ]
    }
    [found] = (await hub.data(REPORT, admin))["outdatedMessages"]
    assert found == said | {"firstAt": late.isoformat(), "lastAt": late.isoformat()}
    assert (await hub.data(REPORT, admin, since=(late + timedelta(seconds=1)).isoformat()))["outdatedMessages"] == []
    hub.now += timedelta(hours=1)
    await hub.data(TEMPLATE, admin, under="2")
    await broadcast(hub, "3")
    assert [it["messages"] for it in (await hub.data(REPORT, admin))["outdatedMessages"]] == [1]


async def test_the_staff_say_it_to_a_customer_in_their_language_and_by_what_they_may_read(hub: Hub, admin: str) -> None:
    await hub.identify("ada", email="ada@example.com", firstName="Ada", locale="de-AT")
    await agreed(hub, "Yours", 1)
    [ada] = (await hub.data("{ profiles { nodes { id } } }", admin))["profiles"]["nodes"]

    async def text(key: str, **asked: Any) -> list[str]:
        return [it["text"] for it in (await hub.data(SAID, key, **asked))["agreedSnippets"]]

    desk, store = await staff(hub, Role.SERVICE), await staff(hub, Role.STORE)
    assert await text(desk, id=ada["id"]) == ["DE"]
    assert await text(desk, id=ada["id"], language="en") == ["Yours Ada"]
    assert await text(store, names=["footer"]) == []
    assert await text(store, names=["signature", "footer"]) == ["Yours"]
    refused = await hub.answer(SAID, await staff(hub, Role.SERVICE, "finch"))
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_script_that_says_a_snippet_which_nobody_has_agreed_to_is_refused_by_its_place(hub: Hub) -> None:
    publish = """mutation ($input: PublishContentInput!) { publishContent(input: $input) {
      __typename ... on InvalidDefinition { problems { line column code message } } } }"""
    asked = {"idempotencyKey": "c", "source": SCRIPT.replace("signature", "signatur")}
    await agreed(hub, "Yours", 1)

    refused = (await hub.data(publish, await hub.key(KeyKind.STAFF), input=asked))["publishContent"]

    assert refused["problems"] == [
        {
            "line": 1,
            "column": 63,
            "code": "unknown_snippet",
            "message": "`text`: there is no snippet `signatur`. Did you mean `signature`?",
        }
    ]
