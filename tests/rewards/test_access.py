"""Row 42: in the early window only those may buy whom it is for, after it everybody."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.conditions.parser import parse
from hub.kit import ids
from hub.profiles.model import Profile
from hub.rewards.access import Access, access, opening
from hub.rewards.model import Cost, Gives, Reason, Reward, RewardKind, RewardState
from hub.segments.model import Segment

EARLY = datetime(2026, 6, 1, tzinfo=UTC)
OPENS = EARLY + timedelta(days=2)
SECOND = timedelta(seconds=1)
GOLD = Segment("gold", parse('profile.tier = "gold"'), "")
ADA = Profile(ids.key_of("test", "ada"), traits={"tier": "gold"})
BOB = Profile(ids.key_of("test", "bob"))
SALE = Reward(
    "early-bird",
    RewardKind.EARLY_ACCESS,
    Gives(sales=("summer",), skus=("A-1",), opens=OPENS),
    {"en": "Two days earlier"},
    audience=GOLD,
    since=EARLY,
)
BOUGHT = Reward(
    "earlier-still", RewardKind.EARLY_ACCESS, SALE.gives, {"en": "Earlier"}, cost=Cost("club", "points", 5), since=EARLY
)


@pytest.mark.parametrize(
    ("at", "ada", "bob"),
    [
        (EARLY - SECOND, False, False),
        (EARLY, True, False),
        (OPENS - SECOND, True, False),
        (OPENS, True, True),
        (OPENS + timedelta(days=900), True, True),
    ],
)
def test_row_42_access_is_true_only_for_the_segment_in_the_early_window_and_for_all_after_it(
    at: datetime,
    ada: bool,  # noqa: FBT001 - a case of the table
    bob: bool,  # noqa: FBT001 - as above
) -> None:
    assert access([SALE], ADA, (), at=at).allowed is ada
    assert access([SALE], BOB, (), at=at).allowed is bob
    assert access([SALE], None, (), at=at).allowed is (at >= OPENS)


def test_who_may_not_is_told_why_and_when_it_opens() -> None:
    assert access([SALE], BOB, (), at=EARLY) == Access(allowed=False, opens=OPENS, reasons=(Reason.NOT_ELIGIBLE,))
    early = access([SALE], ADA, (), at=EARLY - SECOND)
    assert early == Access(allowed=False, opens=OPENS, reasons=(Reason.NOT_YET,))


def test_early_access_that_is_bought_is_for_whoever_has_a_voucher_of_it() -> None:
    assert access([BOUGHT], BOB, (), at=EARLY).reasons == (Reason.INSUFFICIENT_POINTS,)
    assert access([BOUGHT], BOB, {"earlier-still"}, at=EARLY).allowed
    assert access([SALE, BOUGHT], BOB, {"earlier-still"}, at=EARLY).allowed


def test_what_no_live_reward_names_is_open() -> None:
    retired = Reward("old", SALE.kind, SALE.gives, {"en": "Old"}, state=RewardState.RETIRED)
    known = [SALE, retired]

    assert opening(known, sku=None, sale="summer") == opening(known, sku="A-1", sale=None) == [SALE]
    assert opening(known, sku="A-2", sale=None) == opening(known, sku=None, sale="winter") == []
    assert access([], BOB, (), at=EARLY) == Access(allowed=True)
