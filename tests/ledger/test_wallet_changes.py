"""Of a wallet only what is different is written. That it all agrees, the random histories hold."""

from uuid import UUID

from hub.ledger import rows
from hub.ledger.model import Draw, Hold, Lot, Terms, Wallet
from tests.ledger.holding import DAY, NOON

EARLY, LATE = (Terms(UUID(int=it), f"A-{it}", NOON, NOON, NOON + it * DAY) for it in (1, 2))
EARLY_ROW, LATE_ROW = (
    {"lot": it.lot, "origin": it.origin, "earned_at": NOON, "usable_at": NOON, "expires_at": it.expires_at}
    for it in (EARLY, LATE)
)
HELD = Hold(UUID(int=3), "cup", NOON + DAY, (Draw(EARLY, 20),))
HELD_ROW = {"id": HELD.id, "origin": "cup", "until": HELD.until, "draws": [{**EARLY_ROW, "points": 20}]}


def test_a_lot_that_is_new_is_pushed() -> None:
    before, after = Wallet((Lot(EARLY, 50),)), Wallet((Lot(EARLY, 50), Lot(LATE, 30)))
    pushed = {"p.lots": {"$each": [{**LATE_ROW, "left": 30}]}}
    assert rows.wallet_changes("p", before, after) == ({}, pushed)


def test_of_lots_whose_points_are_taken_only_the_points_are_set() -> None:
    late = Lot(LATE, 30)
    before, after = Wallet((Lot(EARLY, 50), late)), Wallet((Lot(EARLY, 20), late))
    assert rows.wallet_changes("p", before, after) == ({"p.lots.0.left": 20}, {})


def test_the_lots_are_written_anew_when_one_is_gone() -> None:
    before, after = Wallet((Lot(EARLY, 50), Lot(LATE, 30))), Wallet((Lot(LATE, 30),))
    assert rows.wallet_changes("p", before, after) == ({"p.lots": [{**LATE_ROW, "left": 30}]}, {})


def test_the_lots_are_written_anew_when_one_has_other_terms() -> None:
    before, after = Wallet((Lot(EARLY, 50),)), Wallet((Lot(LATE, 50),))
    assert rows.wallet_changes("p", before, after) == ({"p.lots": [{**LATE_ROW, "left": 50}]}, {})


def test_the_lots_are_written_anew_when_one_is_new_and_another_has_more() -> None:
    before, after = Wallet((Lot(EARLY, 50),)), Wallet((Lot(EARLY, 60), Lot(LATE, 30)))
    lots = [{**EARLY_ROW, "left": 60}, {**LATE_ROW, "left": 30}]
    assert rows.wallet_changes("p", before, after) == ({"p.lots": lots}, {})


def test_a_hold_that_is_new_is_pushed_and_one_that_is_over_is_set() -> None:
    before, after = Wallet((Lot(EARLY, 50),)), Wallet((Lot(EARLY, 30),), holds=(HELD,))
    assert rows.wallet_changes("p", before, after) == ({"p.lots.0.left": 30}, {"p.holds": {"$each": [HELD_ROW]}})
    assert rows.wallet_changes("p", after, before) == ({"p.lots.0.left": 50, "p.holds": []}, {})


def test_of_what_is_owed_only_that_is_set() -> None:
    assert rows.wallet_changes("p", Wallet(owed=5), Wallet(owed=2)) == ({"p.owed": 2}, {})
