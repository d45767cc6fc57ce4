"""The rules of the ledger: what each move does to a wallet, and to which accounts."""

from dataclasses import replace
from datetime import datetime

import pytest

from hub.ledger import ledger, model
from hub.ledger.errors import HoldOver, InsufficientPoints, NoSuchHold, NoSuchLot
from hub.ledger.model import Kind, Purse, Wallet
from hub.ledger.moves import (
    Activate,
    Adjust,
    Capture,
    Earn,
    Expire,
    Extend,
    Move,
    Reach,
    Reinstate,
    Release,
    Reserve,
    Restore,
    Spend,
    TakeBack,
)
from tests.ledger.holding import ADA, DAY, HOUR, NOON, PROGRAM, drawn, lines, lots, posted

EMPTY = Purse(PROGRAM, ADA)


def earn(points: int, origin: str, days: int | None = None, *, pending: bool = False) -> Earn:
    return Earn("points", points, origin, None if pending else NOON, None if days is None else NOON + days * DAY)


def wallet(purse: Purse) -> Wallet:
    return purse.wallet("points")


def holding(*moves: Move, at: datetime = NOON) -> Purse:
    return posted(EMPTY, *moves, at=at)


def test_points_are_issued_into_a_lot_with_its_origin_and_expiry() -> None:
    purse = holding(earn(50, "A-1", 30))

    (lot,) = wallet(purse).lots
    assert (lot.left, lot.terms.origin, lot.terms.earned_at) == (50, "A-1", NOON)
    assert (lot.terms.usable_at, lot.terms.expires_at) == (NOON, NOON + 30 * DAY)
    assert lines(purse.outbox[0].entries) == [("wallet", 50), ("issued", -50)]
    assert purse.outbox[0].balances == {"points": 50}


def test_those_points_are_spent_first_that_expire_first() -> None:
    purse = holding(earn(10, "late", 90), earn(10, "never"), earn(10, "soon", 7))

    purse = posted(purse, Spend("points", 25, "cup"))

    assert lots(wallet(purse)) == [("never", 5)]
    assert [(it.account, it.points, it.terms and it.terms.origin) for it in purse.outbox[-1].entries] == [
        ("wallet", -10, "soon"),
        ("wallet", -10, "late"),
        ("wallet", -5, "never"),
        ("spent", 25, None),
    ]


def test_more_than_can_be_spent_is_refused_with_what_is_missing() -> None:
    purse = holding(earn(10, "A-1"), earn(90, "A-2", pending=True))

    with pytest.raises(InsufficientPoints) as caught:
        posted(purse, Spend("points", 11, "cup"))

    assert (caught.value.available, caught.value.requested, caught.value.missing) == (10, 11, 1)
    assert caught.value.message == "11 points are asked for, 10 are available."


def test_pending_points_are_usable_from_their_time_on_or_when_somebody_says_so() -> None:
    later = NOON + 14 * DAY
    purse = holding(Earn("points", 10, "A-1", later), earn(5, "A-2", pending=True))
    assert (wallet(purse).available(NOON), wallet(purse).pending(NOON), wallet(purse).balance) == (0, 15, 15)
    assert (wallet(purse).available(later), wallet(purse).pending(later)) == (10, 5)

    purse = posted(purse, Activate("points", "A-2", NOON + HOUR), at=NOON + HOUR)

    assert wallet(purse).available(NOON + HOUR) == 5
    assert lines(purse.outbox[-1].entries) == [("wallet", -5), ("wallet", 5)]


def test_a_hold_is_captured_once_and_nothing_else_becomes_of_it() -> None:
    purse = posted(holding(earn(30, "A-1")), Reserve("points", 20, "voucher", NOON + DAY))
    hold = model.hold_id(purse.outbox[-1].id)
    assert (wallet(purse).balance, wallet(purse).held) == (10, 20)

    purse = posted(purse, Capture("points", hold), at=NOON + HOUR)

    assert (wallet(purse).balance, wallet(purse).held) == (10, 0)
    assert lines(purse.outbox[-1].entries) == [("held", -20), ("spent", 20)]
    for again in (Capture("points", hold), Release("points", hold)):
        with pytest.raises(NoSuchHold):
            posted(purse, again)


def test_a_released_hold_puts_the_points_back_into_their_old_lots() -> None:
    earned = holding(earn(10, "soon", 7), earn(30, "late", 90))
    purse = posted(earned, Reserve("points", 20, "voucher", NOON + DAY))
    assert lots(wallet(purse)) == [("late", 20)]

    purse = posted(purse, Release("points", model.hold_id(purse.outbox[-1].id)))

    assert set(wallet(purse).lots) == set(wallet(earned).lots)
    assert wallet(purse).held == 0


def test_when_its_time_is_over_a_hold_is_no_longer_captured_but_can_be_released() -> None:
    purse = posted(holding(earn(30, "A-1")), Reserve("points", 20, "voucher", NOON + DAY))
    hold = model.hold_id(purse.outbox[-1].id)

    with pytest.raises(HoldOver):
        posted(purse, Capture("points", hold), at=NOON + DAY)

    assert wallet(posted(purse, Release("points", hold), at=NOON + DAY)).balance == 30


def test_spent_points_are_given_back_into_the_lots_they_came_from_as_far_as_they_were_not_yet() -> None:
    purse = posted(holding(earn(10, "soon", 7), earn(30, "late", 90)), Spend("points", 20, "cup"))
    draws = ledger.taken(purse.outbox, "points", "cup")
    assert drawn(draws) == [("soon", 10), ("late", 10)]

    purse = posted(purse, Restore("points", (replace(draws[0], points=4),), "cup"))

    assert sorted(lots(wallet(purse))) == [("late", 20), ("soon", 4)]
    assert drawn(ledger.taken(purse.outbox, "points", "cup")) == [("soon", 6), ("late", 10)]


@pytest.mark.parametrize(
    ("reach", "left", "owed", "reversed_"),
    [
        (Reach.ONLY_PENDING, [("A-2", 20)], 0, 0),
        (Reach.WITHIN_BALANCE, [], 0, 20),
        (Reach.NEGATIVE, [], 30, 50),
    ],
)
def test_what_was_spent_already_is_taken_back_as_far_as_the_program_says(
    reach: Reach, left: list[tuple[str, int]], owed: int, reversed_: int
) -> None:
    purse = posted(holding(earn(50, "A-1", 1), earn(20, "A-2")), Spend("points", 50, "cup"))

    purse = posted(purse, TakeBack("points", 50, "A-1", reach))

    assert (lots(wallet(purse)), wallet(purse).owed) == (left, owed)
    assert ledger.booked(purse.outbox, model.REVERSED, "points", "A-1") == reversed_


def test_points_are_taken_back_from_their_own_lot_first_whether_pending_or_not() -> None:
    purse = holding(earn(50, "A-1", pending=True), earn(20, "A-2", 1))

    purse = posted(purse, TakeBack("points", 40, "A-1", Reach.WITHIN_BALANCE))

    assert lots(wallet(purse)) == [("A-1", 10), ("A-2", 20)]


def test_of_pending_points_only_as_many_are_taken_back_as_are_pending() -> None:
    purse = holding(earn(50, "A-1", pending=True), earn(20, "A-2"))

    purse = posted(purse, TakeBack("points", 60, "A-1", Reach.ONLY_PENDING))

    assert lots(wallet(purse)) == [("A-2", 20)]


def test_what_is_owed_is_paid_by_the_next_points_that_are_usable() -> None:
    purse = posted(holding(earn(50, "A-1")), Spend("points", 50, "cup"))
    purse = posted(purse, TakeBack("points", 30, "A-1", Reach.NEGATIVE))
    assert (wallet(purse).balance, wallet(purse).available(NOON)) == (-30, 0)

    purse = posted(purse, Earn("points", 100, "A-2", NOON + DAY))
    assert (wallet(purse).balance, wallet(purse).owed, wallet(purse).available(NOON + DAY)) == (70, 30, 70)

    purse = posted(purse, Spend("points", 70, "pot"), at=NOON + DAY)

    assert (wallet(purse).balance, wallet(purse).owed, wallet(purse).lots) == (0, 0, ())


def test_what_is_owed_is_paid_before_points_expire() -> None:
    purse = posted(holding(earn(50, "A-1")), Spend("points", 50, "cup"))
    purse = posted(purse, TakeBack("points", 30, "A-1", Reach.NEGATIVE))
    purse = posted(purse, Earn("points", 100, "A-2", NOON + DAY, NOON + 2 * DAY))

    purse = posted(purse, Expire("points"), at=NOON + 2 * DAY)

    assert (wallet(purse).balance, wallet(purse).owed) == (0, 0)
    assert ledger.booked(purse.outbox, model.EXPIRED, "points", "A-2") == 70


def test_each_lot_expires_at_its_own_time_and_can_be_reinstated() -> None:
    purse = holding(earn(10, "A-1", 1), earn(20, "A-2", 2), earn(30, "A-3"))

    purse = posted(purse, Expire("points"), at=NOON + DAY)
    assert lots(wallet(purse)) == [("A-2", 20), ("A-3", 30)]
    gone = ledger.expired(purse.outbox, "points", "A-1")
    purse = posted(purse, Reinstate("points", gone, NOON + 9 * DAY), at=NOON + DAY)

    assert sorted(lots(wallet(purse))) == [("A-1", 10), ("A-2", 20), ("A-3", 30)]
    assert ledger.expired(purse.outbox, "points", "A-1") == ()
    assert wallet(purse).available(NOON + 3 * DAY) == 40


def test_a_lot_is_extended_by_two_entries_that_say_from_when_until_when() -> None:
    purse = holding(earn(10, "A-1", 1))

    purse = posted(purse, Extend("points", wallet(purse).lots[0].terms.lot, NOON + 5 * DAY))

    entries = purse.outbox[-1].entries
    assert [(it.points, it.terms and it.terms.expires_at) for it in entries] == [
        (-10, NOON + DAY),
        (10, NOON + 5 * DAY),
    ]
    assert [it.kind for it in entries] == [Kind.EXTEND, Kind.EXTEND]
    with pytest.raises(NoSuchLot):
        posted(purse, Extend("points", purse.outbox[0].id, None))


def test_what_was_held_comes_back_under_the_terms_that_its_lot_has_now() -> None:
    purse = posted(holding(earn(10, "A-1", 1)), Reserve("points", 4, "voucher", NOON + DAY))
    hold = model.hold_id(purse.outbox[-1].id)
    purse = posted(purse, Extend("points", wallet(purse).lots[0].terms.lot, NOON + 5 * DAY))

    purse = posted(purse, Release("points", hold))

    assert wallet(purse).available(NOON + 4 * DAY) == 10


def test_points_are_given_and_taken_by_hand_but_no_more_than_there_are() -> None:
    purse = posted(EMPTY, Adjust("points", 10, "sorry", NOON + DAY))
    purse = posted(purse, Adjust("points", -4, "mistake"))

    assert lots(wallet(purse)) == [("sorry", 6)]
    assert ledger.booked(purse.outbox, model.ADJUSTED, "points", "sorry") == -10
    with pytest.raises(InsufficientPoints):
        posted(purse, Adjust("points", -7, "mistake"))


def test_two_currencies_are_credited_by_one_posting_and_each_sums_to_zero() -> None:
    purse = posted(EMPTY, earn(10, "A-1"), Earn("status", 3, "A-1", NOON))

    assert (purse.wallet("points").balance, purse.wallet("status").balance) == (10, 3)
    assert lines(purse.outbox[0].entries) == [("wallet", 10), ("issued", -10), ("wallet", 3), ("issued", -3)]


def test_a_move_of_no_points_is_a_mistake_of_whoever_asks() -> None:
    for move in (Earn("points", 0, "A-1", NOON), Spend("points", 0, "cup"), Spend("points", -5, "cup")):
        with pytest.raises(ValueError, match="at least one point"):
            posted(holding(earn(10, "A-1")), move)
