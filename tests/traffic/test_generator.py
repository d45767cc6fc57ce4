import ast
import sys
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.traffic import day, generator
from tests.traffic.day import SECOND_WAIT, WAIT, Line, Phase

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return generator.make(customers=1000, seed=7)


def first_copies(lines: list[Line]) -> list[Line]:
    firsts: dict[str, Line] = {}
    for line in lines:
        firsts.setdefault(line.message["messageId"], line)
    return list(firsts.values())


def at(line: Line) -> datetime:
    return datetime.fromisoformat(line.message["timestamp"])


def customer_of(line: Line) -> str:
    return line.message["messageId"].rpartition("-")[0]


def test_the_same_seed_gives_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        day.write(tmp_path / name, generator.make(customers=50, seed=seed))

    assert (tmp_path / "one").read_bytes() == (tmp_path / "same").read_bytes()
    assert (tmp_path / "one").read_bytes() != (tmp_path / "other").read_bytes()
    assert list(day.read(tmp_path / "one")) == generator.make(customers=50, seed=7)


def test_two_days_share_no_message_no_order_and_no_address() -> None:
    one, other = (str(generator.make(customers=20, seed=seed)) for seed in (7, 8))

    assert "day7-0001" in one
    assert "day7-" not in other


def test_a_day_of_a_thousand_customers_has_its_share_of_each_kind(lines: list[Line]) -> None:
    kinds = Counter({customer_of(line): line.kind for line in lines}.values())

    assert kinds == {
        "browses": 40,
        "buys_at_once": 210,
        "leaves": 170,
        "leaves_no_address": 30,
        "comes_back": 130,
        "buys_when_reminded": 100,
        "buys_at_last": 20,
        "leaves_unknown": 20,
        "signs_in": 60,
        "signs_in_and_buys": 40,
        "signs_in_late": 30,
        "signs_in_too_late": 20,
        "opens_two_checkouts": 50,
        "checks_out_again": 30,
        "orders_a_sample": 20,
        "becomes_vip": 30,
    }


def test_a_smaller_day_keeps_the_shares() -> None:
    kinds = Counter({customer_of(line): line.kind for line in generator.make(customers=100, seed=7)}.values())

    assert kinds["buys_at_once"] == 21
    assert kinds["leaves"] == 17
    assert kinds["orders_a_sample"] == 2


def test_every_twentieth_event_is_sent_twice_and_no_other(lines: list[Line]) -> None:
    events = first_copies(lines)
    times = Counter(line.message["messageId"] for line in lines)

    twice = [place for place, line in enumerate(events) if times[line.message["messageId"]] == 2]
    assert len(twice) == len(events) // 20
    assert len(lines) == len(events) + len(twice)
    assert set(times.values()) == {1, 2}


def test_a_copy_is_the_same_message_letter_by_letter(lines: list[Line]) -> None:
    messages = {line.message["messageId"]: line.message for line in lines}

    assert all(line.message == messages[line.message["messageId"]] for line in lines)


def test_copies_come_at_once_and_after_the_reminder(lines: list[Line]) -> None:
    phases: dict[str, list[Phase]] = {}
    for line in lines:
        phases.setdefault(line.message["messageId"], []).append(line.phase)
    copies = Counter(tuple(pair) for pair in phases.values() if len(pair) == 2)

    assert copies[Phase.CHECKOUT, Phase.REMINDED] > 10
    assert copies[Phase.CHECKOUT, Phase.CHECKOUT] > 10
    assert all(list(Phase).index(first) <= list(Phase).index(again) for first, again in copies)


def test_events_stand_in_order_of_time(lines: list[Line]) -> None:
    assert all(at(one) <= at(next_) for one, next_ in pairwise(first_copies(lines)))


def test_a_customers_phases_follow_each_other(lines: list[Line]) -> None:
    seen: dict[str, Phase] = {}
    for line in lines:
        before = seen.get(customer_of(line), Phase.BROWSE)
        assert list(Phase).index(before) <= list(Phase).index(line.phase)
        seen[customer_of(line)] = line.phase


def test_no_event_comes_nearer_than_ten_minutes_to_the_end_of_a_wait(lines: list[Line]) -> None:
    events: dict[str, list[Line]] = {}
    for line in first_copies(lines):
        events.setdefault(customer_of(line), []).append(line)

    for customer in events.values():
        for start in (line for line in customer if line.phase is Phase.CHECKOUT):
            ends = (at(start) + WAIT, at(start) + WAIT + SECOND_WAIT)
            assert all(abs(end - at(line)) >= timedelta(minutes=10) for end in ends for line in customer)


@pytest.mark.parametrize("name", ["day", "people", "visit", "generator", "oracle"])
def test_the_traffic_knows_nothing_of_the_hub(name: str) -> None:
    tree = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {module for module in imported if module.split(".")[0] not in sys.stdlib_module_names} <= {
        "tests.traffic",
        "tests.traffic.day",
        "tests.traffic.people",
        "tests.traffic.visit",
    }
