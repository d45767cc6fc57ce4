"""Which tier follows from points and time. The zone is Berlin: midnight there is 23:00 in winter."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from hub.ledger.model import Lot, Terms, Wallet
from hub.programs.model import Program
from hub.tiers import rules
from hub.tiers.model import Change, Standing
from tests.tiers.written import read

ADA = UUID(int=0xADA)
END_OF_2026 = datetime(2026, 12, 31, 23, tzinfo=UTC)
END_OF_2027 = datetime(2027, 12, 31, 23, tzinfo=UTC)
NEXT_GRACE_OVER = datetime(2028, 1, 30, 23, tzinfo=UTC)


def on(month: int, day: int, year: int = 2026, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def holding(points: int, until: datetime | None = END_OF_2026) -> Wallet:
    lot = Terms(UUID(int=points), f"order/{points}", on(1, 1), on(1, 1), until)
    return Wallet((Lot(lot, points),))


def looked(program: Program, *looks: tuple[datetime, Wallet]) -> Standing:
    assert program.tiers
    standing = Standing(program.name, ADA)
    for at, wallet in looks:
        standing = rules.reviewed(standing, program.tiers, wallet, at=at, zone=program.zone)
    return standing


def changes(standing: Standing) -> Sequence[tuple[datetime, str | None]]:
    return [(it.at, it.tier) for it in standing.changes]


def test_a_tier_is_reached_with_the_last_point_and_not_before() -> None:
    program = read()

    assert looked(program, (on(3, 1), holding(499))).tier is None
    assert looked(program, (on(3, 1), holding(500))).changes == (Change(on(3, 1), "silver", None, up=True),)
    assert looked(program, (on(3, 1), holding(5000))).changes == (Change(on(3, 1), "ruby", None, up=True),)


def test_looking_again_changes_nothing() -> None:
    program = read()
    once = looked(program, (on(3, 1), holding(1500)))

    assert program.tiers
    assert rules.reviewed(once, program.tiers, holding(1500), at=on(3, 2), zone=program.zone) is once


def test_a_tier_stays_for_the_year_after_and_its_grace_though_the_points_are_over() -> None:
    gold = (on(3, 1), holding(1500))
    last_moment = NEXT_GRACE_OVER.replace(hour=22, minute=59)

    kept = looked(read(), gold, (END_OF_2026, holding(1500)), (last_moment, Wallet()))

    assert (kept.tier, kept.due) == ("gold", NEXT_GRACE_OVER)
    assert kept.grants["gold"].until == END_OF_2027


def test_who_falls_by_one_step_falls_to_the_level_below_and_stays_there_for_its_time() -> None:
    fallen = looked(
        read(),
        (on(3, 1), holding(5000)),
        (END_OF_2026, Wallet()),
        (NEXT_GRACE_OVER, Wallet()),
        (on(6, 1, 2029), Wallet()),
    )

    assert changes(fallen) == [(on(3, 1), "ruby"), (NEXT_GRACE_OVER, "gold")]
    assert fallen.due == datetime(2030, 1, 30, 23, tzinfo=UTC)


def test_who_falls_by_balance_falls_to_what_the_points_are_good_for() -> None:
    program = read(("down: one_step", "down: by_balance"))
    this_year = holding(600, END_OF_2027)

    fallen = looked(
        program,
        (on(3, 1), holding(5000)),
        (END_OF_2026, this_year),
        (END_OF_2027, Wallet()),
        (NEXT_GRACE_OVER, Wallet()),
    )
    earning = looked(program, (on(3, 1), holding(5000)), (END_OF_2026, this_year), (on(6, 1, 2027), this_year))

    assert changes(fallen) == [(on(3, 1), "ruby"), (NEXT_GRACE_OVER, "silver")]
    assert earning.tier == "ruby"


def test_points_that_are_enough_again_make_it_last_longer() -> None:
    again = looked(
        read(),
        (on(3, 1), holding(500)),
        (END_OF_2026, Wallet()),
        (on(5, 1, 2027), holding(500, END_OF_2027)),
        (END_OF_2027, Wallet()),
        (NEXT_GRACE_OVER, Wallet()),
    )

    assert changes(again) == [(on(3, 1), "silver")]
    assert again.grants["silver"].until == datetime(2028, 12, 31, 23, tzinfo=UTC)


def test_a_refund_ends_a_tier_at_its_time_or_at_once_as_the_program_says() -> None:
    looks = ((on(3, 1), holding(500)), (on(3, 9), holding(499)))
    at_once = read(("refund: at_end", "refund: at_once"))

    assert changes(looked(read(), *looks)) == [(on(3, 1), "silver")]
    assert changes(looked(at_once, *looks)) == [(on(3, 1), "silver"), (on(3, 9), None)]


def test_a_refund_does_not_end_what_last_year_was_good_for() -> None:
    at_once = read(("refund: at_end", "refund: at_once"))

    standing = looked(
        at_once,
        (on(3, 1), holding(500)),
        (END_OF_2026, Wallet()),
        (on(5, 1, 2027), holding(500, END_OF_2027)),
        (on(5, 9, 2027), Wallet()),
    )

    assert changes(standing) == [(on(3, 1), "silver")]
    assert standing.grants["silver"].until == END_OF_2027


def test_points_that_are_over_are_no_refund() -> None:
    at_once = read(("refund: at_end", "refund: at_once"))

    assert looked(at_once, (on(3, 1), holding(500)), (END_OF_2026, Wallet())).tier == "silver"


def test_a_refund_of_two_levels_is_no_step() -> None:
    at_once = read(("refund: at_end", "refund: at_once"))

    assert looked(at_once, (on(3, 1), holding(5000)), (on(3, 9), holding(10))).tier is None


def test_row_39_perks_are_inherited_upward() -> None:
    tiers = read().tiers

    assert tiers
    assert [tiers.perks(rank) for rank in range(4)] == [
        (),
        ("free-shipping",),
        ("free-shipping", "early-access"),
        ("free-shipping", "early-access", "lounge"),
    ]


def test_progress_tells_the_next_tier_and_what_is_missing() -> None:
    tiers = read().tiers
    assert tiers

    first = rules.progress(tiers, holding(480), 0, on(3, 1))
    top = rules.progress(tiers, holding(6000), 3, on(3, 1))

    assert (first.tier, first.gap) == ("silver", 20)
    assert (top.tier, top.gap) == (None, 0)


def test_row_39_the_tier_of_a_past_moment_is_known() -> None:
    standing = looked(read(), (on(3, 1), holding(500)), (on(6, 1), holding(1500)))

    assert [standing.tier_at(it) for it in (on(2, 28), on(3, 1), on(5, 31), on(7, 1))] == [
        None,
        "silver",
        "silver",
        "gold",
    ]
