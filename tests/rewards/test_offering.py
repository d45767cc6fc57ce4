"""Row 26: every reward shows what is missing, how many purchases that is, and a code for each reason against it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.conditions.parser import parse
from hub.kit import ids
from hub.profiles.model import Profile
from hub.rewards.model import Cost, Gives, Reason, Reward, RewardKind, RewardState
from hub.rewards.offering import Standing, offered
from hub.segments.model import Segment

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
COFFEE = Reward(
    "coffee", RewardKind.FREE_PRODUCT, Gives(skus=("A-1",)), {"en": "A coffee"}, cost=Cost("beans", "points", 500)
)
GERMANS = Segment("germans", parse('profile.country = "DE"'), "")
ADA = Profile(ids.key_of("test", "ada"), traits={"country": "AT"})
RICH = Standing(ADA, points={("beans", "points"): 500})


def test_who_has_the_points_can_have_it() -> None:
    found = offered(COFFEE, RICH, store=None, left=None, now=NOW)

    assert (found.reasons, found.missing, found.purchases) == ((), 0, 0)


@pytest.mark.parametrize(
    ("points", "average", "missing", "purchases"),
    [(499, 50.0, 1, 1), (100, 80.0, 400, 5), (100, 79.0, 400, 6), (0, 0.5, 500, 1000), (0, None, 500, None)],
)
def test_what_is_missing_is_told_in_points_and_in_purchases_such_as_theirs_rounded_up(
    points: int, average: float | None, missing: int, purchases: int | None
) -> None:
    purse = ("beans", "points")
    per = {} if average is None else {purse: average}
    found = offered(COFFEE, Standing(ADA, {purse: points}, per), store=None, left=None, now=NOW)

    assert found.reasons == (Reason.INSUFFICIENT_POINTS,)
    assert (found.missing, found.purchases) == (missing, purchases)


def test_points_of_another_wallet_or_program_buy_nothing() -> None:
    others = {("beans", "status"): 900, ("others", "points"): 900}

    assert offered(COFFEE, Standing(ADA, others), store=None, left=None, now=NOW).missing == 500


@pytest.mark.parametrize(
    ("changes", "asked", "reasons"),
    [
        ({"state": RewardState.PROPOSED}, {}, (Reason.NOT_LIVE,)),
        ({"since": NOW + timedelta(seconds=1)}, {}, (Reason.NOT_YET,)),
        ({"since": NOW}, {}, ()),
        ({"kind": RewardKind.GESTURE, "cost": None}, {}, (Reason.ONLY_GIVEN,)),
        ({"before": NOW}, {}, (Reason.EXPIRED,)),
        ({"before": NOW + timedelta(seconds=1)}, {}, ()),
        ({"stores": frozenset({"S-1"})}, {"store": "S-2"}, (Reason.NOT_HERE,)),
        ({"stores": frozenset({"S-1"})}, {"store": "S-1"}, ()),
        ({"stores": frozenset({"S-1"})}, {}, ()),
        ({"audience": GERMANS}, {}, (Reason.NOT_ELIGIBLE,)),
        ({"stock": 5}, {"left": 0}, (Reason.OUT_OF_STOCK,)),
        ({"stock": 5}, {"left": 1}, ()),
        ({"per_member": 2}, {}, (Reason.LIMIT_REACHED,)),
        ({"per_member": 3}, {}, ()),
        ({"cost": None}, {}, ()),
    ],
)
def test_each_reason_against_a_reward_has_a_code(
    changes: dict[str, Any], asked: dict[str, Any], reasons: tuple[Reason, ...]
) -> None:
    standing = replace(RICH, had={"coffee": 2})

    found = offered(replace(COFFEE, **changes), standing, **{"store": None, "left": None, "now": NOW, **asked})

    assert found.reasons == reasons


def test_all_reasons_are_told_at_once() -> None:
    gone = replace(COFFEE, since=NOW + timedelta(1), audience=GERMANS, stores=frozenset({"S-1"}), stock=1, per_member=1)
    found = offered(gone, Standing(ADA, had={"coffee": 1}), store="S-2", left=0, now=NOW)

    assert [it.value for it in found.reasons] == [
        "NOT_YET",
        "NOT_HERE",
        "NOT_ELIGIBLE",
        "LIMIT_REACHED",
        "OUT_OF_STOCK",
        "INSUFFICIENT_POINTS",
    ]
