"""`exportProfile` and `eraseProfile`: for oneself, and for the roles that may."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hub.access import audit
from hub.access.audit import Wanted
from hub.access.grants import KeyKind
from hub.database import Database
from hub.kit import ids
from hub.kit.pages import Span
from hub.privacy import download
from hub_api.nodes import global_id, parsed
from tests.hub_api.conftest import Hub

EXPORT = """mutation ($under: String!, $id: ID) { exportProfile(input: {idempotencyKey: $under, id: $id}) {
    __typename ... on ExportProfilePayload { url expiresAt } ... on UserError { code } } }"""
ERASE = """mutation ($under: String!, $id: ID) { eraseProfile(input: {idempotencyKey: $under, id: $id}) {
    __typename ... on EraseProfilePayload { receipt { standing counts { collection rows } } }
    ... on UserError { code } } }"""


async def two(hub: Hub) -> dict[str, Any]:
    """Make Ada and Bob and give their ids."""
    for name in ("ada", "bob"):
        await hub.identify(name, email=f"{name}@example.com", name=name.title())
    admin = await hub.key(KeyKind.STAFF)
    found = (await hub.data("{ profiles { nodes { id traits } } }", admin))["profiles"]["nodes"]
    return {row["traits"]["name"].lower(): row["id"] for row in found}


async def test_a_customer_takes_everything_about_themself_away_as_a_file(hub: Hub) -> None:
    await two(hub)

    payload = (await hub.data(EXPORT, hub.token("ada"), under="1"))["exportProfile"]
    path = payload["url"].removeprefix(hub.settings.public_url)
    answer = await hub.http.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="customer-')
    assert answer.headers["cache-control"] == "no-store"
    rows = answer.json()["rows"]
    assert [row["traits"]["name"] for row in rows["profiles"]] == ["Ada"]
    assert "bob" not in answer.text.lower()


async def test_the_link_ends_with_its_time_and_with_the_person(hub: Hub, admin: str) -> None:
    people = await two(hub)
    payload = (await hub.data(EXPORT, admin, under="1", id=people["ada"]))["exportProfile"]
    path = payload["url"].removeprefix(hub.settings.public_url)

    assert (await hub.http.get(path[:-1] + ("A" if path[-1] != "A" else "B"))).status_code == 404
    await hub.data(ERASE, admin, under="2", id=people["ada"])
    assert (await hub.http.get(path)).status_code == 410


async def test_who_is_erased_is_found_by_no_question_any_more(hub: Hub, admin: str) -> None:
    people = await two(hub)

    erased = (await hub.data(ERASE, hub.token("ada"), under="1"))["eraseProfile"]

    counts = {it["collection"]: it["rows"] for it in erased["receipt"]["counts"]}
    assert erased["receipt"]["standing"] == "ERASING"
    assert (counts["profiles"], counts["identifiers"], counts["events"], counts["runs"]) == (1, 2, 1, 0)
    query = """query ($id: ID!) { profile(id: $id) { id } node(id: $id) { id }
        profiles { nodes { id } } byEmail: profiles(filter: {email: "ada@example.com"}) { nodes { id } } }"""
    assert await hub.data(query, admin, id=people["ada"]) == {
        "profile": None,
        "node": None,
        "profiles": {"nodes": [{"id": people["bob"]}]},
        "byEmail": {"nodes": []},
    }
    assert await hub.data("{ me { id } }", hub.token("ada")) == {"me": None}


async def test_the_receipt_is_given_again(hub: Hub, admin: str) -> None:
    people = await two(hub)
    first = await hub.data(ERASE, admin, under="1", id=people["ada"])

    assert await hub.data(ERASE, admin, under="1", id=people["ada"]) == first
    assert await hub.data(ERASE, admin, under="2", id=people["ada"]) == first
    query = "query ($id: ID!) { erasure(profileId: $id) { standing counts { collection rows } } }"
    assert (await hub.data(query, admin, id=people["ada"]))["erasure"] == first["eraseProfile"]["receipt"]
    assert (await hub.data(query, admin, id=people["bob"]))["erasure"] is None


async def test_a_customer_reaches_nobody_else_and_an_unknown_id_is_refused(hub: Hub, admin: str) -> None:
    people = await two(hub)
    nobody = str(global_id("Profile", ids.new_id()))

    for mutation in (EXPORT, ERASE):
        assert await hub.codes(mutation, hub.token("ada"), under="1", id=people["bob"]) == ["FORBIDDEN"]
        assert await hub.codes(mutation, hub.token("ada"), under="2", id=nobody) == ["FORBIDDEN"]
        assert await hub.codes(mutation, hub.token("new"), under="3") == ["NOT_FOUND"]
        assert await hub.codes(mutation, admin, under="4", id=nobody) == ["NOT_FOUND"]
        assert await hub.codes(mutation, admin, under="5") == ["BAD_USER_INPUT"]
        assert await hub.codes(mutation, admin, under="6", id="x") == ["BAD_USER_INPUT"]
    assert len((await hub.data("{ profiles { nodes { id } } }", admin))["profiles"]["nodes"]) == 2


async def test_an_export_is_over_after_fifteen_minutes(hub: Hub, admin: str) -> None:
    people = await two(hub)
    payload = (await hub.data(EXPORT, admin, under="1", id=people["ada"]))["exportProfile"]

    token, over = payload["url"].rpartition("/")[2], datetime.fromisoformat(payload["expiresAt"])
    assert timedelta(minutes=14) < over - datetime.now(UTC) <= timedelta(minutes=15)
    assert download.profile_id_of(hub.settings, token, now=over - timedelta(seconds=1)) is not None
    assert download.profile_id_of(hub.settings, token, now=over + timedelta(seconds=1)) is None


async def test_asking_again_under_the_same_key_gives_the_same_address_and_no_later_one(hub: Hub, admin: str) -> None:
    people = await two(hub)
    first = await hub.data(EXPORT, admin, under="1", id=people["ada"])

    again = await hub.data(EXPORT, admin, under="1", id=people["ada"])
    await hub.data(EXPORT, admin, under="2", id=people["ada"])

    assert again == first
    exports = await audit.page(Wanted(what="export profile"), Span(10))
    assert len(exports.rows) == 2


async def test_each_time_that_an_export_is_fetched_leaves_an_entry_and_without_one_nothing_is_shown(
    hub: Hub, admin: str, database: Database
) -> None:
    people = await two(hub)
    payload = (await hub.data(EXPORT, admin, under="1", id=people["ada"]))["exportProfile"]
    path = payload["url"].removeprefix(hub.settings.public_url)
    for _ in range(2):
        assert (await hub.http.get(path)).status_code == 200
    await hub.http.get(f"{path}x")

    await database.command("collMod", "audit", validator={"never": {"$exists": True}})
    try:
        refused = await hub.http.get(path)
    finally:
        await database.command("collMod", "audit", validator={})

    assert (refused.status_code, refused.headers["retry-after"], "Ada" in refused.text) == (503, "2", False)
    fetched = [entry async for entry in database["audit"].find({"what": "fetch export"})]
    assert [(it["actor"]["kind"], it["actor"]["subject"], it["subject"]) for it in fetched] == [
        ("anonymous", "link", parsed(people["ada"])[1])
    ] * 2
    assert (await audit.verify()).fault is None
