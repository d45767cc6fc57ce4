from typing import Any

import pytest

from hub.access.grants import KeyKind
from hub.database import Database
from hub.messaging.dispatch import Dispatcher
from hub.wording.library import Library
from runtime import wiring
from tests.hub_api.conftest import Hub

SET = """mutation ($input: SetConsentInput!) { setConsent(input: $input) {
  __typename
  ... on SetConsentPayload { state consents { brand topic channel state how source version } }
  ... on UserError { code path }
} }"""
MINE = "{ me { consents { brand topic channel state } messagePreferences { brand topic name channel on pending } } }"
SUPPRESS = """mutation ($input: SuppressAddressInput!) { suppressAddress(input: $input) {
  ... on SuppressAddressPayload { suppressions { channel brand reason } } } }"""
LIFT = """mutation ($input: LiftSuppressionInput!) { liftSuppression(input: $input) {
  ... on LiftSuppressionPayload { suppressions { channel brand reason } } } }"""
SAVE = """mutation ($input: SaveTopicInput!) { saveTopic(input: $input) {
  ... on SaveTopicPayload { topic { brand name topicClass names { language text } } } } }"""


def wish(**fields: Any) -> dict[str, Any]:
    return {"input": {"idempotencyKey": "k1", "granted": True, "channel": "EMAIL", **fields}}


async def profile_id(hub: Hub, admin: str, user_id: str = "ada") -> str:
    found = await hub.data(
        "query ($id: String!) { profiles(filter: {userId: $id}) { nodes { id } } }", admin, id=user_id
    )
    return str(found["profiles"]["nodes"][0]["id"])


async def post_sent(hub: Hub) -> None:
    # By the application's own clock: what it queues is due at its time, which need not be the time of the test.
    dispatcher = Dispatcher(hub.settings, wiring.senders(hub.settings), Library(), wiring.clock)
    while await dispatcher.step():
        pass


async def test_a_customer_sets_their_own_consent_and_sees_it(hub: Hub) -> None:
    await hub.identify("ada", email="ada@example.com")
    ada = hub.token("ada")

    answer = await hub.data(SET, ada, **wish(topic="news", version="2026-05"))

    consent = {"brand": "default", "topic": "news", "channel": "EMAIL", "state": "GRANTED"}
    told = {"how": "CUSTOMER", "source": "customer", "version": "2026-05"}
    assert answer["setConsent"] == {
        "__typename": "SetConsentPayload",
        "state": "GRANTED",
        "consents": [{**consent, **told}],
    }
    assert (await hub.data(MINE, ada))["me"]["consents"] == [consent]


async def test_setting_a_consent_again_under_its_key_does_nothing_twice(hub: Hub, database: Database) -> None:
    await hub.identify("ada", email="ada@example.com")
    ada = hub.token("ada")

    answers = [await hub.data(SET, ada, **wish()) for _ in range(2)]

    assert answers[0] == answers[1]
    assert await database["consents"].count_documents({}) == 1
    reused = await hub.data(SET, ada, **wish(topic="news"))
    assert reused["setConsent"]["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_a_customers_word_for_an_address_nobody_has_verified_waits_until_they_confirm_it(
    hub: Hub, database: Database
) -> None:
    await hub.identify("ada", email="ada@example.com")
    await database["identifiers"].update_many({}, {"$set": {"verified": False}})

    answer = await hub.data(SET, hub.token("ada"), **wish())
    await post_sent(hub)

    assert answer["setConsent"]["state"] == "PENDING"
    [mail] = await database["inbox"].find().to_list()
    assert (mail["to"], mail["subject"]) == ("ada@example.com", "Please confirm your choice")
    assert "/m/p/" in mail["text"]
    assert (await hub.data(MINE, hub.token("ada")))["me"]["messagePreferences"] == [
        {
            "brand": "default",
            "topic": "marketing",
            "name": "News and offers",
            "channel": "EMAIL",
            "on": False,
            "pending": True,
        }
    ]


async def test_service_sets_a_consent_with_double_opt_in_and_no_message_holds_the_link(
    hub: Hub, admin: str, database: Database
) -> None:
    await hub.identify("ada", email="ada@example.com", phone="+4917012345678")
    ada = await profile_id(hub, admin)

    answer = await hub.data(SET, admin, **wish(id=ada, channel="SMS", doubleOptIn=True))

    assert answer["setConsent"]["state"] == "PENDING"
    assert answer["setConsent"]["consents"][0]["how"] == "STAFF"
    [message] = await database["messages"].find().to_list()
    assert (message["template"], message["channels"], message["message_class"]) == (
        "confirm-consent",
        ["sms"],
        "must_arrive",
    )
    assert (message["run_id"], "/m/" in repr(message)) == (None, False)


@pytest.mark.parametrize("channel", ["SMS", "PUSH"])
async def test_where_nothing_can_be_confirmed_nothing_is_written(
    hub: Hub, admin: str, database: Database, channel: str
) -> None:
    await hub.identify("ada", email="ada@example.com")

    answer = await hub.data(SET, admin, **wish(id=await profile_id(hub, admin), channel=channel, doubleOptIn=True))

    assert answer["setConsent"] == {
        "__typename": "NothingToConfirm",
        "code": "UNREACHABLE",
        "path": ["input", "channel"],
    }
    assert await database["consents"].count_documents({}) == 0


async def test_a_customer_stops_everything_with_one_word(hub: Hub) -> None:
    await hub.identify("ada", email="ada@example.com")
    ada = hub.token("ada")
    await hub.data(SET, ada, **wish(topic="news"))

    everything = {"idempotencyKey": "k2", "granted": False}
    answer = await hub.data(SET, ada, input=everything)

    assert answer["setConsent"]["state"] == "WITHDRAWN"
    mine = (await hub.data(MINE, ada))["me"]
    assert mine["consents"][0] == {"brand": None, "topic": None, "channel": None, "state": "WITHDRAWN"}
    assert [it["on"] for it in mine["messagePreferences"]] == [False, False]  # marketing, and the news they had named


async def test_a_customer_sets_no_consent_of_another(hub: Hub, admin: str, database: Database) -> None:
    await hub.identify("ada", email="ada@example.com")
    await hub.identify("eve", email="eve@example.com")
    ada = await profile_id(hub, admin)

    assert await hub.codes(SET, hub.token("eve"), **wish(id=ada)) == ["FORBIDDEN"]
    assert await hub.codes(SET, await hub.key(KeyKind.CLIENT), **wish(id=ada)) == ["FORBIDDEN"]
    assert await database["consents"].count_documents({}) == 0


async def test_to_allow_everything_at_once_is_refused(hub: Hub) -> None:
    await hub.identify("ada", email="ada@example.com")

    assert await hub.codes(SET, hub.token("ada"), **wish(channel=None)) == ["BAD_USER_INPUT"]
    assert await hub.codes(SET, hub.token("ada"), **wish(topic="a.b")) == ["BAD_USER_INPUT"]


async def test_a_suppression_is_put_on_shown_and_lifted_and_the_audit_knows_no_address(
    hub: Hub, admin: str, database: Database
) -> None:
    await hub.identify("ada", email="ada@example.com")
    address = {"channel": "EMAIL", "address": "Ada@Example.com"}

    answer = await hub.data(SUPPRESS, admin, input={"idempotencyKey": "k1", "reason": "COMPLAINED", **address})

    listed = [{"channel": "EMAIL", "brand": None, "reason": "COMPLAINED"}]
    assert answer["suppressAddress"]["suppressions"] == listed
    shown = "{ profiles { nodes { suppressions { channel brand reason } } } }"
    assert (await hub.data(shown, admin))["profiles"]["nodes"] == [{"suppressions": listed}]

    answer = await hub.data(LIFT, admin, input={"idempotencyKey": "k2", **address})
    assert answer["liftSuppression"]["suppressions"] == []
    kept = repr([await database[name].find().to_list() for name in ("audit", "idempotency")]).lower()
    assert ("suppress" in kept, "ada@" in kept) == (True, False)


async def test_what_is_granted_comes_with_an_event_of_a_server_key_and_not_of_a_client_key(hub: Hub) -> None:
    await hub.identify("ada", email="ada@example.com")

    await hub.track("ada", "Consent Granted", channel="email", topic="news")

    assert (await hub.data(MINE, hub.token("ada")))["me"]["consents"] == [
        {"brand": "default", "topic": "news", "channel": "EMAIL", "state": "GRANTED"}
    ]


async def test_a_topic_is_saved_listed_and_offered_in_the_customers_language(hub: Hub, admin: str) -> None:
    await hub.identify("ada", email="ada@example.com", locale="de-AT")
    names = [{"language": "de", "text": "Weinbrief"}, {"language": "en", "text": "Wine letter"}]
    topic = {"name": "wine", "topicClass": "MARKETING", "names": names}

    saved = await hub.data(SAVE, admin, input={"idempotencyKey": "k1", **topic})

    assert saved["saveTopic"]["topic"] == {"brand": "default", **topic}
    offered = "{ profiles { nodes { messagePreferences { name } } } }"
    assert [it["name"] for it in (await hub.data(offered, admin))["profiles"]["nodes"][0]["messagePreferences"]] == [
        "Neuigkeiten und Angebote",
        "Weinbrief",
    ]
    listed = await hub.data("{ topics { name topicClass } }", admin)
    assert [(it["name"], it["topicClass"]) for it in listed["topics"]] == [
        ("account", "NECESSARY"),
        ("marketing", "MARKETING"),
        ("service", "TRANSACTIONAL"),
        ("wine", "MARKETING"),
    ]


async def test_staff_of_one_brand_record_nothing_for_another(hub: Hub, admin: str, database: Database) -> None:
    await hub.identify("ada", email="ada@example.com")
    ada = await profile_id(hub, admin)
    desk = {"kind": "STAFF", "source": "desk", "person": "p1", "roles": ["SERVICE"], "brands": ["north"]}
    made = await hub.data(
        "mutation ($input: CreateKeyInput!) { createKey(input: $input) { ... on CreateKeyPayload { secret } } }",
        admin,
        input={"idempotencyKey": "k1", **desk},
    )
    north = made["createKey"]["secret"]

    for other in ({"brand": "south"}, {}, {"granted": False, "channel": None}):
        assert await hub.codes(SET, north, **wish(id=ada, **other)) == ["FORBIDDEN"]
    assert await hub.codes(
        SUPPRESS, north, input={"idempotencyKey": "k1", "channel": "SMS", "address": "+49", "reason": "LEGAL"}
    ) == ["FORBIDDEN"]
    assert await database["consents"].count_documents({}) == 0

    answer = await hub.data(SET, north, **wish(id=ada, brand="north"))
    assert answer["setConsent"]["state"] == "GRANTED"
