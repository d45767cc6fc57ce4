"""What is known of a customer, page by page, and never one command for each row."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pymongo import monitoring

from hub import database as mongo
from hub.access.grants import KeyKind
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.hub_api.conftest import NOON, Hub

ALL = """
{ profiles(first: 5) { nodes {
    id traits locale timeZone language eventCount firstSeenAt lastSeenAt
    identifiers { kind value verified }
    timeline(filter: {kinds: [TRACK, IDENTIFY]}) {
        nodes { name source at ... on Event { kind properties acceptedAt } } }
    runs { nodes { journey version key status step due enteredAt endedAt reason trail { at step did detail } } }
    messages { nodes { template channel channels messageClass state reason journey version step
                       attempts { channel provider outcome } } }
    decisions { nodes { question reason cause detail } }
} } }
"""


def time(seconds: int) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


async def test_a_profile_shows_what_happened_and_why(hub: Hub, admin: str) -> None:
    await hub.publish()
    await hub.identify("ada", email="Ada@Example.com", country="GB")
    await hub.track("ada", "Checkout Started", order_id="A-1", value=10)
    await hub.track("ada", "Checkout Started", order_id="A-1", value=12)
    await hub.advance()

    (ada,) = (await hub.data(ALL, admin))["profiles"]["nodes"]

    assert ada.pop("id")
    assert sorted(it["kind"] for it in ada["identifiers"]) == ["EMAIL", "USER"]
    assert {"kind": "EMAIL", "value": "ada@example.com", "verified": True} in ada.pop("identifiers")
    events = ada.pop("timeline")["nodes"]
    assert [it["name"] for it in events] == ["Checkout Started", "Checkout Started", "Identify"]
    assert events[0] == {
        "kind": "TRACK",
        "name": "Checkout Started",
        "source": "shop",
        "properties": {"order_id": "A-1", "value": 12},
        "at": time(3),
        "acceptedAt": time(3),
    }
    (run,) = ada.pop("runs")["nodes"]
    trail = run.pop("trail")
    assert run == {
        "journey": "cart",
        "version": 1,
        "key": "A-1",
        "status": "WAITING",
        "step": "1",
        "due": time(3603),
        "enteredAt": time(2),
        "endedAt": None,
        "reason": None,
    }
    assert [(it["step"], it["did"]) for it in trail] == [(None, "entered"), ("0", "sends"), ("1", "waits")]
    assert trail[2]["detail"] == {"until": time(3603)}
    (message,) = ada.pop("messages")["nodes"]
    assert message == {
        "template": "reminder",
        "channel": "EMAIL",
        "channels": ["EMAIL", "SMS"],
        "messageClass": "NEVER_TWICE",
        "state": "SENT",
        "reason": None,
        "journey": "cart",
        "version": 1,
        "step": "0",
        "attempts": [{"channel": "EMAIL", "provider": "console", "outcome": "ACCEPTED"}],
    }
    decisions = ada.pop("decisions")["nodes"]
    assert {(it["question"], it["reason"]) for it in decisions} == {("enter cart", "ALREADY_IN"), ("enter cart", None)}
    assert ada == {
        "traits": {"email": "Ada@Example.com", "country": "GB"},
        "locale": None,
        "timeZone": None,
        "language": "en",
        "eventCount": 3,
        "firstSeenAt": time(1),
        "lastSeenAt": time(3),
    }


PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  profiles(first: 1) { nodes { timeline(first: $first, after: $after, last: $last, before: $before) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { ... on Event { properties } } }
    nodes { ... on Event { properties } }
  } } }
}
"""


async def page(hub: Hub, key: str, **arguments: Any) -> tuple[list[int], dict[str, Any]]:
    timeline = (await hub.data(PAGE, key, **arguments))["profiles"]["nodes"][0]["timeline"]
    assert [it["node"] for it in timeline["edges"]] == timeline["nodes"]
    info = timeline["pageInfo"]
    assert [it["cursor"] for it in timeline["edges"]][:1] == ([info["startCursor"]] if timeline["nodes"] else [])
    return [it["properties"]["n"] for it in timeline["nodes"]], info


async def test_pages_go_forward_and_back_and_new_rows_do_not_shift_them(hub: Hub, admin: str) -> None:
    for n in range(5):
        await hub.track("ada", "Product Viewed", n=n)

    first, info = await page(hub, admin, first=2)
    assert (first, info["hasNextPage"], info["hasPreviousPage"]) == ([4, 3], True, False)

    await hub.track("ada", "Product Viewed", n=5)
    second, info = await page(hub, admin, first=2, after=info["endCursor"])
    assert (second, info["hasNextPage"], info["hasPreviousPage"]) == ([2, 1], True, True)

    third, end = await page(hub, admin, first=2, after=info["endCursor"])
    assert (third, end["hasNextPage"], end["hasPreviousPage"]) == ([0], False, True)

    back, before = await page(hub, admin, last=2, before=info["startCursor"])
    assert (back, before["hasNextPage"], before["hasPreviousPage"]) == ([4, 3], True, True)

    oldest, end = await page(hub, admin, last=2)
    assert (oldest, end["hasNextPage"], end["hasPreviousPage"]) == ([1, 0], False, True)

    none, end = await page(hub, admin, first=0)
    assert (none, end["hasNextPage"], end["startCursor"]) == ([], True, None)


async def test_events_of_one_instant_are_each_on_one_page(hub: Hub, admin: str) -> None:
    at = NOON.isoformat()
    await hub.say(
        *(
            {"type": "track", "userId": "ada", "event": "E", "timestamp": at, "sentAt": None, "properties": {"n": n}}
            for n in range(7)
        )
    )

    seen: list[int] = []
    after = None
    while True:
        rows, info = await page(hub, admin, first=3, after=after)
        seen += rows
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break

    assert sorted(seen) == list(range(7))


async def test_a_page_that_cannot_be_is_bad_user_input(hub: Hub, admin: str) -> None:
    await hub.identify("ada")

    for arguments in (
        {"first": 101},
        {"first": -1},
        {"last": 101},
        {"first": 1, "last": 1},
        {"after": "no cursor"},
        {"before": "f" + "/" * 31},
        {"after": "ada@example.com"},
    ):
        answer = await hub.answer(PAGE, admin, **arguments)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"], arguments
        assert not any("ada" in error["message"] for error in answer["errors"])


async def test_profiles_are_found_by_each_of_their_names_and_by_all_together(hub: Hub, admin: str) -> None:
    await hub.identify("ada", email="ada@example.com", phone="+44 20 7946 0000")
    await hub.identify("bob", email="bob@example.com")
    query = "query ($filter: ProfileFilter) { profiles(filter: $filter) { nodes { traits } } }"

    async def found(**filter_: str) -> list[str]:
        nodes = (await hub.data(query, admin, filter=filter_))["profiles"]["nodes"]
        return [node["traits"]["email"] for node in nodes]

    assert await found(userId="ada") == ["ada@example.com"]
    assert await found(email=" ADA@example.com") == ["ada@example.com"]
    assert await found(phone="+442079460000") == ["ada@example.com"]
    assert await found(userId="ada", email="ada@example.com") == ["ada@example.com"]
    assert await found(userId="ada", email="bob@example.com") == []
    assert await found(userId="ada", email="nobody@example.com") == []
    assert await found(userId="") == []
    assert await found() == ["bob@example.com", "ada@example.com"]


async def test_an_object_is_found_again_by_its_id(hub: Hub, admin: str) -> None:
    await hub.publish()
    await hub.identify("ada", email="ada@example.com")
    await hub.track("ada", "Checkout Started", order_id="A-1")
    await hub.advance()
    ids = """{ profiles { nodes { id timeline(first: 1, filter: {kinds: [TRACK]}) { nodes { id } }
               runs { nodes { id eventId } }
               messages { nodes { id runId } } decisions(first: 1) { nodes { id } } } } journeys { id } }"""
    found = await hub.data(ids, admin)
    profile = found["profiles"]["nodes"][0]
    (run,), (message,) = profile["runs"]["nodes"], profile["messages"]["nodes"]
    known = {
        "Profile": profile["id"],
        "Event": profile["timeline"]["nodes"][0]["id"],
        "Run": run["id"],
        "Message": message["id"],
        "Decision": profile["decisions"]["nodes"][0]["id"],
        "Journey": found["journeys"][0]["id"],
    }
    assert run["eventId"] == known["Event"]
    assert message["runId"] == known["Run"]

    for type_name, id_ in known.items():
        node = (await hub.data("query ($id: ID!) { node(id: $id) { __typename id } }", admin, id=id_))["node"]
        assert node == {"__typename": type_name, "id": id_}
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }"
    nodes = (await hub.data(query, admin, ids=list(known.values())))["nodes"]
    assert [node["__typename"] for node in nodes] == list(known)
    assert (await hub.data("query ($id: ID!) { profile(id: $id) { traits } }", admin, id=known["Profile"]))[
        "profile"
    ] == {"traits": {"email": "ada@example.com"}}


async def test_an_id_that_names_nothing_is_null_and_one_that_is_none_is_refused(hub: Hub, admin: str) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } profile(id: $id) { id } }"
    nobody = "UHJvZmlsZTowMTkzNTJhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA="  # Profile:019352a0-…

    assert await hub.data(query, admin, id=nobody) == {"node": None, "profile": None}
    for bad in ("", "x", "ada@example.com", "UHJvZmlsZQ==", "UHJvZmlsZTphZGE=", "U2VjcmV0OjE="):
        assert await hub.codes(query, admin, id=bad) == ["BAD_USER_INPUT", "BAD_USER_INPUT"]
    assert await hub.codes("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", admin, ids=[nobody] * 101) == [
        "BAD_USER_INPUT"
    ]


class Heard(monitoring.CommandListener):
    """Keeps what is asked of MongoDB."""

    def __init__(self) -> None:
        self.commands: list[Mapping[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.commands.append(event.command)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


async def test_a_list_never_costs_a_command_per_row(hub: Hub, settings: Settings) -> None:
    admin = await hub.key(KeyKind.STAFF)
    await hub.publish()
    query = """{ profiles(first: 20) { nodes {
        identifiers { value } timeline(first: 2) { nodes { name } }
        runs(first: 2) { nodes { key } } messages(first: 2) { nodes { state } } decisions(first: 2) { nodes { cause } }
    } } }"""
    heard = Heard()
    counts = []
    async with mongo.connect(settings, heard) as client:
        await mongo.use(client, DOCUMENTS)
        for users in (1, 20):
            for n in range(users):
                await hub.identify(f"user {users}/{n}", email=f"{users}-{n}@example.com")
                await hub.track(f"user {users}/{n}", "Checkout Started", order_id="A-1")
            await hub.advance()
            heard.commands.clear()
            nodes = (await hub.data(query, admin))["profiles"]["nodes"]
            assert len(nodes) == users
            assert all(len(node["runs"]["nodes"]) == 1 and len(node["messages"]["nodes"]) == 1 for node in nodes)
            # Whether the key is read anew depends on how long ago it was: a second.
            counts.append(sum("keys" not in command.values() for command in heard.commands))

    # The profiles, two for the timeline, one for each of four relations, and the two that append an entry to the audit.
    assert counts == [9, 9]


async def test_a_page_reads_the_rows_it_has_however_many_there_are(hub: Hub, admin: str, settings: Settings) -> None:
    await hub.publish()
    for n in range(12):
        await hub.track("ada", "Checkout Started", order_id=n)
        await hub.track("bob", "Checkout Started", order_id=n)
        await hub.advance()
    query = """{ profiles { nodes { timeline(first: 2) { ...E } runs(first: 2) { ...R }
                                    messages(last: 2) { ...M } decisions(last: 2) { ...D } } } }
        fragment E on TimelineEntryConnection { nodes { id } } fragment R on RunConnection { nodes { id } }
        fragment M on MessageConnection { nodes { id } } fragment D on DecisionConnection { nodes { id } }"""
    heard = Heard()
    async with mongo.connect(settings, heard) as client:
        database = await mongo.use(client, DOCUMENTS)
        nodes = (await hub.data(query, admin))["profiles"]["nodes"]
        pipelines = [it["pipeline"] for it in heard.commands if "$documents" in str(it.get("pipeline"))]
        explained = [
            await database.command(
                "explain", {"aggregate": 1, "pipeline": pipeline, "cursor": {}}, codec_options=mongo.CODEC
            )
            for pipeline in pipelines
        ]

    assert [len(relation["nodes"]) for node in nodes for relation in node.values()] == [2] * 8
    lookups = [stage for it in explained for stage in it["stages"] if "$lookup" in stage]
    assert [it["collectionScans"] for it in lookups] == [0] * 5
    # Of each profile two, and the one that tells whether there are more.
    assert [it["totalDocsExamined"] for it in lookups] == [2 * 3] * 5
