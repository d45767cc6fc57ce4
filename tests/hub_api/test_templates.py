"""Templates over the API: published once, shown, previewed, and tried on the staff."""

from typing import Any

from hub.access.audit import EntryDocument
from hub.access.grants import KeyKind
from hub.database import Database
from hub.journeys import service as journeys
from integrations.console.store import InboxDocument
from tests.hub_api.conftest import Hub

BODY = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ profile.firstName }}</mj-text>"
    '<mj-button href="{{ links.unsubscribe }}">Stop</mj-button></mj-column></mj-section></mj-body></mjml>'
)
FILES = {"en/subject": "Hi {{ profile.firstName }}", "en/body.mjml": BODY, "de/sms": "Grüße an dich"}
PUBLISH = """
mutation ($input: PublishTemplateInput!) { publishTemplate(input: $input) {
  __typename
  ... on PublishTemplatePayload { version isNew template { name version } hints { code message } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code message } }
} }
"""
PREVIEW = """
query ($input: PreviewTemplateInput!) { previewTemplate(input: $input) {
  __typename
  ... on TemplatePreview { language subject text html smsCount }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code message } }
} }
"""
SEND = """
mutation ($input: SendTestInput!) { sendTest(input: $input) {
  __typename ... on SendTestPayload { name } ... on UserError { code path }
} }
"""


def listed(files: dict[str, str]) -> list[dict[str, str]]:
    return [{"path": path, "source": source} for path, source in files.items()]


async def publish(hub: Hub, key: str, files: dict[str, str], under: str = "k", **more: Any) -> dict[str, Any]:
    asked = {"idempotencyKey": under, "name": "hello", "files": listed(files), **more}
    result: dict[str, Any] = (await hub.data(PUBLISH, key, input=asked))["publishTemplate"]
    return result


async def preview(hub: Hub, key: str, **asked: Any) -> dict[str, Any]:
    result: dict[str, Any] = (await hub.data(PREVIEW, key, input={"name": "hello", **asked}))["previewTemplate"]
    return result


async def send(hub: Hub, key: str, to: str, under: str = "t", name: str = "hello") -> dict[str, Any]:
    asked = {"idempotencyKey": under, "name": name, "to": to}
    result: dict[str, Any] = (await hub.data(SEND, key, input=asked))["sendTest"]
    return result


async def test_a_template_is_published_once_under_its_key_and_told_to_the_audit(hub: Hub, admin: str) -> None:
    first = await publish(hub, admin, FILES)
    again = await publish(hub, admin, FILES)
    same = await publish(hub, admin, FILES, under="l")
    other = await publish(hub, admin, {**FILES, "de/sms": "Servus"}, under="m")

    assert first == again
    assert (first["version"], first["isNew"], first["template"]) == (1, True, {"name": "hello", "version": 1})
    assert [it["code"] for it in first["hints"]] == ["other_language", "other_language"]
    assert (same["version"], same["isNew"]) == (1, False)
    assert (other["version"], other["isNew"]) == (2, True)
    entries = await EntryDocument.find({"what": "publish template"}).sort("_id").to_list()
    assert [(it.subject, it.after) for it in entries] == [("hello", {"version": 1}), ("hello", {"version": 2})]
    asked = "{ templates { name version languages { language parts { name source } } } }"
    assert (await hub.data(asked, admin))["templates"] == [
        {
            "name": "hello",
            "version": 2,
            "languages": [
                {"language": "de", "parts": [{"name": "sms", "source": "Servus"}]},
                {
                    "language": "en",
                    "parts": [
                        {"name": "body.mjml", "source": BODY},
                        {"name": "subject", "source": "Hi {{ profile.firstName }}"},
                    ],
                },
            ],
        }
    ]


async def test_an_older_version_can_be_read(hub: Hub, admin: str) -> None:
    await publish(hub, admin, {"en/sms": "One"})
    await publish(hub, admin, {"en/sms": "Two"}, under="l")
    asked = 'query ($v: Int) { template(name: "hello", version: $v) { languages { parts { source } } } }'

    shown = [(await hub.data(asked, admin, v=version))["template"] for version in (1, None, 9)]

    assert [it and it["languages"][0]["parts"][0]["source"] for it in shown] == ["One", "Two", None]


async def test_a_template_with_a_problem_is_refused_whole(hub: Hub, admin: str, database: Database) -> None:
    refused = await publish(hub, admin, {**FILES, "en/sms": "{{ profil.x }}"})

    assert (refused["code"], refused["path"]) == ("INVALID_DEFINITION", ["input", "files"])
    assert refused["problems"] == [
        {
            "line": 1,
            "column": 4,
            "code": "unknown_variable",
            "message": "en/sms: Nothing is called `profil`. Did you mean `profile`?",
        }
    ]
    assert await database["templates"].count_documents({}) == 0


async def test_what_does_not_advertise_needs_no_way_out(hub: Hub, admin: str) -> None:
    files = {"en/subject": "S", "en/text": "Your receipt."}

    assert (await publish(hub, admin, files))["code"] == "INVALID_DEFINITION"
    assert (await publish(hub, admin, files, under="l", transactional=True))["version"] == 1


async def test_a_preview_is_of_files_or_of_what_is_stored(hub: Hub, admin: str) -> None:
    await publish(hub, admin, FILES)

    mail = await preview(hub, admin, channel="EMAIL")
    sms = await preview(hub, admin, channel="SMS", files=listed({"en/sms": "x" * 161}))
    nothing = await preview(hub, admin, channel="PUSH")
    broken = await preview(hub, admin, channel="SMS", files=listed({"en/sms": "{% if %}"}))

    assert (mail["language"], mail["subject"], mail["smsCount"]) == ("en", "Hi Katharina", None)
    assert mail["html"].startswith("<!doctype html>")
    assert (sms["smsCount"], sms["html"]) == (2, None)
    assert (nothing["code"], nothing["path"]) == ("NO_SUCH_PART", ["input"])
    assert broken["problems"][0]["code"] == "bad_liquid"


async def test_a_preview_for_a_real_customer_is_told_to_the_audit(hub: Hub, admin: str) -> None:
    await hub.identify("ada", firstName="Ada")
    asked = '{ profiles(filter: {userId: "ada"}) { nodes { id } } }'
    (node,) = (await hub.data(asked, admin))["profiles"]["nodes"]

    shown = await preview(
        hub, admin, channel="SMS", profileId=node["id"], files=listed({"en/sms": "{{ profile.firstName }}"})
    )

    assert shown["text"] == "Ada"
    assert await EntryDocument.find({"what": "read profiles"}).count() == 2


async def test_a_test_goes_once_to_one_of_the_staff_and_to_nobody_else(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin, FILES)

    assert await send(hub, admin, "bob@shop.example") == {"__typename": "SendTestPayload", "name": "hello"}
    assert await send(hub, admin, "bob@shop.example") == {"__typename": "SendTestPayload", "name": "hello"}
    assert (await send(hub, admin, "ada@customer.example", under="u"))["code"] == "NOT_STAFF"
    assert (await send(hub, admin, "bob@shop.example", under="v", name="nothing"))["code"] == "NO_SUCH_TEMPLATE"

    assert [(it.to, it.subject) for it in await InboxDocument.find_all().to_list()] == [
        ("bob@shop.example", "[Test] Hi Katharina")
    ]
    assert await database["messages"].count_documents({}) == 0


async def test_nobody_publishes_or_tries_a_template_who_may_not_define_anything(hub: Hub) -> None:
    server = await hub.key(KeyKind.SERVER)

    codes = [
        await hub.codes(PUBLISH, server, input={"idempotencyKey": "k", "name": "a", "files": []}),
        await hub.codes(SEND, server, input={"idempotencyKey": "k", "name": "a", "to": "b@shop.example"}),
    ]

    assert codes == [["FORBIDDEN"], ["FORBIDDEN"]]


async def test_what_a_live_broadcast_or_journey_advertises_with_cannot_lose_its_way_out(hub: Hub, admin: str) -> None:
    bare, receipt = {"en/subject": "S", "en/text": "Hello"}, {"en/subject": "S", "en/text": "Your receipt."}
    await hub.publish()  # its journey says `reminder` as advertising
    receipts = (
        "journey: receipts\nenter: {event: Order Completed}\nsteps: [{send: {template: hello, topic: service}}]\n"
    )
    await publish(hub, admin, receipt, transactional=True)
    await journeys.publish(receipts, templates={"hello"}, by="test", key="receipts", now=hub.now)

    refused = await publish(hub, admin, bare, "l", name="reminder", transactional=True)

    [problem] = refused["problems"]
    assert problem["code"] == "no_way_out"
    assert problem["message"].startswith("en/text: The journey cart version 1 says it as advertising: link to ")
    assert (await publish(hub, admin, bare, "m", transactional=True))["version"] == 2
    assert (await publish(hub, admin, {**bare, "en/text": "{{ links.preferences }}"}, "n", name="reminder"))[
        "version"
    ] == 2


async def test_a_topic_cannot_become_advertising_while_live_mails_about_it_show_no_way_out(
    hub: Hub, admin: str, database: Database
) -> None:
    save = """mutation ($input: SaveTopicInput!) { saveTopic(input: $input) {
      __typename ... on UserError { code message path } } }"""
    names = [{"language": "en", "text": "Receipts"}]

    async def saved(topic_class: str, under: str) -> dict[str, Any]:
        asked = {"idempotencyKey": under, "name": "receipts", "topicClass": topic_class, "names": names}
        answer: dict[str, Any] = (await hub.data(save, admin, input=asked))["saveTopic"]
        return answer

    await saved("TRANSACTIONAL", "a")
    files = {"en/subject": "S", "en/text": "Your receipt."}
    await publish(hub, admin, files, transactional=True)
    source = "journey: receipts\nenter: {event: Order Completed}\nsteps: [{send: {template: hello, topic: receipts}}]\n"
    await journeys.publish(source, templates={"hello"}, by="test", key="receipts", now=hub.now)

    assert await saved("MARKETING", "b") == {
        "__typename": "TopicRefused",
        "code": "NO_WAY_OUT",
        "message": "The journey receipts version 1 says `hello` about it by e-mail, whose en/text shows no way out: "
        "link to `links.unsubscribe` or `links.preferences`.",
        "path": ["input", "topicClass"],
    }
    stored = await database["topics"].find_one({"_id": "default/receipts"})
    assert stored is not None
    assert stored["topic_class"] == "transactional"
    await publish(hub, admin, {**files, "en/text": "{{ links.unsubscribe }}"}, "c", transactional=True)
    assert (await saved("MARKETING", "d"))["__typename"] == "SaveTopicPayload"
