"""What is shown of reviews: exactly the stars of those that are approved, and no more of an author than agreed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.database import Database
from hub.privacy.service import Privacy
from hub.reviews import authors, store
from hub.reviews.model import By, Rating, Said, Text
from hub.settings import Settings
from runtime import wiring
from tests.reviews.stage import approves, buys, removes, writes
from tests.rollups.stage import Shop

BOTH = {"firstName": "Augusta", "lastName": "Byron"}


@pytest.mark.parametrize(
    ("traits", "named", "initials"),
    [
        (BOTH, "Augusta B.", "A. B."),
        ({**BOTH, "name": "Somebody Else"}, "Augusta B.", "A. B."),
        ({"firstName": " augusta  ada "}, "augusta ada", "A."),
        ({"lastName": "Byron"}, "B.", "B."),
        ({"name": "Augusta Ada Byron"}, "Augusta B.", "A. B."),
        ({"name": "Augusta"}, "Augusta", "A."),
        ({"name": 7, "firstName": None}, None, None),
        ({}, None, None),
    ],
)
def test_an_author_is_named_only_where_they_agreed_and_never_whole(
    traits: Mapping[str, Any], named: str | None, initials: str | None
) -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)

    assert [
        authors.name_of(Said(5, Text("Good"), None, None, show_name=it, at=at), traits) for it in (True, False)
    ] == [named, initials]


@pytest.mark.parametrize(
    ("by_stars", "average"),
    [((0, 0, 0, 0, 0), None), ((0, 0, 0, 0, 3), "5.00"), ((1, 0, 0, 1, 1), "3.33"), ((1, 0, 1, 5, 1), "3.63")],
)
def test_the_average_is_in_hundredths_and_of_nothing_there_is_none(
    by_stars: tuple[int, ...], average: str | None
) -> None:
    assert Rating(by_stars).average == (None if average is None else Decimal(average))


async def test_the_stars_are_counted_of_those_that_are_shown_whatever_happens_to_them(shop: Shop) -> None:
    found = []
    for number, user in enumerate(("ada", "bob", "cy", "di")):
        await buys(shop, "P-1", user=user)
        found.append(await writes(shop, user=user, stars=(5, 5, 2, 1)[number]))

    async def counted() -> tuple[int, ...]:
        return (await store.ratings(["P-1", "P-2"]))["P-1"].by_stars

    assert await counted() == (0, 0, 0, 0, 0)
    for review in found[:3]:
        await approves(shop, review)
    assert await counted() == (0, 1, 0, 0, 2)
    await removes(shop, found[0])
    await removes(shop, found[2], By.AUTHOR)
    assert await counted() == (0, 0, 0, 0, 1)
    await writes(shop, "On second thought", user="bob", stars=3, replace=True)
    assert await counted() == (0, 0, 0, 0, 0)
    await approves(shop, found[1])
    assert await counted() == (0, 0, 1, 0, 0)


async def test_the_stars_are_counted_without_reading_a_review(ada: Shop, database: Database) -> None:
    await writes(ada)
    where = {"product_id": {"$in": ["P-1"]}, "state": "approved"}
    command = {
        "aggregate": "reviews",
        "pipeline": [{"$match": where}, {"$group": {"_id": "$stars", "count": {"$sum": 1}}}],
        "hint": "stars",
        "cursor": {},
    }

    explained = await database.command("explain", command, verbosity="executionStats")

    assert "'stage': 'FETCH'" not in str(explained)
    assert "'totalDocsExamined': 0" in str(explained)


async def test_who_is_forgotten_leaves_no_review_and_no_star(ada: Shop, settings: Settings, database: Database) -> None:
    await buys(ada, "P-1", user="bob")
    await writes(ada, "Words of a person", stars=1)
    await writes(ada, user="bob", stars=5)

    await Privacy(settings, wiring.DOCUMENTS).erase((await ada.profile("ada")).id, now=ada.now)

    assert (await store.ratings(["P-1"]))["P-1"].by_stars == (0, 0, 0, 0, 1)
    assert await database["reviews"].count_documents({"text": "Words of a person"}) == 0
