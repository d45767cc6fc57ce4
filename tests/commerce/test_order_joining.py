"""Whatever is told of an order, in any sequence and however often, it ends in the same state."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.commerce import totals
from hub.commerce.model import Contents, Order, OrderStatus, Refund, Stamp
from hub.commerce.totals import Contribution, Totals, Turnover
from hub.kit.money import Money

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA = UUID(int=1)
TIMES = st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours))
EMPTY = Order("shop", "A-1")


@st.composite
def facts(draw: st.DrawFn) -> list[Order]:
    """Some things that are told of one order, each under an event of its own."""
    return [_fact(draw, UUID(int=number)) for number in range(draw(st.integers(1, 6)))]


def _fact(draw: st.DrawFn, event_id: UUID) -> Order:
    at = draw(TIMES)
    stamp = Stamp(draw(st.integers(-1, 1)), at, event_id)
    contents = Contents(stamp, UUID(int=draw(st.integers(1, 2))), "EUR", draw(st.integers(0, 3)))
    currency, amount = draw(st.sampled_from([("EUR", 1), ("USD", 9), (None, None)]))
    refund = Refund(draw(st.sampled_from("RS")), stamp, at, currency, amount)
    kinds = [
        replace(EMPTY, contents=contents, completed_at=at),
        replace(EMPTY, contents=contents),
        replace(EMPTY, refunds={refund.refund_id: refund}),
        replace(EMPTY, cancelled_at=at),
        replace(EMPTY, ready_at=at),
        replace(EMPTY, picked_up_at=at),
        replace(EMPTY, delivered_at=at),
    ]
    return draw(st.sampled_from(kinds))


def joined(told: Sequence[Order]) -> Order:
    return reduce(Order.joined, told, EMPTY)


@given(facts(), st.randoms())
def test_the_newest_version_wins_whole_in_whatever_order_what_is_told_arrives_and_however_often(
    told: list[Order], chance: Random
) -> None:
    again = [*told, *told]
    chance.shuffle(again)

    assert joined(again) == joined(told)
    assert joined([joined(told[:2]), joined(told[2:])]) == joined(told)
    versions = [it.contents for it in told if it.contents]
    assert joined(told).contents == max(versions, key=lambda it: it.stamp, default=None)


@given(facts(), st.randoms())
def test_the_totals_after_every_step_are_those_of_the_order_as_it_then_is(told: list[Order], chance: Random) -> None:
    chance.shuffle(told)
    total, order = Totals(), EMPTY
    for fact in told:
        before, order = order, order.joined(fact)
        total = totals.moved(total, Contribution.of(before), Contribution.of(order))

        contribution = Contribution.of(order)
        turnover = Turnover(contribution.gross, contribution.refunded) if contribution else Turnover()
        assert total.count == (contribution is not None)
        assert total.by_currency.get("EUR", Turnover()) == turnover


def test_what_is_kept_of_an_order_is_what_was_paid_less_what_was_given_back() -> None:
    order = replace(EMPTY, contents=Contents(Stamp(-1, NOON, ADA), ADA, "EUR", 5000), completed_at=NOON)
    first = Refund("R-1", Stamp(-1, NOON, ADA), NOON, "EUR", 1000)
    foreign = Refund("R-2", Stamp(-1, NOON, ADA), NOON, "USD", 700)
    everything = Refund("R-3", Stamp(-1, NOON, ADA), NOON)

    assert (order.gross, order.refunded, order.net) == (Money(5000, "EUR"), Money(0, "EUR"), Money(5000, "EUR"))
    partly = replace(order, refunds={"R-1": first, "R-2": foreign})
    assert (partly.refunded, partly.net) == (Money(1000, "EUR"), Money(4000, "EUR"))
    wholly = replace(order, refunds={"R-1": first, "R-3": everything})
    assert (wholly.refunded, wholly.net) == (Money(5000, "EUR"), Money(0, "EUR"))
    unpriced = replace(EMPTY, refunds={"R-1": first})
    assert (unpriced.gross, unpriced.refunded, unpriced.net) == (None, None, None)


def test_a_cancelled_order_stays_cancelled_and_is_in_no_total() -> None:
    order = replace(EMPTY, contents=Contents(Stamp(5, NOON, ADA), ADA, "EUR", 5000), completed_at=NOON)

    assert Contribution.of(order) == Contribution(NOON, "EUR", 5000, 0)
    cancelled = replace(order, cancelled_at=NOON, ready_at=NOON, picked_up_at=NOON)
    assert cancelled.status is OrderStatus.CANCELLED
    assert Contribution.of(cancelled) is None
    assert totals.takes_back(Contribution.of(order), Contribution.of(cancelled))


def test_totals_of_profiles_that_are_one_person_add_up() -> None:
    ada = Totals(2, NOON, NOON + timedelta(days=1), {"EUR": Turnover(500, 100)})
    device = Totals(1, NOON - timedelta(days=1), NOON, {"EUR": Turnover(50, 0), "JPY": Turnover(900, 0)})

    assert totals.together([ada, Totals(), device]) == Totals(
        3, NOON - timedelta(days=1), NOON + timedelta(days=1), {"EUR": Turnover(550, 100), "JPY": Turnover(900, 0)}
    )
    assert Totals.of({totals.ROLLUP: ada.row}) == ada
    assert Totals.of({}) == Totals()
