"""Content over the API: published, read by whoever looks, and how often, by what is reported."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub import database as mongo
from hub.access import keys
from hub.access.grants import Grant, KeyKind
from hub.access.model import Role
from hub.database import Database
from hub.privacy.service import Privacy
from hub.settings import Environment, Settings
from runtime.wiring import DOCUMENTS
from tests.hub_api.conftest import NOON, Hub
from tests.hub_api.test_profiles import Heard

SALE = """\
content: sale
surface: popup
texts:
  en: {title: Sale, text: "Hello {{ profile.firstName }}!", button: Look, link: /sale}
  de: {text: "Hallo {{ profile.firstName }}!"}
pages: [/, /coffee/*]
frequency: {most: 2, until: [clicked]}
priority: 60
"""
SIGN = """\
content: welcome
surface: sign
texts: {en: {text: "Welcome{{ profile.firstName }}"}}
stores: [S-1]
"""
VIPS = (
    'content: vips\nsurface: sign\ntexts: {en: {text: "For {{ profile.firstName }}"}}\naudience: profile.vip = true\n'
)
SCRIPT = """\
content: greet
surface: staff_script
texts: {en: {text: "{{ profile.firstName }} {{ profile.email }}"}}
"""
PUBLISH = """
mutation ($input: PublishContentInput!) { publishContent(input: $input) {
  __typename
  ... on PublishContentPayload { version isNew content { name version surface source } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code } }
} }
"""
DELETE = """
mutation ($input: DeleteContentInput!) { deleteContent(input: $input) {
  __typename ... on DeleteContentPayload { name } ... on UserError { code path message }
} }
"""
REPORT = """
mutation ($input: ReportContentInput!) { reportContent(input: $input) {
  __typename ... on ReportContentPayload { what } ... on UserError { code path }
} }
"""
SHOWN = """
query ($surface: Surface!, $page: String, $store: String, $id: ID, $code: String, $visitor: String, $in: String) {
  content(surface: $surface, page: $page, storeId: $store, id: $id, memberCode: $code, visitorId: $visitor,
          language: $in) { id name language title text button link }
}
"""


async def publish(hub: Hub, key: str, source: str = SALE, under: str = "k") -> dict[str, Any]:
    data = await hub.data(PUBLISH, key, input={"idempotencyKey": f"{under} {source[:20]}", "source": source})
    result: dict[str, Any] = data["publishContent"]
    return result


async def shown(hub: Hub, key: str, surface: str = "POPUP", **where: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await hub.data(SHOWN, key, surface=surface, **where))["content"]
    return found


async def texts(hub: Hub, key: str, surface: str = "POPUP", **where: Any) -> list[str]:
    return [it["text"] for it in await shown(hub, key, surface, **where)]


async def report(hub: Hub, key: str, what: str = "SHOWN", under: str = "r1", **given: Any) -> dict[str, Any]:
    said = {"idempotencyKey": under, "contentId": "sale/1", "what": what, **given}
    result: dict[str, Any] = (await hub.data(REPORT, key, input=said))["reportContent"]
    return result


async def id_of(hub: Hub, admin: str, user: str) -> str:
    asked = "query ($id: String) { profiles(filter: {userId: $id}) { nodes { id } } }"
    (node,) = (await hub.data(asked, admin, id=user))["profiles"]["nodes"]
    return str(node["id"])


async def code_of(hub: Hub, user: str) -> str:
    return str((await hub.data("{ me { memberCode } }", hub.token(user)))["me"]["memberCode"])


async def kiosk(*stores: str) -> str:
    grant = Grant(KeyKind.DEVICE, "kiosk", stores=frozenset(stores))
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""


async def associate() -> str:
    grant = Grant(KeyKind.STAFF, "office", person="eve", roles=frozenset({Role.STORE}))
    return await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOON) or ""


async def test_a_content_is_published_in_versions_listed_and_deleted(hub: Hub, admin: str) -> None:
    first, again = await publish(hub, admin), await publish(hub, admin, under="again")
    second = await publish(hub, admin, SALE.replace("60", "70"), under="second")
    listed = (await hub.data("{ contentDefinitions { name version surface } }", admin))["contentDefinitions"]
    (deleted, gone) = [
        (await hub.data(DELETE, admin, input={"idempotencyKey": key, "name": "sale"}))["deleteContent"]
        for key in ("d1", "d2")
    ]

    assert first["content"] == {"name": "sale", "version": 1, "surface": "POPUP", "source": SALE}
    assert [(it["version"], it["isNew"]) for it in (first, again, second)] == [(1, True), (1, False), (2, True)]
    assert listed == [{"name": "sale", "version": 2, "surface": "POPUP"}]
    assert deleted == {"__typename": "DeleteContentPayload", "name": "sale"}
    assert (gone["code"], gone["path"]) == ("NOT_FOUND", ["input", "name"])
    assert await hub.data('{ contentDefinition(name: "sale") { name } }', admin) == {"contentDefinition": None}
    assert await shown(hub, admin, page="/") == []


async def test_a_content_with_problems_is_refused_with_their_places(hub: Hub, admin: str, database: Database) -> None:
    refused = await publish(hub, admin, "content: Sale\nsurface: popup\ntexts: {en: {text: Hi}}\n")

    assert refused["problems"] == [{"line": 1, "column": 10, "code": "bad_name"}]
    assert await database["content_versions"].count_documents({}) == 0


async def test_pop_up_content_is_readable_by_graphql_in_the_customers_language_and_name(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    await hub.identify("ada", firstName="Ada", locale="en-GB")

    (english,) = await shown(hub, hub.token("ada"), page="/coffee/beans")

    assert english == {
        "id": "sale/1",
        "name": "sale",
        "language": "en",
        "title": "Sale",
        "text": "Hello Ada!",
        "button": "Look",
        "link": "/sale",
    }
    assert await texts(hub, hub.token("ada"), page="/", **{"in": "de-AT"}) == ["Hallo Ada!"]
    assert await texts(hub, hub.token("ada"), page="/tea") == []
    assert await texts(hub, hub.token("nobody-yet"), page="/") == ["Hello !"]


async def test_pop_up_and_sign_content_are_read_with_frequency_rules_that_count_each_report_once(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await hub.identify("ada")
    ada = hub.token("ada")

    for _ in range(3):
        assert await report(hub, ada) == {"__typename": "ReportContentPayload", "what": "SHOWN"}
    assert len(await shown(hub, ada, page="/")) == 1
    await report(hub, ada, under="r2")

    assert await shown(hub, ada, page="/") == []
    row = await database["content_views"].find_one({}) or {}
    assert (row["times"], len(row["shown_at"])) == (2, 2)


async def test_what_was_clicked_is_not_shown_again_and_stands_in_the_timeline(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    await hub.identify("ada")

    await report(hub, hub.token("ada"), page="/")
    await report(hub, hub.token("ada"), "CLICKED", under="r2", page="/")
    await hub.say()

    assert await shown(hub, hub.token("ada"), page="/") == []
    timeline = "{ me { timeline { nodes { ... on Event { name source properties } } } } }"
    found = (await hub.data(timeline, hub.token("ada")))["me"]["timeline"]["nodes"]
    said = {"content": "sale", "version": 1, "page": "/"}
    assert [(it["name"], it["source"], it["properties"]) for it in found if it["source"] == "hub"] == [
        ("Content Clicked", "hub", said),
        ("Content Shown", "hub", said),
    ]


async def test_reports_at_the_same_time_are_all_counted_and_a_repeated_one_is_not(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await hub.identify("ada")

    keys_ = [f"r{n % 8}" for n in range(16)]
    await asyncio.gather(*(report(hub, hub.token("ada"), under=key) for key in keys_))

    row = await database["content_views"].find_one({}) or {}
    assert (row["times"], len(row["reports"])) == (8, 8)
    assert await database["events"].count_documents({"name": "Content Shown"}) == 8


async def test_a_report_whose_process_died_before_its_answer_was_kept_counts_once(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await hub.identify("ada")
    await report(hub, hub.token("ada"))

    await database["idempotency"].delete_many({})
    await report(hub, hub.token("ada"))

    row = await database["content_views"].find_one({}) or {}
    assert row["times"] == 1
    assert await database["events"].count_documents({"name": "Content Shown"}) == 1


async def test_a_report_of_what_was_never_published_is_refused_and_counts_nothing(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await hub.identify("ada")

    refused = await report(hub, hub.token("ada"), contentId="sale/7")

    assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "contentId"])
    bad = {"idempotencyKey": "b", "contentId": "sale", "what": "SHOWN"}
    assert await hub.codes(REPORT, hub.token("ada"), input=bad) == ["BAD_USER_INPUT"]
    assert await database["content_views"].count_documents({}) == 0


async def test_merged_customers_have_seen_what_both_have_seen(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    for user in ("ada", "ada-too"):
        await hub.identify(user)
        await report(hub, hub.token(user), under=user)
    head, other = [await id_of(hub, admin, user) for user in ("ada", "ada-too")]
    merge = "mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }"
    assert len(await shown(hub, hub.token("ada"), page="/")) == 1

    await hub.data(merge, admin, input={"idempotencyKey": "m", "into": head, "absorb": other})

    assert await shown(hub, hub.token("ada"), page="/") == []


async def test_an_unknown_visitor_is_counted_by_a_name_that_nobody_can_read_back(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await publish(hub, admin, SALE.replace("sale", "german").replace("pages:", "audience: profile.x = null\npages:"))
    web = await hub.key(KeyKind.CLIENT)

    assert [it["name"] for it in await shown(hub, web, page="/", visitor="anon-1")] == ["sale"]
    for key in ("r1", "r2"):
        await report(hub, web, under=key, visitorId="anon-1")

    assert await shown(hub, web, page="/", visitor="anon-1") == []
    assert len(await shown(hub, web, page="/", visitor="anon-2")) == 1
    row = await database["content_views"].find_one({}) or {}
    assert row["profile_id"] is None
    assert "anon-1" not in str(row)
    assert await database["events"].count_documents({}) == 0
    assert await database["profiles"].count_documents({}) == 0


async def test_a_device_reads_signs_for_a_scanned_member_and_without_one_in_words_that_say_nothing_of_them(
    hub: Hub, admin: str
) -> None:
    for source in (SIGN, VIPS):
        await publish(hub, admin, source)
    await hub.identify("ada", firstName="Ada", vip=True)
    device, code = await kiosk("S-1"), await code_of(hub, "ada")

    assert await texts(hub, device, "SIGN") == ["Welcome"]
    assert await texts(hub, device, "SIGN", code=code.lower()) == ["For", "Welcome"]
    assert await texts(hub, await kiosk("S-2"), "SIGN", code=code) == ["For"]
    assert await hub.codes(SHOWN, device, surface="SIGN", store="S-2") == ["FORBIDDEN"]
    assert await hub.codes(SHOWN, device, surface="SIGN", code="no code") == ["NOT_FOUND"]


async def test_the_staff_read_their_scripts_with_the_name_of_whom_they_have_scanned(hub: Hub, admin: str) -> None:
    await publish(hub, admin, SCRIPT)
    await hub.identify("ada", firstName="Ada", email="ada@example.com")
    code = await code_of(hub, "ada")

    assert await texts(hub, await associate(), "STAFF_SCRIPT", code=code) == ["Ada"]
    assert await texts(hub, await hub.key(KeyKind.SERVER), "STAFF_SCRIPT", code=code) == ["Ada ada@example.com"]


async def test_what_staff_were_shown_of_a_customer_is_in_the_audit(hub: Hub, admin: str) -> None:
    await publish(hub, admin, SCRIPT)
    await hub.identify("ada")
    ada = await id_of(hub, admin, "ada")
    before = await hub.data('{ audit(filter: {what: "read profiles"}) { nodes { number } } }', admin)

    await texts(hub, admin, "STAFF_SCRIPT", id=ada)

    after = await hub.data('{ audit(filter: {what: "read profiles"}) { nodes { number } } }', admin)
    assert len(after["audit"]["nodes"]) == len(before["audit"]["nodes"]) + 1


@pytest.mark.parametrize("surface", ["STAFF_SCRIPT", "SOCIAL"])
async def test_customers_pages_and_devices_are_shown_nothing_that_is_for_the_staff(hub: Hub, surface: str) -> None:
    for key in (hub.token("ada"), await hub.key(KeyKind.CLIENT), await kiosk("S-1")):
        assert await hub.codes(SHOWN, key, surface=surface) == ["FORBIDDEN"]


async def test_nobody_sees_as_somebody_else_who_may_not(hub: Hub, admin: str) -> None:
    for user in ("ada", "bob"):
        await hub.identify(user)
    bob, code = await id_of(hub, admin, "bob"), await code_of(hub, "bob")
    ada, web, device = hub.token("ada"), await hub.key(KeyKind.CLIENT), await kiosk("S-1")

    assert [await hub.codes(SHOWN, key, surface="SIGN", id=bob) for key in (ada, web, device)] == [["FORBIDDEN"]] * 3
    assert await hub.codes(SHOWN, web, surface="SIGN", code=code) == ["FORBIDDEN"]
    assert await hub.codes(SHOWN, ada, surface="SIGN", code=code) == ["BAD_USER_INPUT"]
    assert await hub.codes(SHOWN, admin, surface="SIGN", id=bob, code=code) == ["BAD_USER_INPUT"]
    assert await hub.codes(SHOWN, admin, surface="EMAIL") == ["BAD_USER_INPUT"]


async def test_a_text_that_cannot_be_said_to_somebody_is_left_out_and_touches_no_neighbour(
    hub: Hub, admin: str
) -> None:
    broken = "content: broken\nsurface: popup\ntexts: {en: {text: '{{ profile.age | divided_by: 0 }}'}}\n"
    for source in (broken, SALE):
        await publish(hub, admin, source)
    await hub.identify("ada", firstName="Ada", age=7)

    with capture_logs() as logs:
        found = await texts(hub, hub.token("ada"), page="/")

    assert found == ["Hello Ada!"]
    (line,) = [it for it in logs if it["event"] == "content_not_rendered"]
    assert line["content"] == "broken"
    assert "7" not in line["reason"]


async def test_what_is_shown_costs_the_same_few_commands_however_much_there_is(
    hub: Hub, admin: str, settings: Settings
) -> None:
    await hub.identify("ada")
    heard, counts = Heard(), []
    async with mongo.connect(settings, heard) as client:
        await mongo.use(client, DOCUMENTS)
        for many in (1, 20):
            for n in range(many):
                await publish(hub, admin, SALE.replace("sale", f"sale-{many}-{n}", 1))
            await shown(hub, hub.token("ada"), page="/")
            heard.commands.clear()
            assert len(await shown(hub, hub.token("ada"), page="/")) == min(10, sum({1, many}))
            counts.append([next(iter(command)) for command in heard.commands])

    # The name of the customer and their profile, twice, for it may be a part of another; the contents, and the views.
    assert counts[0] == counts[1]
    assert len(counts[0]) <= 6


async def test_what_somebody_has_seen_is_in_their_file_and_forgotten_with_them(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await hub.identify("ada")
    await report(hub, hub.token("ada"))
    privacy = Privacy(hub.settings, DOCUMENTS)
    (row,) = await database["content_views"].find().to_list()

    exported = b"".join([part async for part in await privacy.export(row["profile_id"], now=hub.now)])
    receipt = await privacy.erase(row["profile_id"], now=hub.now)

    assert b'"content":"sale"' in exported
    assert receipt.counts["content_views"] == 1
    assert await database["content_views"].count_documents({}) == 0


async def test_a_segment_that_an_audience_asks_for_is_not_deleted(hub: Hub, admin: str) -> None:
    segment = '{idempotencyKey: "s", source: "{segment: vips, when: profile.vip = true}"}'
    await hub.data(f"mutation {{ publishSegment(input: {segment}) {{ __typename }} }}", admin)
    await publish(hub, admin, VIPS.replace("profile.vip = true", 'segment("vips")'))

    deleted = await hub.data(
        """mutation { deleteSegment(input: {idempotencyKey: "d", name: "vips"}) {
             ... on SegmentInUse { code usedBy } } }""",
        admin,
    )

    assert deleted["deleteSegment"] == {"code": "IN_USE", "usedBy": ["content vips"]}
