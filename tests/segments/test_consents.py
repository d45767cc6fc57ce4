"""Rules that ask for consents: what they refuse, how they are found, and that a word moves whom it concerns."""

from random import Random
from typing import Any

import pytest

from hub.conditions.parser import parse
from hub.database import Database
from hub.events.model import IMPORT
from hub.kit import ids
from hub.profiles.model import Profile
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import query, scope, service
from hub.segments.query import BadRule
from tests.intake.inflow import NOW
from tests.rollups.stage import Shop
from tests.segments import judge
from tests.segments.chance import some_consents, stored

SCOPE = scope.of(NOTHING_DEFINED)
READERS = "{segment: readers, when: 'consent.email.marketing = \"granted\"'}"


async def says(shop: Shop, word: str, **said: Any) -> None:
    await shop.say(word, properties={"channel": "email"}, **said)
    await shop.route()


async def standing(shop: Shop) -> tuple[set[str], list[str]]:
    """The segments in which the customer is, and what was announced of their coming and going."""
    ada = await shop.profile()
    wanted = {"name": {"$in": ["Segment Entered", "Segment Left"]}, "about": ada.id}
    rows = await shop.database["events"].find(wanted).sort("at", 1).to_list()
    return {it["name"] for it in ada.segments["in"]}, [row["name"] for row in rows]


async def test_who_has_granted_something_is_found_by_the_index_of_that_word(database: Database) -> None:
    people = [Profile(id=ids.new_id(), consents=some_consents(Random(it)), first_seen_at=NOW) for it in range(200)]
    await stored(people)
    rule = parse('consent.acme.sms.news = "granted"')
    collection = database["profiles"]
    await collection.create_index([("consents.acme/news/sms.state", 1)], name="news")
    try:
        told = await collection.find(query.of(rule, now=NOW)).explain()
    finally:
        await collection.drop_index("news")

    granted = [it for it in people if it.consents.get("acme/news/sms", {}).get("state") == "granted"]
    right = [it for it in people if judge.picks(rule, it, NOW)]
    assert (
        told["executionStats"]["totalDocsExamined"] == len(granted) > len(right) == told["executionStats"]["nReturned"]
    )


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        (
            'consent.email.marketing = "grantd"',
            (
                '1:27: `consent.email.marketing` is one of granted, pending, withdrawn, and never `"grantd"`.'
                " Did you mean `granted`? [wrong_type]"
            ),
        ),
        (
            "consent.email.marketing in [true, null]",
            (
                "1:29: `consent.email.marketing` is one of granted, pending, withdrawn, and never `true`."
                ' For example `consent.email.marketing = "granted"`. [wrong_type]'
            ),
        ),
        (
            'consent.email.marketing starts "gr"',
            (
                "1:1: `consent.email.marketing` is one of granted, pending, withdrawn, which `starts` cannot compare."
                " [wrong_type]"
            ),
        ),
        (
            "within(consent.email.marketing, 30d)",
            (
                "1:8: `consent.email.marketing` is one of granted, pending, withdrawn, which `within` cannot compare."
                " [wrong_type]"
            ),
        ),
        (
            'consent.emial.marketing = "granted"',
            "1:1: `consent.emial` has no `marketing`. Did you mean `consent.email`? [unknown_name]",
        ),
        (
            'consent.acme.emial.news = "granted"',
            "1:1: `consent.acme` has no `emial`. Did you mean `consent.acme.email`? [unknown_name]",
        ),
        (
            'consent.acme.fax.news = "granted"',
            "1:1: `consent.acme` has no `fax`. Known are email, push, sms, inbox. [unknown_name]",
        ),
        (
            'consent.email.Marketing = "granted"',
            "1:1: `consent.email` has no `Marketing`. Did you mean `consent.email.marketing`? [unknown_name]",
        ),
        (
            "exists(consent.email)",
            "1:8: `consent.email` needs a name behind it, as in `consent.email.marketing`. [unknown_name]",
        ),
        (
            "exists(consent.email.marketing.at)",
            (
                "1:8: `consent.email.marketing` is one of granted, pending, withdrawn and has no `at` inside."
                " [wrong_type]"
            ),
        ),
    ],
)
def test_a_consent_that_cannot_be_asked_is_refused_with_what_was_meant(rule: str, refusal: str) -> None:
    with pytest.raises(BadRule) as raised:
        query.read(rule, SCOPE, now=NOW)

    assert raised.value.message == refusal


async def test_what_a_customer_says_moves_them_and_each_move_is_announced(shop: Shop) -> None:
    await service.publish(READERS, by="test", key="1", now=shop.now)
    await says(shop, "Page Viewed")
    await says(shop, "Consent Granted")
    assert await standing(shop) == ({"readers"}, ["Segment Entered"])

    await says(shop, "Consent Withdrawn")

    assert await standing(shop) == (set(), ["Segment Entered", "Segment Left"])


async def test_a_consent_from_a_file_moves_and_announces_nothing(shop: Shop) -> None:
    await service.publish(READERS, by="test", key="1", now=shop.now)
    await says(shop, "Page Viewed")
    await says(shop, "Consent Granted", source=IMPORT)

    await shop.filled()

    assert await standing(shop) == ({"readers"}, [])
