"""Segments over the API: published, shown with who is in, and previewed before."""

from typing import Any

from hub.access.grants import KeyKind
from hub.database import Database
from hub.intake import backfill
from hub.intake.standing import Definitions
from tests.hub_api.conftest import Hub

GERMANS = 'segment: germans\ndescription: Who reads German.\nwhen: profile.country = "DE"\n'
VIPS = "segment: vips\nwhen: profile.vip = true\n"

PUBLISH = """
mutation ($input: PublishSegmentInput!) { publishSegment(input: $input) {
  __typename
  ... on PublishSegmentPayload { version isNew segment { name version source rule size backfill { percent } } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code message } }
} }
"""
PREVIEW = """
query ($source: String!) { segmentPreview(source: $source) {
  __typename
  ... on SegmentPreview {
    name rule total members { count examples { traits } } coming { count } going { count examples { id } }
    revenue { theirs { amount currencyCode } everybodys { amount } share } overlaps { segment count }
  }
  ... on InvalidDefinition { problems { line column code } }
} }
"""
MEMBERS = "query ($of: String) { profiles(filter: {segment: $of}) { nodes { id traits segments { name cause } } } }"


async def publish(hub: Hub, key: str, source: str = GERMANS, under: str = "k") -> dict[str, Any]:
    data = await hub.data(PUBLISH, key, input={"idempotencyKey": under, "source": source})
    result: dict[str, Any] = data["publishSegment"]
    return result


async def preview(hub: Hub, key: str, source: str) -> dict[str, Any]:
    result: dict[str, Any] = (await hub.data(PREVIEW, key, source=source))["segmentPreview"]
    return result


async def id_of(hub: Hub, key: str, user: str) -> str:
    asked = "query ($id: String) { profiles(filter: {userId: $id}) { nodes { id } } }"
    (node,) = (await hub.data(asked, key, id=user))["profiles"]["nodes"]
    return str(node["id"])


async def filled(hub: Hub) -> None:
    while await backfill.step(await Definitions().current(), now=hub.now):
        pass


async def test_a_published_segment_lists_who_is_in_and_why(hub: Hub, admin: str) -> None:
    await hub.identify("ada", country="DE")
    published = await publish(hub, admin)
    await filled(hub)
    await hub.identify("bob", country="DE")
    await hub.identify("cleo", country="AT")

    members = (await hub.data(MEMBERS, admin, of="germans"))["profiles"]["nodes"]
    (segment,) = (await hub.data("{ segments { name version rule size backfill { done total percent } } }", admin))[
        "segments"
    ]

    assert published["segment"]["rule"] == 'profile.country = "DE"'
    assert [it["segments"][0]["name"] for it in members] == ["germans", "germans"]
    assert members[1]["segments"][0]["cause"] == "definition"
    assert segment == {
        "name": "germans",
        "version": 1,
        "rule": 'profile.country = "DE"',
        "size": 2,
        "backfill": {"done": 3, "total": 3, "percent": 100},
    }
    assert await hub.data('{ segment(name: "nobody") { name } }', admin) == {"segment": None}
    assert await hub.codes(MEMBERS, admin, of="german") == ["NOT_FOUND"]


async def test_a_customer_sees_the_segments_they_are_in_and_a_key_of_an_app_sees_none(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    await hub.identify("ada", country="DE")

    me = (await hub.data("{ me { segments { name } } }", hub.token("ada")))["me"]

    assert me["segments"] == [{"name": "germans"}]
    assert await hub.codes("{ segments { name } }", await hub.key(KeyKind.CLIENT)) == ["FORBIDDEN"]


async def test_a_segment_preview_gives_count_revenue_share_and_overlap_with_other_live_segments(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await publish(hub, admin, VIPS, under="v")
    for user, country, vip, total in (("ada", "DE", True, 30), ("bob", "DE", False, 50), ("cleo", "AT", True, 20)):
        await hub.identify(user, country=country, vip=vip)
        await hub.track(user, "Order Completed", order_id=user, currency="EUR", total=total)

    found = await preview(hub, admin, GERMANS.replace('"DE"', '"AT"'))
    same = await preview(hub, admin, GERMANS)

    assert (found["name"], found["total"]) == ("germans", 3)
    assert (found["members"]["count"], found["coming"]["count"], found["going"]["count"]) == (1, 1, 2)
    assert found["revenue"] == [
        {"theirs": {"amount": "20.00", "currencyCode": "EUR"}, "everybodys": {"amount": "100.00"}, "share": 0.2}
    ]
    assert found["overlaps"] == [{"segment": "vips", "count": 1}]
    assert len(found["going"]["examples"]) == 2
    assert (same["members"]["count"], same["coming"]["count"], same["going"]["count"]) == (2, 0, 0)
    assert same["overlaps"] == [{"segment": "germans", "count": 2}, {"segment": "vips", "count": 1}]
    assert await database["segment_versions"].count_documents({}) == 2


async def test_the_revenue_of_a_merged_customer_is_that_of_all_their_profiles(hub: Hub, admin: str) -> None:
    for user, total in (("ada", 30), ("bob", 50)):
        await hub.identify(user, country="DE" if user == "ada" else "AT")
        await hub.track(user, "Order Completed", order_id=user, currency="EUR", total=total)
    ada, bob = [await id_of(hub, admin, user) for user in ("ada", "bob")]
    merge = "mutation ($i: MergeProfilesInput!) { mergeProfiles(input: $i) { __typename } }"
    await hub.data(merge, admin, i={"idempotencyKey": "m", "into": ada, "absorb": bob})

    found = await preview(hub, admin, GERMANS)

    assert (found["members"]["count"], found["total"]) == (1, 1)
    assert [(it["theirs"]["amount"], it["share"]) for it in found["revenue"]] == [("80.00", 1.0)]


async def test_a_document_with_problems_is_refused_with_their_places(hub: Hub, admin: str, database: Database) -> None:
    bad = "segment: Germans\nwhen: profile.preferred.store = 1\n"

    refused, previewed = await publish(hub, admin, bad), await preview(hub, admin, bad)

    assert (refused["__typename"], refused["code"], refused["path"]) == (
        "InvalidDefinition",
        "INVALID_DEFINITION",
        ["input", "source"],
    )
    assert [(it["line"], it["code"]) for it in previewed["problems"]] == [(1, "bad_name"), (2, "wrong_type")]
    unlistable = await preview(hub, admin, 'segment: a\nwhen: profile.preferred.store = "x"\n')
    assert [(it["line"], it["code"]) for it in unlistable["problems"]] == [(2, "not_listable")]
    assert await database["segment_versions"].count_documents({}) == 0


DELETE = """
mutation ($input: DeleteSegmentInput!) { deleteSegment(input: $input) {
  __typename ... on UserError { code message path } ... on SegmentInUse { usedBy }
} }
"""
ASKING = """\
journey: {name}
enter: {{event: Segment Entered, where: '{where}'}}
steps: [{{wait: 1d}}]
"""


async def delete(hub: Hub, key: str, name: str, under: str) -> dict[str, Any]:
    data = await hub.data(DELETE, key, input={"idempotencyKey": under, "name": name})
    result: dict[str, Any] = data["deleteSegment"]
    return result


async def test_a_segment_that_somebody_asks_for_is_not_deleted_and_says_who_does(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    await publish(hub, admin, VIPS, under="v")
    await publish(hub, admin, '{segment: both, when: \'segment("germans") and segment("vips")\'}', under="b")
    for name, where in (("by-event", 'properties.segment = "vips"'), ("by-rule", 'not segment("vips")')):
        await hub.publish(ASKING.format(name=name, where=where))

    refused = await delete(hub, admin, "vips", "d")

    users = ["segment both", "journey by-event version 1", "journey by-rule version 1"]
    assert (refused["__typename"], refused["code"], refused["path"]) == ("SegmentInUse", "IN_USE", ["input", "name"])
    assert refused["usedBy"] == users
    assert (await hub.data('{ segment(name: "vips") { usedBy } }', admin))["segment"] == {"usedBy": users}
    missing = await delete(hub, admin, "germns", "m")
    assert (missing["__typename"], missing["code"]) == ("NoSuchSegment", "NOT_FOUND")
    assert missing["message"].endswith("Did you mean `germans`?")


async def test_who_was_in_a_deleted_segment_is_in_it_no_longer_and_nothing_is_announced(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await publish(hub, admin, VIPS, under="v")
    await hub.identify("ada", country="DE", vip=True)

    assert (await delete(hub, admin, "germans", "d"))["__typename"] == "DeleteSegmentPayload"
    assert (await delete(hub, admin, "germans", "again"))["code"] == "NOT_FOUND"
    await filled(hub)

    (profile,) = (await hub.data("{ profiles { nodes { segments { name } } } }", admin))["profiles"]["nodes"]
    assert profile["segments"] == [{"name": "vips"}]
    assert await database["events"].count_documents({"name": "Segment Left"}) == 0
    assert [it["name"] for it in (await hub.data("{ segments { name } }", admin))["segments"]] == ["vips"]

    published = await publish(hub, admin, GERMANS, under="anew")
    assert (published["version"], published["isNew"]) == (3, True)
    await filled(hub)
    (profile,) = (await hub.data("{ profiles { nodes { segments { name } } } }", admin))["profiles"]["nodes"]
    assert profile["segments"] == [{"name": "germans"}, {"name": "vips"}]
