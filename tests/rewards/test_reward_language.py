"""Rewards as they are written: read, or refused with every problem and its place."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.kit.money import Money
from hub.kit.problems import InvalidDefinition
from hub.rewards import language
from hub.rewards.model import Cost, Gives, RewardKind, RewardState
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope

SCOPE = scope.of(NOTHING_DEFINED, ["regulars"])
FIVE_OFF = """\
reward: five-off
kind: amount
gives: {amount: 5.00, currency: EUR}
labels: {en: 5 € off, de-AT: 5 € billiger}
description: For those who come often.
state: proposed
cost: {program: beans, wallet: points, points: 500}
when: segment("regulars") and profile.country = "AT"
stores: [S-1]
window: {from: 2026-03-01T00:00:00+01:00, until: 2026-04-01T00:00:00+02:00}
stock: 1000
per_member: 2
stacking: basket
lasts: 14d
"""


def test_a_reward_is_read_with_all_that_it_says() -> None:
    reward = language.read(FIVE_OFF, SCOPE)

    assert (reward.name, reward.kind, reward.state) == ("five-off", RewardKind.AMOUNT, RewardState.PROPOSED)
    assert reward.gives == Gives(amount=Money(500, "EUR"))
    assert reward.cost == Cost("beans", "points", 500)
    assert reward.audience
    assert reward.audience.written == 'segment("regulars") and profile.country = "AT"'
    assert (reward.since, reward.before) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    )
    assert (set(reward.stores), reward.stock, reward.per_member) == ({"S-1"}, 1000, 2)
    assert (reward.stacking, reward.lasts) == ("basket", timedelta(days=14))
    assert [reward.label_in(it) for it in ("de-AT", "en-GB", "fr")] == ["5 € billiger", "5 € off", "5 € off"]


def test_a_reward_needs_a_name_a_kind_and_a_label_and_is_then_a_live_gift_to_all() -> None:
    reward = language.read("{reward: thanks, kind: gesture, labels: {en: Thank you}}", SCOPE)

    assert (reward.state, reward.cost, reward.audience, reward.stock) == (RewardState.LIVE, None, None, None)
    assert reward.lasts == timedelta(days=30)


@pytest.mark.parametrize(
    ("kind", "gives", "read"),
    [
        ("amount", "{amount: '5.00', currency: eur}", Gives(amount=Money(500, "EUR"))),
        ("percent", "{percent: 20}", Gives(percent=20)),
        ("percent", "{percent: 100, most: 1000, currency: JPY}", Gives(percent=100, most=Money(1000, "JPY"))),
        ("free_product", "{skus: [A-1, A-2]}", Gives(skus=("A-1", "A-2"))),
        ("free_shipping", "{}", Gives()),
        ("free_shipping", "{most: 4.90, currency: EUR}", Gives(most=Money(490, "EUR"))),
        ("gift_balance", "{amount: 10, currency: EUR}", Gives(amount=Money(1000, "EUR"))),
        (
            "early_access",
            "{sales: [summer], opens: 2026-06-01T00:00:00Z}",
            Gives(sales=("summer",), opens=datetime(2026, 6, 1, tzinfo=UTC)),
        ),
        ("event", "{seats: 40, at: 2026-06-01T18:00:00Z}", Gives(seats=40, at=datetime(2026, 6, 1, 18, tzinfo=UTC))),
        ("experience", "{}", Gives()),
        (
            "donation",
            "{amount: 1, currency: EUR, to: The lifeboats}",
            Gives(amount=Money(100, "EUR"), to="The lifeboats"),
        ),
        ("gesture", "{}", Gives()),
    ],
)
def test_each_kind_gives_something_of_its_own(kind: str, gives: str, read: Gives) -> None:
    reward = language.read(f"{{reward: a, kind: {kind}, labels: {{en: A}}, gives: {gives}}}", SCOPE)

    assert reward.gives == read
    assert reward.stock == read.seats


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ("reward: A Reward", "bad_name"),
        ("kind: discount", "unknown_value"),
        ("state: dead", "unknown_value"),
        ("labels: {}", "missing_key"),
        ("labels: {english: A}", "bad_language"),
        ("labels: A", "wrong_type"),
        ("gives: {percent: 0}", "wrong_type"),
        ("gives: {percent: 101}", "wrong_type"),
        ("gives: {percent: 20, amount: 5}", "unknown_key"),
        ("gives: {}", "missing_key"),
        ("gives: {percent: 20, most: 5}", "missing_key"),
        ("gives: {percent: 20, most: 5, currency: BTC}", "bad_money"),
        ("gives: {percent: 20, most: 5.001, currency: EUR}", "bad_money"),
        ("gives: {percent: 20, most: 0, currency: EUR}", "bad_money"),
        ("cost: {program: beans}", "missing_key"),
        ("cost: {program: beans, points: 0}", "wrong_type"),
        ("cost: {program: beans, points: 1.5}", "wrong_type"),
        ("cost: {program: Beans!, points: 5}", "bad_name"),
        ('when: segment("irregulars")', "unknown_name"),
        ("when: profile.vip ==", "bad_condition"),
        ('when: "top(purchases.sum, 10%)"', "unknown_name"),
        ("window: {from: tomorrow}", "bad_time"),
        ('window: {from: "2026-03-02T00:00:00Z", until: "2026-03-01T00:00:00Z"}', "bad_window"),
        ("stores: []", "empty_list"),
        (f"stores: [{', '.join(['S'] * 201)}]", "bad_length"),
        ("stock: 0", "wrong_type"),
        ("per_member: true", "wrong_type"),
        ("stacking: All of them", "bad_name"),
        ("lasts: long", "bad_duration"),
        ("lasts: 2000d", "bad_duration"),
        ("price: 5", "unknown_key"),
    ],
)
def test_what_is_wrong_with_a_reward_is_told_by_its_code(rest: str, code: str) -> None:
    key = rest.partition(":")[0]
    kept = {"reward": "a", "kind": "percent", "labels": "{en: A}", "gives": "{percent: 20}"}
    source = ", ".join([*(f"{name}: {value}" for name, value in kept.items() if name != key), rest])

    with pytest.raises(InvalidDefinition) as refused:
        language.read(f"{{{source}}}", SCOPE)

    assert code in {it.code for it in refused.value.problems}


@pytest.mark.parametrize(
    ("document", "place", "code"),
    [
        ("reward: a\nkind: gesture\nlabels: {en: A}\ncost: {program: p, points: 5}\n", (4, 7), "unknown_key"),
        (
            "reward: a\nkind: event\nlabels: {en: A}\nstock: 4\ngives: {seats: 4, at: 2026-06-01T18:00:00Z}\n",
            (4, 8),
            "unknown_key",
        ),
        ("reward: a\nkind: amount\nlabels: {en: A}\n", (1, 1), "missing_key"),
        (
            "reward: a\nkind: early_access\nlabels: {en: A}\ngives: {opens: 2026-06-01T18:00:00Z}\n",
            (4, 8),
            "missing_key",
        ),
    ],
)
def test_what_does_not_belong_to_a_kind_is_refused_at_its_place(
    document: str, place: tuple[int, int], code: str
) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        language.read(document, SCOPE)

    assert [((it.line, it.column), it.code) for it in refused.value.problems] == [(place, code)]


def test_a_reward_that_comes_by_itself_costs_points() -> None:
    card = "{reward: a, kind: experience, labels: {en: A}, auto: true%s}"

    assert language.read(card % ", cost: {program: club, wallet: stamps, points: 9}", SCOPE).auto
    for source, code in ((card % "", "missing_key"), ((card % "").replace("true", "9"), "wrong_type")):
        with pytest.raises(InvalidDefinition) as refused:
            language.read(source, SCOPE)
        assert [it.code for it in refused.value.problems] == [code]
