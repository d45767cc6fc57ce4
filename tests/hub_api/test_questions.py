"""Questions over the API: published, shown in the asked language, and answered by customers and servers."""

from collections.abc import Mapping
from typing import Any

import pytest

from hub.access import audit
from hub.access.grants import KeyKind
from hub.database import Database
from tests.hub_api.conftest import Hub

MATTERS = """\
question: matters-most
texts: {en: What matters most to you?, de: Was ist Ihnen am wichtigsten?}
answers:
  - {answer: price, texts: {en: The price, de: Der Preis}}
  - {answer: taste, texts: {en: The taste}}
"""
PUBLISH = """
mutation ($input: PublishQuestionInput!) { publishQuestion(input: $input) {
  __typename
  ... on PublishQuestionPayload { version isNew question { name version text several source } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code message } }
} }
"""
ANSWER = """
mutation ($input: AnswerQuestionInput!) { answerQuestion(input: $input) {
  __typename ... on AnswerQuestionPayload { question version } ... on UserError { code message path }
} }
"""
SHOWN = """query ($in: String) {
  question(name: "matters-most", language: $in) { version text several answers { name text } }
}"""
GERMAN = {
    "version": 1,
    "text": "Was ist Ihnen am wichtigsten?",
    "several": False,
    "answers": [{"name": "price", "text": "Der Preis"}, {"name": "taste", "text": "The taste"}],
}


async def publish(hub: Hub, key: str, source: str = MATTERS, under: str = "k") -> dict[str, Any]:
    data = await hub.data(PUBLISH, key, input={"idempotencyKey": under, "source": source})
    result: dict[str, Any] = data["publishQuestion"]
    return result


async def answer(hub: Hub, key: str, *answers: str, **given: Any) -> dict[str, Any]:
    said = {"idempotencyKey": "a1", "question": "matters-most", "version": 1, "answers": answers, **given}
    result: dict[str, Any] = (await hub.data(ANSWER, key, input=said))["answerQuestion"]
    return result


async def id_of(hub: Hub, admin: str, user: str) -> str:
    asked = "query ($id: String) { profiles(filter: {userId: $id}) { nodes { id } } }"
    (node,) = (await hub.data(asked, admin, id=user))["profiles"]["nodes"]
    return str(node["id"])


async def kept(hub: Hub, user: str) -> Mapping[str, Any]:
    """What the customer sees of their answers, without the times."""
    traits = (await hub.data("{ me { traits } }", hub.token(user)))["me"]["traits"]
    return {name: (it["value"], it["version"]) for name, it in traits.get("answers", {}).items()}


async def test_a_question_is_published_in_versions_and_listed(hub: Hub, admin: str) -> None:
    first, again = await publish(hub, admin), await publish(hub, admin, under="again")
    second = await publish(hub, admin, MATTERS.replace("taste", "origin"), under="second")

    assert first["question"] == {
        "name": "matters-most",
        "version": 1,
        "text": "What matters most to you?",
        "several": False,
        "source": MATTERS,
    }
    assert [(it["version"], it["isNew"]) for it in (first, again, second)] == [(1, True), (1, False), (2, True)]
    assert (await hub.data("{ questions { name version } }", admin))["questions"] == [
        {"name": "matters-most", "version": 2}
    ]
    assert await hub.data('{ question(name: "nobody") { name } }', admin) == {"question": None}


async def test_a_document_with_problems_is_refused_with_their_places(hub: Hub, admin: str, database: Database) -> None:
    refused = await publish(hub, admin, "question: Matters\ntexts: {en: 7}\n")

    assert (refused["code"], refused["path"]) == ("INVALID_DEFINITION", ["input", "source"])
    assert [(it["line"], it["column"], it["code"]) for it in refused["problems"]] == [
        (1, 1, "missing_key"),
        (1, 11, "bad_name"),
        (2, 13, "wrong_type"),
    ]
    assert await database["question_versions"].count_documents({}) == 0


async def test_a_customer_is_shown_a_question_in_their_language_or_in_the_one_they_ask_for(
    hub: Hub, admin: str
) -> None:
    await publish(hub, admin)
    await hub.identify("ada", locale="de-AT")

    assert (await hub.data(SHOWN, hub.token("ada")))["question"] == GERMAN
    assert (await hub.data(SHOWN, hub.token("ada"), **{"in": "en-GB"}))["question"]["text"].startswith("What matters")
    assert (await hub.data(SHOWN, hub.token("nobody-yet"), **{"in": "fr"}))["question"]["text"].startswith("What")
    assert (await hub.data(SHOWN, admin, **{"in": "de"}))["question"] == GERMAN
    assert (await hub.data("{ questions { text } }", hub.token("ada")))["questions"] == [{"text": GERMAN["text"]}]
    assert await hub.codes(SHOWN, await hub.key(KeyKind.CLIENT)) == ["FORBIDDEN"]


async def test_a_customer_answers_for_themself_and_a_server_for_whom_it_names(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    for user in ("ada", "bob"):
        await hub.identify(user)
    bob = await id_of(hub, admin, "bob")

    answered = await answer(hub, hub.token("ada"), "price")
    by_server = await answer(hub, await hub.key(KeyKind.SERVER), "taste", id=bob)
    await hub.say()

    assert answered == by_server == {"__typename": "AnswerQuestionPayload", "question": "matters-most", "version": 1}
    assert await kept(hub, "ada") == {"matters-most": ("price", 1)}
    assert await kept(hub, "bob") == {"matters-most": ("taste", 1)}
    timeline = "{ me { timeline { nodes { ... on Event { name properties } } } } }"
    nodes = (await hub.data(timeline, hub.token("ada")))["me"]["timeline"]["nodes"]
    assert nodes[0]["name"] == "Question Answered"
    assert nodes[0]["properties"]["answers"] == ["price"]


async def test_nobody_answers_for_another_customer(hub: Hub, admin: str, database: Database) -> None:
    await publish(hub, admin)
    for user in ("ada", "bob"):
        await hub.identify(user)
    given = {"idempotencyKey": "a", "question": "matters-most", "version": 1, "answers": ["price"]}
    bob = await id_of(hub, admin, "bob")

    assert await hub.codes(ANSWER, hub.token("ada"), input={**given, "id": bob}) == ["FORBIDDEN"]
    assert await hub.codes(ANSWER, await hub.key(KeyKind.CLIENT), input={**given, "id": bob}) == ["FORBIDDEN"]
    assert await hub.codes(ANSWER, await hub.key(KeyKind.SERVER), input=given) == ["BAD_USER_INPUT"]
    assert await hub.codes(ANSWER, hub.token("nobody-yet"), input=given) == ["NOT_FOUND"]
    assert await database["events"].count_documents({"name": "Question Answered"}) == 0


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"question": "maters-most"}, ("NOT_FOUND", "question")),
        ({"version": 2}, ("NO_SUCH_VERSION", "version")),
        ({"answers": ["prise"]}, ("NO_SUCH_ANSWER", "answers")),
        ({"answers": []}, ("NO_ANSWER", "answers")),
        ({"answers": ["price", "taste"]}, ("ONE_ANSWER_ONLY", "answers")),
    ],
)
async def test_what_cannot_be_answered_is_told_with_a_code_and_the_part_that_is_wrong(
    hub: Hub, admin: str, database: Database, given: dict[str, Any], refusal: tuple[str, str]
) -> None:
    await publish(hub, admin)
    await hub.identify("ada")

    refused = await answer(hub, hub.token("ada"), "price", **given)

    assert refused["__typename"] == "AnswerNotTaken"
    assert (refused["code"], refused["path"]) == (refusal[0], ["input", refusal[1]])
    assert await database["events"].count_documents({"name": "Question Answered"}) == 0


async def test_what_was_answered_is_kept_with_the_customer_and_nowhere_that_outlives_them(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin)
    await hub.identify("ada")

    await answer(hub, hub.token("ada"), "taste")

    entries = await database["audit"].find({"what": "answer question"}).to_list()
    assert [it["after"] for it in entries] == [{"question": "matters-most", "version": 1}]
    rows = await database["idempotency"].find({}).to_list()
    assert all("taste" not in str(row["answer"]) for row in rows)
    assert (await audit.verify()).fault is None


async def test_a_journey_that_asks_for_an_answer_nobody_can_give_is_refused_at_its_place(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    asked = """mutation ($source: String!, $under: String!) {
      publishJourney(input: {source: $source, idempotencyKey: $under}) {
        __typename ... on InvalidDefinition { problems { line code message } } } }"""
    journey = """{journey: a, steps: [end],
      enter: {event: X, where: 'profile.answers.matters-most.value = "%s"'}}"""

    refused = await hub.data(asked, admin, source=journey % "prise", under="1")
    published = await hub.data(asked, admin, source=journey % "price", under="2")

    (problem,) = refused["publishJourney"]["problems"]
    assert (problem["line"], problem["code"]) == (2, "wrong_type")
    assert problem["message"].endswith("Did you mean `price`?")
    assert published["publishJourney"]["__typename"] == "PublishJourneyPayload"
