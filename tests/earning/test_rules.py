"""What an order earns, rule by rule, to the point; and why a rule gives nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from hub.commerce.model import Fulfilment, FulfilmentKind, SalesChannel
from hub.earning import rules
from hub.earning.model import Facts
from tests.earning.ordering import (
    ADA,
    BASE,
    FACTS,
    NET,
    NOON,
    PAID,
    award,
    back,
    line,
    order,
    points,
    program,
    refunded,
    whys,
)


@pytest.mark.parametrize(("rounding", "expected"), [("down", 23), ("nearest", 23), ("up", 24)])
def test_row_29_one_point_per_dollar_on_23_35_before_tax_is_rounded_as_the_rule_says(
    rounding: str, expected: int
) -> None:
    receipt = order(2528, line("A", 2335), tax=193)

    assert points(program(BASE.replace("down", rounding)), receipt) == expected
    assert points(program(BASE.replace("down", rounding).replace("tax: before", "tax: after")), receipt) in (25, 26)


def test_points_are_rounded_once_for_the_order_or_for_each_line() -> None:
    receipt = order(400, line("A", 150), line("B", 250))

    by_line = award(program(BASE.replace("by: order", "by: line")), receipt)
    assert points(program(BASE), receipt) == 4
    assert (by_line.points, by_line.given[0].lines) == ({"points": 3}, {0: 1, 1: 2})


def test_a_rule_may_count_only_some_lines_by_amount_or_by_piece() -> None:
    receipt = order(
        2400,
        line("A", 500, "2", category="Beans"),
        line("B", 1400, category="Cups"),
        line("C", 1, "0.250", category="Beans"),
    )
    lines = "lines: 'product.category = \"Beans\"'"

    assert points(program(f"{BASE}, {lines}"), receipt) == 10
    assert points(program(f"unit: {{points: 5}}, {lines}"), receipt) == 15
    assert points(program("unit: {points: 5}"), receipt) == 20


def test_a_piece_that_is_free_by_its_price_or_its_discount_counts_as_none() -> None:
    paid, given, discounted = line("A", 300, "2"), line("A", 0), line("A", 300, "2", discount=600)

    assert points(program("unit: {points: 1}"), order(600, paid, given, discounted)) == 2


def test_every_fifth_order_gives_points_once() -> None:
    of = program("order: {every: 5, points: 50}")

    assert [points(of, order(100), replace(FACTS, number=it)) for it in (4, 5, 6, 10)] == [0, 50, 0, 50]
    assert whys(of, order(100), replace(FACTS, number=4)) == ["not_its_turn"]
    assert points(of, refunded(order(100), 99), replace(FACTS, number=5)) == 50
    assert points(of, refunded(order(100), 100), replace(FACTS, number=5)) == 0


def test_row_37_a_basket_of_149_99_earns_once_and_one_of_150_00_twice_until_a_refund_brings_it_below() -> None:
    of = program(BASE, multipliers=[f"times: 2, from: {{amount: 150.00, {PAID}}}"])

    assert points(of, order(14_999, line("A", 14_999))) == 149
    assert points(of, order(15_000, line("A", 15_000))) == 300
    assert award(of, order(14_999)).unheld == {"m0": "below_threshold"}
    assert points(of, refunded(order(15_000, line("A", 15_000)), 1)) == 149


def test_row_37_the_basis_of_a_threshold_is_the_one_it_names() -> None:
    receipt = order(15_000, line("A", 15_000, discount=1_000), tax=1_000)
    with_tax, net = (program(BASE, multipliers=[f"times: 2, from: {{amount: 145.00, {it}}}"]) for it in (PAID, NET))

    assert points(with_tax, receipt) == 280
    assert points(net, receipt) == 140


def test_row_54_who_pays_with_the_card_of_the_store_earns_more() -> None:
    of = program(BASE, multipliers=["times: 1.5, where: 'properties.payment_kind = \"store_card\"'"])

    assert points(of, order(1_010, payment_kind="store_card")) == 15
    assert points(of, order(1_010, payment_kind="visa")) == 10
    assert points(of, order(1_010)) == 10


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ('order.weekday = "saturday"', 10),
        ('order.weekday = "sunday"', 0),
        ("order.hour = 12", 10),  # in the zone of the program
        ("order.hour < 12", 0),
        ("order.units >= 3", 10),
        ("order.units > 3", 0),
        ("order.number = 2", 10),
        ('member.tier = "gold"', 10),
        ('properties.channel = "pos"', 10),
        ('properties.channel = "app"', 0),
        ('properties.store_id in ["S-1", "S-2"]', 10),
        ('any(product.category = "Beans")', 10),
        ('any(product.category = "Cups")', 0),
        ('not (properties.coupon = "SPRING") and order.hour = 12', 10),
    ],
)
def test_a_condition_asks_for_the_order_and_when_it_was_made(where: str, expected: int) -> None:
    receipt = order(
        1_000, line("A", 500, "2", category="Beans"), line("B", 0), channel=SalesChannel.POS, store_id="S-1"
    )
    of = program(f"{BASE}, where: '{where}'")

    assert points(of, receipt, replace(FACTS, number=2, tier="gold")) == expected


@pytest.mark.parametrize(
    ("behaviour", "whys_"),
    [
        (f"from: {{amount: 30.00, {PAID}}}", ["below_threshold", None, None]),
        ("where: order.units >= 3", ["not_matching", None, "not_matching"]),
        ("where: order.number = 2", ["not_matching", "not_matching", None]),
        ("where: 'any(product.category = \"Beans\")'", [None, "not_matching", None]),
    ],
)
def test_row_46_a_rule_can_require_basket_value_item_count_order_count_and_category_and_always_a_purchase(
    behaviour: str, whys_: list[str | None]
) -> None:
    of = program(f"{BASE}, {behaviour}")
    small = order(2_999, line("A", 2_999, category="Beans"))
    many = order(3_000, line("B", 1_000, "3", category="Cups"))
    second = order(3_000, line("A", 3_000, category="Beans"))

    found = [whys(of, small)[0], whys(of, many)[0], whys(of, second, replace(FACTS, number=2))[0]]

    assert found == whys_
    assert whys(of, replace(many, completed_at=None)) == ["not_completed"]


def test_row_46_a_refund_that_brings_the_basket_below_what_a_rule_requires_takes_all_of_its_points() -> None:
    of = program(f"{BASE}, from: {{amount: 30.00, {PAID}}}")

    assert points(of, order(3_000)) == 30
    assert points(of, refunded(order(3_000), 1)) == 0


def test_what_was_true_of_the_customer_then_is_what_counts() -> None:
    of = program(f"{BASE}, where: 'profile.vip = true and segment(\"regulars\")'")

    assert len(of.listed) == 2
    assert points(of, order(1_000), replace(FACTS, held=frozenset({0, 1}))) == 10
    assert points(of, order(1_000), replace(FACTS, held=frozenset({0}))) == 0
    assert Facts.of(replace(FACTS, number=3, tier="gold", held=frozenset({1})).row) == Facts(
        ADA, 3, "gold", frozenset({1})
    )


def test_of_several_rules_all_add_up_or_the_best_counts() -> None:
    twice = (BASE, BASE.replace("points: 1", "points: 2"), BASE)

    assert points(program(*twice), order(1_000)) == 40
    best = program(*twice, more="combine: {rules: best}")
    assert points(best, order(1_000)) == 20
    assert whys(best, order(1_000)) == ["lower", None, "lower"]


def test_of_several_multipliers_the_best_counts_or_what_they_add_is_added_up() -> None:
    both = ["times: 2, where: order.hour = 12", "times: 3, where: order.hour = 12"]

    best, added = program(BASE, multipliers=both), program(BASE, multipliers=both, more="combine: {multipliers: sum}")
    assert points(best, order(1_000)) == 30
    assert award(best, order(1_000)).given[0].multipliers == ("m1",)
    assert points(added, order(1_000)) == 40
    assert award(added, order(1_000)).given[0].multipliers == ("m0", "m1")


def test_points_are_multiplied_before_they_are_rounded() -> None:
    of = program(BASE, multipliers=["times: 2, where: order.hour = 12"])

    assert points(of, order(1_050)) == 21


def test_row_48_two_wallets_of_a_program_get_their_own_points_of_the_same_order() -> None:
    written = program(BASE, BASE.replace("points: 1", "points: 3"), wallets=("points", "status"))
    status = replace(written.program.rules["r1"], wallet="status")
    of = type(written)(replace(written.program, rules={**written.program.rules, "r1": status}))

    assert award(of, order(1_000)).points == {"points": 10, "status": 30}


def test_row_14_an_order_to_be_picked_up_earns_when_it_is_picked_up() -> None:
    of = program(BASE)
    ordered = order(1_000, fulfilment=Fulfilment(FulfilmentKind.CURBSIDE, "S-1"))
    fetched = replace(ordered, picked_up_at=NOON + timedelta(hours=5))

    assert (points(of, ordered), whys(of, ordered)) == (0, ["before_pickup"])
    assert points(of, replace(ordered, ready_at=NOON)) == 0
    assert points(of, fetched) == 10
    assert rules.earned_since(fetched) == NOON + timedelta(hours=5)


def test_row_16_where_goods_are_sent_from_changes_nothing_in_points() -> None:
    of = program(BASE)
    sent = order(1_000, fulfilment=Fulfilment(FulfilmentKind.SHIP_FROM_STORE, "S-7"))

    assert points(of, sent) == points(of, order(1_000)) == 10


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cancelled_at": NOON}, "cancelled"),
        ({"completed_at": None}, "not_completed"),
        ({"contents": None}, "not_completed"),
    ],
)
def test_what_is_not_bought_earns_nothing(change: dict[str, object], why: str) -> None:
    of = program(BASE)
    it = replace(order(1_000), **change)  # type: ignore[arg-type]

    assert (points(of, it), whys(of, it)) == (0, [why])


def test_an_order_in_another_currency_earns_nothing() -> None:
    assert whys(program(BASE), order(1_000, currency="USD")) == ["another_currency"]


def test_row_101_a_sample_is_always_the_same_members_and_those_still_when_it_grows() -> None:
    members = [UUID(int=it << 64) for it in range(1_000)]

    def drawn(share: str) -> set[UUID]:
        return {it for it in members if rules.is_sampled("club", "r0", it, Decimal(share))}

    ten, twenty, everybody = drawn("10"), drawn("20"), drawn("100")
    assert 70 < len(ten) < 130
    assert ten < twenty < everybody == set(members)
    assert drawn("10") == ten
    of = program(f"{BASE}, sample: 10")
    inside, outside = next(iter(ten)), next(iter(everybody - ten))
    assert points(of, order(1_000), Facts(inside)) == 10
    assert whys(of, order(1_000), Facts(outside)) == ["not_sampled"]


def test_a_capped_rule_gives_no_more_than_there_is_room_for() -> None:
    of = program(BASE, "unit: {points: 5}")

    found = award(of, order(1_000, line("A", 1_000)), rooms={"r0": 4})

    assert found.points == {"points": 9}
    assert [(it.points, it.uncapped, it.why) for it in found.given] == [(4, 10, "capped"), (5, 5, None)]


def test_row_36_ten_refunds_of_a_tenth_leave_what_one_of_all_leaves() -> None:
    of = program(BASE, multipliers=[f"times: 2, from: {{amount: 20.00, {PAID}}}"])
    receipt = order(2_335, line("A", 2_335))
    left = [points(of, refunded(receipt, *([233] * times))) for times in range(11)]

    assert left == sorted(left, reverse=True)
    assert left[:3] == [46, 42, 18]
    assert points(of, refunded(receipt, *([233] * 10), 5)) == points(of, refunded(receipt, 2_335)) == 0


def test_row_36_a_line_that_comes_back_takes_its_own_points_and_no_others() -> None:
    of = program(f"{BASE}, lines: 'product.category = \"Beans\"'")
    receipt = order(3_000, line("A", 500, "2", category="Beans"), line("B", 2_000, category="Cups"))

    assert points(of, refunded(receipt, None, lines=[back("B")])) == 10
    assert points(of, refunded(receipt, None, lines=[back("A")])) == 5


def test_the_hours_of_a_program_are_those_of_its_zone_also_in_summer() -> None:
    of = program(f"{BASE}, where: order.hour = 0")

    assert points(of, order(1_000, at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))) == 10
    assert points(of, order(1_000, at=datetime(2026, 12, 1, 22, 30, tzinfo=UTC))) == 0
