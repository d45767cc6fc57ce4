"""The policy is a document: every problem is named with its place."""

from datetime import timedelta

import pytest

from hub.contact import language
from hub.contact.model import Cap, Obstacle, Period, Policy, Quiet, Reach, Then
from hub.kit.local_time import Hours, Weekday
from hub.kit.problems import InvalidDefinition
from hub.profiles.model import Channel

WHOLE = """\
policy: contact
zone: Europe/Berlin
caps:
  - {most: 2, per: 24h}
  - {most: 3, per: week, channels: [email], brands: [acme], topics: [newsletter]}
quiet_hours:
  - {from: "21:00", to: 08:00, channels: [push, sms]}
  - {from: "00:00", to: "24:00", days: [sunday]}
refused: {capped: defer, quiet_hours: next}
deferral: {at_most: 2d, spread: 5m}
"""


def problems_of(source: str) -> list[str]:
    with pytest.raises(InvalidDefinition) as refused:
        language.read(source)
    return [f"{it.line}:{it.column} {it.code}" for it in refused.value.problems]


def test_a_policy_is_read() -> None:
    newsletters = Reach(frozenset({Channel.EMAIL}), frozenset({"acme"}), frozenset({"newsletter"}))

    assert language.read(WHOLE) == Policy(
        zone="Europe/Berlin",
        caps=(Cap(2, timedelta(days=1)), Cap(3, Period.WEEK, newsletters)),
        quiet=(
            Quiet(Hours(21 * 60, 8 * 60), of=Reach(channels=frozenset({Channel.PUSH, Channel.SMS}))),
            Quiet(Hours(0, 24 * 60), frozenset({Weekday.SUNDAY})),
        ),
        then={Obstacle.CAPPED: Then.DEFER, Obstacle.QUIET_HOURS: Then.NEXT, Obstacle.OPEN_CASE: Then.DEFER},
        longest=timedelta(days=2),
        spread=timedelta(minutes=5),
    )


def test_what_a_policy_does_not_say_is_usual() -> None:
    assert language.read("policy: contact") == Policy()


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("[]", ["1:1 wrong_type"]),
        ("{}", ["1:1 missing_key"]),
        ("policy: other", ["1:9 bad_name"]),
        ("policy: contact\nzone: Berlin", ["2:7 bad_zone"]),
        ("policy: contact\ncap: []", ["2:1 unknown_key"]),
        ("policy: contact\ncaps: []", ["2:7 empty_list"]),
        ("policy: contact\ncaps: [{most: 2}]", ["2:8 missing_key"]),
        ("policy: contact\ncaps: [{most: two, per: 1d}]", ["2:15 wrong_type"]),
        ("policy: contact\ncaps: [{most: 0, per: 1d}]", ["2:15 wrong_type"]),
        ("policy: contact\ncaps: [{most: 1, per: weak}]", ["2:23 bad_duration"]),
        ("policy: contact\ncaps: [{most: 1, per: 100d}]", ["2:23 bad_duration"]),
        ("policy: contact\ncaps: [{most: 1, per: 1d, channels: [fax]}]", ["2:38 unknown_value"]),
        ("policy: contact\ncaps: [{most: 1, per: 1d, topics: [Not So]}]", ["2:36 bad_name"]),
        ("policy: contact\nquiet_hours: [{from: 9, to: 10:00}]", ["2:22 wrong_type"]),
        ("policy: contact\nquiet_hours: [{from: 25:00, to: 10:00}]", ["2:22 bad_hours"]),
        ("policy: contact\nquiet_hours: [{from: 10:00, to: 10:00}]", ["2:33 bad_hours"]),
        ("policy: contact\nquiet_hours: [{from: 10:00, to: 11:00, days: [sonntag]}]", ["2:47 unknown_value"]),
        ("policy: contact\nrefused: {capped: later}", ["2:19 unknown_value"]),
        ("policy: contact\nrefused: {quiet: skip}", ["2:11 unknown_key"]),
        ("policy: contact\ndeferral: {at_most: 31d}", ["2:21 bad_duration"]),
        ("policy: contact\ndeferral: {spread: none}", ["2:20 bad_duration"]),
    ],
)
def test_every_problem_has_its_place_and_its_code(source: str, problems: list[str]) -> None:
    assert problems_of(source) == problems


def test_a_word_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        language.read("policy: contact\ncaps: [{most: 1, per: weeks}]")

    assert refused.value.problems[0].message == (
        "`weeks` is no duration: write it like 30s, 15m, 1h30m, 2d or 1w. Did you mean `week`?"
    )
