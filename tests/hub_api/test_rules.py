"""Rules that pick profiles, over the API."""

import pytest

from hub.access.grants import KeyKind
from tests.hub_api.conftest import Hub

PICKED = """query ($where: String, $first: Int) {
  profiles(first: $first, filter: {where: $where}) { nodes { traits } pageInfo { hasNextPage } }
  profileCount(where: $where)
}"""


async def people(hub: Hub) -> None:
    for name, country in (("ada", "GB"), ("bob", "DE"), ("cyd", "AT"), ("dan", None)):
        await hub.identify(name, **({"country": country} if country else {}))


@pytest.mark.parametrize(
    ("rule", "countries"),
    [
        ('profile.country in ["DE", "AT"]', ["AT", "DE"]),
        ('profile.country != "GB"', [None, "AT", "DE"]),
        ("not exists(profile.country)", [None]),
        ('profile.country starts "G" or profile.country = "AT"', ["AT", "GB"]),
    ],
)
async def test_a_rule_picks_those_of_whom_it_is_true(
    hub: Hub, admin: str, rule: str, countries: list[str | None]
) -> None:
    await people(hub)

    answer = await hub.data(PICKED, admin, where=rule)

    found = [it["traits"].get("country") for it in answer["profiles"]["nodes"]]
    assert (sorted(found, key=str), answer["profileCount"]) == (sorted(countries, key=str), len(countries))


async def test_without_a_rule_everybody_is_picked_and_a_page_is_cut(hub: Hub, admin: str) -> None:
    await people(hub)

    everybody = await hub.data(PICKED, admin)
    one = await hub.data(PICKED, admin, where='profile.country in ["DE", "AT"]', first=1)

    assert (len(everybody["profiles"]["nodes"]), everybody["profileCount"]) == (4, 4)
    assert [it["traits"] for it in one["profiles"]["nodes"]] == [{"country": "AT"}]
    assert (one["profiles"]["pageInfo"]["hasNextPage"], one["profileCount"]) == (True, 2)


async def test_who_was_absorbed_is_not_counted(hub: Hub, admin: str) -> None:
    await hub.say({"type": "track", "event": "Page Viewed", "anonymousId": "a1"})
    await hub.say({"type": "identify", "userId": "ada", "anonymousId": "a2"})
    await hub.say({"type": "identify", "userId": "ada", "anonymousId": "a1"})

    assert (await hub.data("{ profileCount }", admin))["profileCount"] == 1


async def test_a_rule_that_is_wrong_says_where(hub: Hub, admin: str) -> None:
    answer = await hub.answer(PICKED, admin, where="profile.country == 3")

    error = answer["errors"][0]
    assert (error["extensions"]["code"], error["message"]) == (
        "BAD_USER_INPUT",
        "1:17: `==` is not part of the language. Did you mean `=`? [bad_condition]",
    )


async def test_customers_count_nobody(hub: Hub) -> None:
    assert await hub.codes("{ profileCount }", hub.token("ada")) == ["FORBIDDEN"]
    assert await hub.codes("{ profileCount }", await hub.key(KeyKind.CLIENT)) == ["FORBIDDEN"]
