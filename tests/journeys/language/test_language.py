import json
from datetime import timedelta
from pathlib import Path

import pytest

from hub.conditions.parser import parse
from hub.journeys import language
from hub.journeys.definition import Arm, Branch, Definition, End, Entry, Exit, Send, Wait
from hub.kit.problems import InvalidDefinition
from hub.profiles.model import Channel
from hub.rollups.catalogue import NOTHING_DEFINED
from hub.segments import scope

HERE = Path(__file__).parent
TEMPLATES = {"cart-reminder", "cart-last-call", "cart-pay-with-points"}
ENTER = "journey: a\nenter: {event: Checkout Started}\n"


def read(source: str) -> Definition:
    return language.read(source, templates=TEMPLATES, known=scope.of(NOTHING_DEFINED))


def problems_of(source: str) -> list[str]:
    with pytest.raises(InvalidDefinition) as refused:
        read(source)
    return [f"{problem.line}:{problem.column} {problem.code}" for problem in refused.value.problems]


def test_the_cart_journey_is_read_into_steps_that_name_what_follows() -> None:
    source = (HERE / "cart.journey.yaml").read_text(encoding="utf-8")

    cart = read(source)

    order_id = ("properties", "order_id")
    assert cart.name == "abandoned-cart"
    assert cart.entry == Entry("Checkout Started", order_id, parse("properties.value > 0"))
    assert cart.exits == (Exit("Order Completed", order_id),)
    assert cart.first == "0"
    assert cart.source == source
    assert list(cart.steps.values()) == [
        Wait("0", "1", timedelta(hours=1)),
        Send("1", "2", "cart-reminder", (Channel.PUSH, Channel.EMAIL, Channel.SMS)),
        Wait("2", "3", timedelta(days=1)),
        Branch(
            "3",
            "4",
            (
                Arm(parse("properties.value >= 100 and not exists(profile.vip)"), "3.0.0"),
                Arm(parse('profile.country in ["DE", "AT"] or profile.vip = true'), "3.1.0"),
                Arm(None, "3.2.0"),
            ),
        ),
        Send("3.0.0", "4", "cart-pay-with-points", (Channel.EMAIL, Channel.SMS)),
        Send("3.1.0", "3.1.1", "cart-last-call", (Channel.EMAIL,)),
        End("3.1.1"),
        End("3.2.0"),
        Wait("4", "5", timedelta(weeks=1)),
        Send("5", None, "cart-last-call", (Channel.EMAIL,)),
    ]
    assert all(step == known.id for step, known in cart.steps.items())


def test_json_is_read_as_yaml_is() -> None:
    document = {
        "journey": "a",
        "enter": {"event": "Checkout Started", "where": 'properties.coupon = "X"'},
        "steps": [{"wait": "1h30m"}, {"end": None}],
    }

    definition = read(json.dumps(document, indent="\t"))

    assert definition.entry == Entry("Checkout Started", None, parse('properties.coupon = "X"'))
    assert definition.steps == {"0": Wait("0", "1", timedelta(minutes=90)), "1": End("1")}


def test_the_last_step_of_an_arm_goes_on_behind_the_outermost_branch_it_ends() -> None:
    definition = read(
        ENTER
        + "steps:\n  - branch:\n      - if: profile.age > 1\n        then:\n          - branch:\n"
        + "              - if: profile.age > 2\n                then: [{wait: 1h}]\n  - wait: 2h\n"
    )

    assert definition.steps["0.0.0"] == Branch("0.0.0", "1", (Arm(parse("profile.age > 2"), "0.0.0.0.0"),))
    assert definition.steps["0.0.0.0.0"] == Wait("0.0.0.0.0", "1", timedelta(hours=1))


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("bad_yaml", "5:6: This is no YAML: did not find expected ',' or '}' while parsing a flow mapping"),
        ("unknown_key", "5:37: `chanels` is no key of `send`. Did you mean `channels`?"),
        ("unknown_step", "5:5: `sned` is no step. Did you mean `send`?"),
        ("unknown_template", "5:22: There is no template `cart-remainder`. Did you mean `cart-reminder`?"),
        ("wrong_type", '5:30: `properties.value` is a number, `"ten"` is text: `>` compares like with like.'),
        ("bad_duration", "4:11: `one hour` is no duration: write it like 30s, 15m, 1h30m, 2d or 1w."),
        ("unreachable_step", "8:5: No way leads to this step: all ways before it end."),
        ("unknown_channel", "7:24: `e-mail` is no channel. Did you mean `email`?"),
    ],
)
def test_each_fault_is_reported_with_line_column_and_reason(fault: str, problem: str) -> None:
    source = (HERE / "faults" / f"{fault}.journey.yaml").read_text(encoding="utf-8")

    with pytest.raises(InvalidDefinition) as refused:
        read(source)

    (found,) = refused.value.problems
    assert str(found).startswith(problem)
    assert found.code == fault


def test_every_file_of_a_fault_is_named_for_its_code() -> None:
    assert len(list((HERE / "faults").iterdir())) == 8


def test_all_faults_are_reported_at_once_in_the_order_of_the_document() -> None:
    source = """\
journey: Abandoned Cart
enter: {event: Checkout Started, key: order_id, where: "properties.value > \\"ten\\" and country = 'DE'"}
exits: []
steps:
  - wait: soon
  - send: {template: cart-remnder, channels: [emial, push, push]}
  - branch:
      - if: >
          profile.country
          = DE
        then: [end]
      - else: [end]
  - wait: 60
  - send: {template: cart-reminder}
    channels: [email]
"""

    assert problems_of(source) == [
        "1:10 bad_name",
        "2:39 unknown_name",
        "2:76 wrong_type",
        "2:88 unknown_name",
        "3:1 unknown_key",
        "5:11 bad_duration",
        "6:22 unknown_template",
        "6:47 unknown_channel",
        "6:60 duplicate_item",
        "10:13 bad_condition",
        "13:5 unreachable_step",
        "13:11 bad_duration",
        "15:5 unknown_key",
    ]


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("", ["1:1 bad_yaml"]),
        ("[]", ["1:1 wrong_type"]),
        ("journey: a", ["1:1 missing_key", "1:1 missing_key"]),
        ("journey: a\nenter: {}\nsteps: []", ["2:8 missing_key", "3:8 empty_list"]),
        ("journey: a\njourney: b", ["2:1 duplicate_key"]),
        ("journey: " + "a" * 65 + "\nenter: {event: E}\nsteps: [end]", ["1:10 bad_length"]),
        ("journey: a\nenter: {event: E, key: properties}\nsteps: [end]", ["2:24 unknown_name"]),
        ("journey: a\nenter: {event: E, key: profile.email}\nsteps: [end]", ["2:24 unknown_name"]),
        ("journey: a\nenter: {event: E, key: properties.a = 1}\nsteps: [end]", ["2:37 bad_condition"]),
        ("journey: a\nenter: {event: Cart Viewed, key: properties.products}\nsteps: [end]", ["2:34 wrong_type"]),
        (ENTER + "exit: {event: E}\nsteps: [end]", ["3:7 wrong_type"]),
        (ENTER + "exit: [{match: properties.a}]\nsteps: [end]", ["3:8 missing_key"]),
    ],
)
def test_the_frame_of_a_journey_is_checked(source: str, problems: list[str]) -> None:
    assert problems_of(source) == problems


@pytest.mark.parametrize(
    ("step", "problems"),
    [
        ("wait", ["4:3 unknown_step"]),
        ("finish", ["4:3 unknown_step"]),
        ("wait_for: {event: E}", ["4:3 unknown_step"]),
        ("[end]", ["4:3 wrong_type"]),
        ("{}", ["4:3 wrong_type"]),
        ("end: 3", ["4:8 wrong_type"]),
        ("end: {after: 3}", ["4:9 unknown_key"]),
        ("wait: {quiet: 1h}", ["4:9 wrong_type"]),
        ("wait: 0s", ["4:9 bad_duration"]),
        ("wait: 1826d", ["4:9 bad_duration"]),
        ("send: cart-reminder", ["4:9 wrong_type"]),
        ("send: {channels: [email]}", ["4:9 missing_key"]),
        ("send: {template: cart-reminder, channels: []}", ["4:45 empty_list"]),
        ("send: {template: cart-reminder, channels: email}", ["4:45 wrong_type"]),
        ("send: {template: cart-reminder, topic: '*', brand: A.b}", ["4:42 bad_name", "4:54 bad_name"]),
        ("send: {template: cart-reminder, priority: 101}", ["4:45 wrong_type"]),
        ("send: {template: cart-reminder, priority: high}", ["4:45 wrong_type"]),
        ("branch: []", ["4:11 empty_list"]),
        ("branch: [{else: [end]}]", ["4:12 missing_key"]),
        ("branch: [{if: profile.age > 3}]", ["4:12 missing_key"]),
        ("branch: [{if: profile.age > 3, then: []}]", ["4:40 empty_list"]),
        ("branch: [{if: profile.age > 3, then: [end], else: [end]}]", ["4:47 unknown_key"]),
        ("branch: [{if: profile.age > 3, then: [end]}, {else: [end]}, {else: [end]}]", ["4:63 unreachable_step"]),
        ("branch: [{if: true, then: [end]}]", ["4:17 wrong_type"]),
    ],
)
def test_every_step_is_checked(step: str, problems: list[str]) -> None:
    assert problems_of(f"{ENTER}steps:\n- {step}\n") == problems


def test_a_send_names_the_brand_and_topic_that_need_consent() -> None:
    definition = language.read_published(
        "{journey: j, enter: {event: E}, steps: [{send: {template: t, brand: north, topic: wine}}]}"
    )

    assert definition.steps == {"0": Send("0", None, "t", (Channel.EMAIL,), "north", "wine")}


def test_a_send_says_how_much_it_matters() -> None:
    definition = language.read_published(
        "{journey: j, enter: {event: E}, steps: [{send: {template: t, priority: 90}}, {send: {template: t}}]}"
    )
    first, second = definition.steps.values()

    assert isinstance(first, Send)
    assert isinstance(second, Send)
    assert (first.priority, second.priority) == (90, 50)


def test_only_the_first_step_that_cannot_be_reached_is_reported() -> None:
    assert problems_of(f"{ENTER}steps: [end, {{wait: 1h}}, {{wait: 2h}}]") == ["3:14 unreachable_step"]


def test_behind_a_branch_without_else_there_is_always_a_way() -> None:
    definition = read(f"{ENTER}steps: [{{branch: [{{if: profile.age > 3, then: [end]}}]}}, {{wait: 1h}}]")

    assert definition.steps["0"] == Branch("0", "1", (Arm(parse("profile.age > 3"), "0.0.0"),))


def test_a_wait_lasts_five_years_at_most() -> None:
    assert read(f"{ENTER}steps: [{{wait: 1825d}}]").steps["0"] == Wait("0", None, timedelta(days=1825))


def test_a_published_journey_is_read_though_its_template_and_the_known_types_have_changed() -> None:
    source = (
        'journey: a\nenter: {event: Checkout Started, key: properties.products, where: properties.value = "x"}\n'
        "steps: [{send: {template: gone}}]"
    )

    definition = language.read_published(source)

    assert definition.entry.where == parse('properties.value = "x"')
    assert definition.steps == {"0": Send("0", None, "gone", (Channel.EMAIL,))}
    assert len(problems_of(source)) == 3
