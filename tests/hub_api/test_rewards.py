"""Rewards over the API: published, shown to a customer as they stand to them, and voted for."""

from typing import Any

from hub.database import Database
from tests.hub_api.conftest import Hub
from tests.hub_api.test_questions import id_of

COFFEE = """\
reward: coffee
kind: free_product
gives: {skus: [A-1]}
labels: {en: A coffee, de: Ein Kaffee}
"""
DINNER = COFFEE.replace("reward: coffee", "reward: dinner") + 'when: profile.country = "DE"\n'
YACHT = "{reward: yacht, kind: experience, labels: {en: A trip}, state: proposed}"
PUBLISH = """
mutation ($input: PublishRewardInput!) { publishReward(input: $input) {
  __typename
  ... on PublishRewardPayload { version isNew reward { name version kind state source } }
  ... on UserError { code path }
  ... on InvalidDefinition { problems { line column code } }
} }
"""
VOTE = """
mutation ($input: VoteForRewardInput!) { voteForReward(input: $input) {
  __typename ... on VoteForRewardPayload { reward } ... on UserError { code message path }
} }
"""
SHOWN = """query ($id: ID, $in: String) { rewards(id: $id, language: $in) {
  name kind state label available reasons { code message } missingPoints purchasesNeeded left hasVoted
  cost { program wallet points } value { skus percent } } }"""


async def publish(hub: Hub, key: str, source: str = COFFEE, under: str = "") -> dict[str, Any]:
    data = await hub.data(PUBLISH, key, input={"idempotencyKey": under or source, "source": source})
    result: dict[str, Any] = data["publishReward"]
    return result


async def vote(hub: Hub, key: str, reward: str = "yacht", under: str = "v", **given: Any) -> dict[str, Any]:
    data = await hub.data(VOTE, key, input={"idempotencyKey": under, "reward": reward, **given})
    result: dict[str, Any] = data["voteForReward"]
    return result


async def votes(hub: Hub, admin: str) -> dict[str, Any]:
    asked = '{ rewardDefinition(name: "yacht") { votes { total bySegment { segment votes } } } }'
    found: dict[str, Any] = (await hub.data(asked, admin))["rewardDefinition"]["votes"]
    return found


async def test_a_reward_is_published_in_versions_and_listed(hub: Hub, admin: str) -> None:
    first, again = await publish(hub, admin), await publish(hub, admin, under="again")
    second = await publish(hub, admin, f"{COFFEE}state: retired\n")

    shown = {"name": "coffee", "version": 1, "kind": "FREE_PRODUCT", "state": "LIVE", "source": COFFEE}
    assert first["reward"] == shown
    assert [(it["version"], it["isNew"]) for it in (first, again, second)] == [(1, True), (1, False), (2, True)]
    listed = await hub.data("{ rewardDefinitions { name version state } }", admin)
    assert listed["rewardDefinitions"] == [{"name": "coffee", "version": 2, "state": "RETIRED"}]
    assert await hub.data('{ rewardDefinition(name: "tea") { name } }', admin) == {"rewardDefinition": None}


async def test_a_reward_with_problems_is_refused_with_their_places(hub: Hub, admin: str, database: Database) -> None:
    refused = await publish(hub, admin, 'reward: Coffee\nkind: gesture\nlabels: {en: A}\nwhen: segment("x")\n')

    assert (refused["code"], refused["path"]) == ("INVALID_DEFINITION", ["input", "source"])
    assert [(it["line"], it["code"]) for it in refused["problems"]] == [(1, "bad_name"), (4, "unknown_name")]
    assert await database["reward_versions"].count_documents({}) == 0


async def test_a_customer_sees_what_they_can_have_first_and_why_not_the_rest(hub: Hub, admin: str) -> None:
    await publish(hub, admin)
    await publish(hub, admin, DINNER)
    await publish(
        hub, admin, f"{COFFEE.replace('reward: coffee', 'reward: cake')}cost: {{program: beans, points: 50}}\n"
    )
    await publish(hub, admin, COFFEE.replace("reward: coffee", "reward: tea") + "state: retired\n")
    await hub.identify("ada", country="AT", locale="de-AT")

    found = (await hub.data(SHOWN, hub.token("ada")))["rewards"]

    nothing = {"missingPoints": 0, "purchasesNeeded": 0, "left": None, "hasVoted": False, "cost": None}
    coffee = {
        "name": "coffee",
        "kind": "FREE_PRODUCT",
        "state": "LIVE",
        "label": "Ein Kaffee",
        "available": True,
        "reasons": [],
        **nothing,
        "value": {"skus": ["A-1"], "percent": None},
    }
    refused = {"available": False, "reasons": [{"code": "NOT_ELIGIBLE", "message": "It is for other customers."}]}
    short = {
        "available": False,
        "reasons": [{"code": "INSUFFICIENT_POINTS", "message": "Points are missing."}],
        "missingPoints": 50,
        "purchasesNeeded": None,
        "cost": {"program": "beans", "wallet": "points", "points": 50},
    }
    assert found == [
        coffee,
        {**coffee, "name": "cake", **short},
        {**coffee, "name": "dinner", **refused},
    ]
    ada = await id_of(hub, admin, "ada")
    assert (await hub.data(SHOWN, admin, id=ada))["rewards"] == found
    english = await hub.data(SHOWN, hub.token("ada"), **{"in": "en"})
    assert {it["label"] for it in english["rewards"]} == {"A coffee"}


async def test_row_58_one_customer_has_one_vote_and_marketers_see_the_votes_by_segment(
    hub: Hub, admin: str, database: Database
) -> None:
    await publish(hub, admin, YACHT)
    for user in ("ada", "bob", "eve"):
        await hub.identify(user)
    for user, names in (("ada", ["vips", "germans"]), ("bob", ["vips"])):
        held = [{"name": name, "since": hub.now, "cause": "test"} for name in names]
        owner = await database["identifiers"].find_one({"kind": "user", "value": user})
        assert owner
        await database["profiles"].update_one({"_id": owner["profile_id"]}, {"$set": {"segments.in": held}})

    assert await votes(hub, admin) == {"total": 0, "bySegment": []}
    for number in range(2):
        for user in ("ada", "bob"):
            voted = await vote(hub, hub.token(user), under=f"v{number}")
            assert voted == {"__typename": "VoteForRewardPayload", "reward": "yacht"}

    assert await votes(hub, admin) == {
        "total": 2,
        "bySegment": [{"segment": "germans", "votes": 1}, {"segment": "vips", "votes": 2}],
    }
    shown = {user: (await hub.data(SHOWN, hub.token(user)))["rewards"][0] for user in ("ada", "eve")}
    assert [shown[user]["hasVoted"] for user in ("ada", "eve")] == [True, False]
    assert [it["code"] for it in shown["ada"]["reasons"]] == ["NOT_LIVE"]


async def test_two_votes_of_customers_who_turn_out_to_be_one_are_one(hub: Hub, admin: str) -> None:
    await publish(hub, admin, YACHT)
    for user in ("ada", "bob"):
        await hub.identify(user)
        await vote(hub, hub.token(user))
    assert (await votes(hub, admin))["total"] == 2
    both = {"into": await id_of(hub, admin, "ada"), "absorb": await id_of(hub, admin, "bob")}
    merge = "mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }"
    await hub.data(merge, admin, input={"idempotencyKey": "m", **both})

    assert (await votes(hub, admin))["total"] == 1


async def test_a_reward_that_is_not_proposed_takes_no_vote(hub: Hub, admin: str, database: Database) -> None:
    await publish(hub, admin)
    await hub.identify("ada")

    live = await vote(hub, hub.token("ada"), "coffee")
    unknown = await vote(hub, hub.token("ada"), "cofee", under="u")

    assert (live["__typename"], live["code"], live["path"]) == ("VoteNotTaken", "NOT_PROPOSED", ["input", "reward"])
    assert live["message"] == "`coffee` is not put to the vote: it is live."
    assert (unknown["code"], unknown["message"]) == (
        "NOT_FOUND",
        "There is no reward `cofee`. Did you mean `coffee`?",
    )
    assert await database["reward_votes"].count_documents({}) == 0


async def test_nobody_votes_or_looks_for_another_customer(hub: Hub, admin: str, database: Database) -> None:
    await publish(hub, admin, YACHT)
    for user in ("ada", "bob"):
        await hub.identify(user)
    bob = await id_of(hub, admin, "bob")

    given = {"idempotencyKey": "x", "reward": "yacht", "id": bob}
    assert await hub.codes(VOTE, hub.token("ada"), input=given) == ["FORBIDDEN"]
    assert await hub.codes(SHOWN, hub.token("ada"), id=bob) == ["FORBIDDEN"]
    assert await database["reward_votes"].count_documents({}) == 0


async def test_a_segment_that_a_reward_asks_for_is_not_deleted(hub: Hub, admin: str) -> None:
    published = "{segment: vips, when: profile.vip = true}"
    mutation = "mutation ($input: {0}Input!) {{ {1}(input: $input) {{ __typename ... on UserError {{ message }} }} }}"
    segment = mutation.format("PublishSegment", "publishSegment")
    await hub.data(segment, admin, input={"idempotencyKey": "s", "source": published})
    await publish(hub, admin, f'{COFFEE}when: segment("vips")\n')

    delete = mutation.format("DeleteSegment", "deleteSegment")
    refused = (await hub.data(delete, admin, input={"idempotencyKey": "d", "name": "vips"}))["deleteSegment"]

    assert refused["__typename"] == "SegmentInUse"
    assert refused["message"] == "`vips` is asked for by reward coffee. Publish those without it first."
