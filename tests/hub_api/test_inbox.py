"""The inbox over the API: listed, read and archived by the customer, and by nobody else."""

from typing import Any

from hub.database import Database
from hub.messaging import store as messages
from hub.messaging.dispatch import Dispatcher
from hub.messaging.model import Message
from hub.privacy.service import Privacy
from hub.profiles import identifier_store
from hub.profiles.model import Channel, Identifier, IdentifierKind
from hub.profiles.topics import SERVICE
from hub.wording.library import Library
from hub.wording.templates import template_of
from hub_api.nodes import global_id
from runtime import wiring
from tests.hub_api.conftest import Hub

INBOX = """
query ($archived: Boolean! = false, $first: Int, $after: String) {
 me { inbox(archived: $archived, first: $first, after: $after) {
  unread pageInfo { hasNextPage endCursor } edges { node { id title text link readAt archivedAt } }
} } }
"""
READ = """
mutation ($input: ReadInboxMessageInput!) { readInboxMessage(input: $input) {
  __typename ... on ReadInboxMessagePayload { message { id readAt archivedAt } } ... on UserError { code path }
} }
"""
ARCHIVE = """
mutation ($input: ArchiveInboxMessageInput!) { archiveInboxMessage(input: $input) {
  __typename ... on ArchiveInboxMessagePayload { message { id readAt archivedAt } } ... on UserError { code path }
} }
"""


async def profile_of(user: str) -> Any:
    named = Identifier(IdentifierKind.USER, user)
    return (await identifier_store.owners([named]))[named].profile_id


async def tell(hub: Hub, user: str, n: int) -> str:
    """Send a message to somebody's inbox, and give its id there."""
    library = Library()
    await library.save(template_of("news", {"en/subject": "News", "en/inbox": "Look here.", "en/link": "shop://x"}))
    message = Message(
        id=Identifier(IdentifierKind.USER, f"{user} {n}").id,
        profile_id=await profile_of(user),
        template="news",
        channels=(Channel.INBOX,),
        created_at=hub.now,
        topic=SERVICE,
    )
    await messages.queue([message])
    dispatcher = Dispatcher(hub.settings, wiring.senders(hub.settings), library, hub.clock)
    while await dispatcher.step():
        pass
    return str(global_id("InboxMessage", message.id))


async def inbox(hub: Hub, user: str, **wanted: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await hub.data(INBOX, hub.token(user), **wanted))["me"]["inbox"]
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [it["node"]["id"] for it in found["edges"]]


async def mark(hub: Hub, user: str, query: str, message_id: str, under: str = "k") -> dict[str, Any]:
    given = {"idempotencyKey": under, "messageId": message_id}
    (result,) = (await hub.data(query, hub.token(user), input=given)).values()
    return dict(result)


async def test_a_customer_lists_reads_and_archives_their_messages(hub: Hub) -> None:
    await hub.identify("ada")
    first, second = await tell(hub, "ada", 1), await tell(hub, "ada", 2)

    before = await inbox(hub, "ada")
    page = await inbox(hub, "ada", first=1)
    behind = await inbox(hub, "ada", first=1, after=page["pageInfo"]["endCursor"])
    read = await mark(hub, "ada", READ, first)
    again = await mark(hub, "ada", READ, first)
    archived = await mark(hub, "ada", ARCHIVE, second)

    assert before["unread"] == 2
    assert set(ids(before)) == {first, second}
    assert before["edges"][0]["node"] | {"id": "x"} == {
        "id": "x",
        "title": "News",
        "text": "Look here.",
        "link": "shop://x",
        "readAt": None,
        "archivedAt": None,
    }
    assert (page["pageInfo"]["hasNextPage"], behind["pageInfo"]["hasNextPage"]) == (True, False)
    assert {*ids(page), *ids(behind)} == {first, second}
    assert read == again
    assert read["message"]["readAt"] is not None
    assert archived["message"]["archivedAt"] == archived["message"]["readAt"]
    after = await inbox(hub, "ada")
    assert (after["unread"], ids(after)) == (0, [first])
    assert ids(await inbox(hub, "ada", archived=True)) == [second]


async def test_a_customer_neither_sees_nor_reads_the_message_of_another(hub: Hub, database: Database) -> None:
    for user in ("ada", "bob"):
        await hub.identify(user)
    his = await tell(hub, "bob", 1)

    refused = [await mark(hub, "ada", query, his) for query in (READ, ARCHIVE)]

    assert ids(await inbox(hub, "ada")) == []
    assert [(it["code"], it["path"]) for it in refused] == [("NOT_FOUND", ["input", "messageId"])] * 2
    assert await hub.codes(READ, hub.token("ada"), input={"idempotencyKey": "x", "messageId": "x"}) == [
        "BAD_USER_INPUT"
    ]
    (row,) = await database["inbox_messages"].find().to_list()
    assert (row["read_at"], row["archived_at"]) == (None, None)


async def test_nobody_but_the_customer_reads_for_them(hub: Hub, admin: str) -> None:
    await hub.identify("ada")
    message_id = await tell(hub, "ada", 1)

    assert await hub.codes(READ, admin, input={"idempotencyKey": "k", "messageId": message_id}) == ["FORBIDDEN"]
    shown = await hub.data("{ profiles { nodes { inbox { unread nodes { title } } } } }", admin)
    assert shown["profiles"]["nodes"] == [{"inbox": {"unread": 1, "nodes": [{"title": "News"}]}}]
    node = "query ($id: ID!) { node(id: $id) { id ... on InboxMessage { title } } }"
    assert (await hub.data(node, admin, id=message_id))["node"]["title"] == "News"


async def test_merged_customers_see_the_messages_of_both(hub: Hub, admin: str) -> None:
    for user in ("ada", "ada-too"):
        await hub.identify(user)
    told = {await tell(hub, user, 1) for user in ("ada", "ada-too")}
    into, absorb = [str(global_id("Profile", await profile_of(user))) for user in ("ada", "ada-too")]
    merge = "mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }"

    await hub.data(merge, admin, input={"idempotencyKey": "m", "into": into, "absorb": absorb})

    for user in ("ada", "ada-too"):
        found = await inbox(hub, user)
        assert (found["unread"], set(ids(found))) == (2, told)
    for message_id in told:
        assert (await mark(hub, "ada", READ, message_id, under=message_id))["message"]["readAt"]


async def test_the_inbox_is_in_the_file_of_its_customer_and_forgotten_with_them(hub: Hub, database: Database) -> None:
    await hub.identify("ada")
    await tell(hub, "ada", 1)
    privacy, ada = Privacy(hub.settings, wiring.DOCUMENTS), await profile_of("ada")

    exported = b"".join([part async for part in await privacy.export(ada, now=hub.now)])
    receipt = await privacy.erase(ada, now=hub.now)

    assert b"Look here." in exported
    assert receipt.counts["inbox_messages"] == 1
    assert await database["inbox_messages"].count_documents({}) == 0


async def test_what_was_read_stands_in_the_timeline_as_opened(hub: Hub) -> None:
    await hub.identify("ada")
    await mark(hub, "ada", READ, await tell(hub, "ada", 1))
    await hub.say()

    timeline = """{ me { timeline(filter: {names: ["Message Opened"]}) { nodes { ... on Event { properties } } }
                         messages { nodes { state channel openedAt } } } }"""
    me = (await hub.data(timeline, hub.token("ada")))["me"]

    (opened,) = me["timeline"]["nodes"]
    assert (opened["properties"]["channel"], opened["properties"]["template"]) == ("inbox", "news")
    (message,) = me["messages"]["nodes"]
    assert (message["state"], message["channel"]) == ("DELIVERED", "INBOX")
    assert message["openedAt"] is not None
