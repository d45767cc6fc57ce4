"""The document of a program: what is read of it, and every problem with its place."""

from decimal import Decimal

import pytest

from hub.conditions.kinds import ANY_SEGMENT, SEGMENT, Scope
from hub.kit.problems import InvalidDefinition
from hub.programs import language
from hub.programs.cost import Cost
from hub.programs.expiry import AfterDays, Idle, WithPeriod
from hub.programs.model import Basis, By, Combine, Negative, PerAmount, PerVisit, Rounding, Threshold, WalletKind
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope
from tests.programs.written import FINCH

KNOWN: Scope = {**scope.of(NOTHING_DEFINED), SEGMENT: ANY_SEGMENT}
NET = Basis(with_tax=False, less_discount=True, with_shipping=False)


def problems(source: str) -> list[tuple[int, int, str]]:
    with pytest.raises(InvalidDefinition) as refused:
        language.read(source, KNOWN)
    return [(it.line, it.column, it.code) for it in refused.value.problems]


def test_a_program_is_read_with_its_wallets_rules_and_multipliers() -> None:
    program = language.read(FINCH, KNOWN)

    points, status = program.wallets.values()
    assert (program.name, program.zone.key, program.currency, program.brand) == (
        "finch-club",
        "Europe/Berlin",
        "EUR",
        "default",
    )
    assert (points.kind, points.expiry, points.pending_days) == (WalletKind.SPENDABLE, AfterDays(365), 14)
    assert points.negative is Negative.WITHIN_BALANCE
    assert (status.kind, status.pending_days) == (WalletKind.QUALIFYING, 0)
    assert program.rules["base"].gives == PerAmount(100, 1, NET, Rounding.DOWN, By.ORDER)
    assert program.rules["visit"].gives == PerVisit(10)
    double = program.multipliers["big-basket"]
    assert (double.times, double.of) == (Decimal(2), frozenset({"base"}))
    assert double.threshold == Threshold(15_000, Basis(with_tax=True, less_discount=True, with_shipping=False))
    assert (program.rules_combine, program.multipliers_combine, program.imports) == (Combine.SUM, Combine.BEST, False)


@pytest.mark.parametrize(
    ("written", "expiry"),
    [
        ("never", None),
        ("{after: 30d}", AfterDays(30)),
        ("{end_of: quarter}", WithPeriod("quarter", 0)),  # type: ignore[arg-type]
        ("{end_of: year, later: 1}", WithPeriod("year", 1)),  # type: ignore[arg-type]
        ("{idle: 365d, unless: [Order Completed]}", Idle(365, ("Order Completed",))),
    ],
)
def test_points_expire_never_or_by_one_of_three_ways(written: str, expiry: object) -> None:
    program = language.read(FINCH.replace("{after: 365d}", written), KNOWN)

    assert program.wallets["points"].expiry == expiry


def test_all_problems_are_told_at_once_each_at_its_place() -> None:
    source = (
        FINCH.replace("zone: Europe/Berlin", "zone: Mars")
        .replace("kind: spendable", "kind: spendabel")
        .replace("wallet: status\n    per", "wallet: statsu\n    per")
        .replace("round: down, by: order}\n  - rule", "round: off, by: order}\n  - rule")
        .replace("times: 2", "times: 0.5")
        .replace("amount: 150.00", "amount: 150.005")
    )

    assert problems(source) == [
        (3, 7, "unknown_value"),
        (7, 11, "unknown_value"),
        (20, 91, "unknown_value"),
        (22, 13, "unknown_name"),
        (27, 12, "wrong_type"),
        (29, 20, "bad_amount"),
    ]


def test_a_section_that_nobody_knows_is_refused() -> None:
    assert problems(FINCH + "perks: []\n") == [(30, 1, "unknown_key")]


def test_an_amount_per_point_says_everything_about_its_basis() -> None:
    said = "{amount: 1.00, points: 1, round: down, by: order}"
    source = FINCH.replace(
        "{amount: 1.00, points: 1, tax: before, discount: after, shipping: before, round: down, by: order}", said, 1
    )

    assert problems(source) == [(20, 10, "missing_key")] * 3


def test_a_rule_counts_exactly_one_thing() -> None:
    both = "visit: {points: 10}, order: {every: 5, points: 1}}"
    assert problems(FINCH.replace("visit: {points: 10}}", both)) == [(24, 5, "missing_key")]


def test_a_condition_may_ask_for_order_member_customer_and_when() -> None:
    rule = """order.weekday = "saturday" and order.hour >= 9 and member.tier = "gold" and segment("vips")
      and properties.channel = "app" and profile.country = "DE" and any(product.category = "Beans")"""
    source = FINCH.replace(
        "of: [base]", f"where: >-\n      {rule}\n    texts: {{en: double points, de: doppelte Punkte}}"
    )

    assert language.read(source, KNOWN).multipliers["big-basket"].where is not None


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ('order.weekday = "caturday"', "wrong_type"),
        ("properties.chanel = 1", "unknown_name"),
        ("cart.total > 1", "unknown_name"),
        ("any(product.category = 3)", "wrong_type"),
        ("did(Order Completed) > 1", "bad_condition"),
    ],
)
def test_a_condition_that_asks_for_what_is_not_there_is_refused(condition: str, code: str) -> None:
    where = f"of: [base]\n    where: '{condition}'\n    texts: {{en: double points, de: doppelte Punkte}}"
    assert [it for _, _, it in problems(FINCH.replace("of: [base]", where))] == [code]


@pytest.mark.parametrize(
    ("event", "asks", "code"),
    [
        ("Review Approved", "where: properties.stars >= 4", "asks_for_stars"),
        ("Review Received", "where: properties.photos > 0 and not properties.stars < 4", "asks_for_stars"),
        ("Product Reviewed", "where: exists(properties.rating)", "asks_for_stars"),
        ("Review Approved", "where: {any: [properties.photos > 0, properties.stars = 5]}", "asks_for_stars"),
        ("Review Approved", "where: properties.photos > 0", None),
        ("Hotel Rated", "where: properties.stars >= 4", None),
    ],
)
def test_no_rule_for_a_review_can_ask_for_its_stars(event: str, asks: str, code: str | None) -> None:
    rule = f"  - rule: review\n    wallet: points\n    event: {{name: {event}, points: 25}}\n    {asks}\n"
    said = rule + "    texts: {en: 25 points for a review, de: 25 Punkte für eine Bewertung}\n"
    source = FINCH.replace("multipliers:", f"{said}multipliers:")

    assert [it for _, _, it in problems(source)] == [code] if code else language.read(source, KNOWN).rules["review"]


def test_no_rule_for_a_review_earns_once_for_each_number_of_stars() -> None:
    rule = "{rule: review, wallet: points, event: {name: Review Approved, points: 25, once_by: properties.stars}"
    source = FINCH.replace("multipliers:", f"  - {rule}, texts: {{en: points, de: Punkte}}}}\nmultipliers:")

    assert [it for _, _, it in problems(source)] == ["asks_for_stars"]


def test_row_25_a_rule_that_cannot_be_worded_brings_its_words_or_is_refused() -> None:
    source = FINCH.replace("of: [base]", 'where: properties.channel = "app"')

    assert problems(source) == [(26, 5, "cannot_be_said")]
    one = source.replace("    times: 2\n", "    times: 2\n    texts: {en: double points in the app}\n")
    assert [it for _, _, it in problems(one)] == ["cannot_be_said"]
    assert language.read(one.replace("in the app}", "in the app, de: in der App doppelte Punkte}"), KNOWN)


def test_row_25_a_program_that_takes_more_than_two_sentences_is_refused() -> None:
    rules = "".join(
        f"  - {{rule: visit-{it}, wallet: points, visit: {{points: {it}}}, texts: {{en: {'x' * 60}, de: y}}}}\n"
        for it in range(1, 8)
    )

    assert problems(FINCH.replace("multipliers:", f"{rules}multipliers:")) == [(1, 1, "cannot_be_said")]
    sentence = FINCH.replace("en: points, de: Punkte", "en: points. More text, de: Punkte")
    assert [it for _, _, it in problems(sentence)] == ["bad_text"]


def test_a_visit_or_event_has_no_amount_that_it_could_begin_from() -> None:
    least = "from: {amount: 5.00, tax: after, discount: after, shipping: before}, texts: {en: x, de: y}}"
    source = FINCH.replace("visit: {points: 10}}", f"visit: {{points: 10}}, {least}")

    assert [it for _, _, it in problems(source)] == ["unknown_key"]


def test_two_of_a_name_are_refused() -> None:
    assert problems(FINCH.replace("rule: visit", "rule: base")) == [(24, 5, "duplicate_name")]


def test_a_wallet_says_what_its_points_cost_and_how_many_are_never_spent() -> None:
    costs = [
        language.read(FINCH.replace("    pending: 14d", f"    cost: {written}"), KNOWN).wallets["points"].cost
        for written in ("{points: 100, amount: 0.80, breakage: 12.5}", "{points: 1, amount: 2}")
    ]

    assert costs == [Cost(100, 80, Decimal("12.5")), Cost(1, 200, Decimal(0))]
    assert language.read(FINCH, KNOWN).wallets["points"].cost is None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{points: 100}", "missing_key"),
        ("{points: 0, amount: 1}", "wrong_type"),
        ("{points: 100, amount: 0.801}", "bad_amount"),
        ("{points: 100, amount: -1}", "bad_amount"),
        ("{points: 100, amount: 1, breakage: 100.01}", "wrong_type"),
        ("{points: 100, amount: 1, breakage: -1}", "wrong_type"),
        ("0.01", "wrong_type"),
    ],
)
def test_what_points_cannot_cost_is_refused(written: str, code: str) -> None:
    assert [it for _, _, it in problems(FINCH.replace("    pending: 14d", f"    cost: {written}"))] == [code]


def test_what_only_counts_for_a_tier_costs_nothing() -> None:
    source = FINCH.replace(
        "    expires: {end_of: year}", "    expires: {end_of: year}\n    cost: {points: 1, amount: 1}"
    )

    assert [code for _, _, code in problems(source)] == ["unknown_key"]
