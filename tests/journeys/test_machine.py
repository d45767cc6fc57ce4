from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.journeys import language, machine
from hub.journeys.definition import Definition
from hub.journeys.machine import Facts
from hub.journeys.model import Input, ReleaseGuard, Run, SendMessage, Status, Version
from hub.profiles.model import Channel
from tests.journeys.stage import CART, DAY, HOUR, NOON, checkout, did, event

DEFINITION = language.read_published(CART)
CART_1 = Version("cart", 1)
ADA = UUID(int=7)
GERMAN = Facts({"country": "DE"}, {"order_id": "A-1", "value": 50})
FOREIGN = Facts({"country": "FR"}, {"order_id": "A-1", "value": 50})


def entered(definition: Definition = DEFINITION, order: str = "A-1") -> Run:
    return machine.enter(definition, CART_1, checkout(ADA, order), now=NOON)


def performed(run: Run) -> Run:
    return replace(run, intents=())


def advanced(run: Run, now: datetime, facts: Facts = GERMAN, definition: Definition = DEFINITION) -> Run:
    return machine.advance(definition, run, facts, now=now)


def journey(steps: str) -> Definition:
    return language.read_published(f"{{journey: cart, enter: {{event: Checkout Started}}, steps: {steps}}}")


@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        ("Checkout Started", {"value": 1}, True),
        ("Checkout Started", {"value": 0}, False),
        ("Checkout Started", {}, False),
        ("Order Completed", {"value": 1}, False),
    ],
)
def test_an_event_of_the_right_name_is_admitted_where_the_condition_holds(
    name: str, properties: dict[str, Any], *, expected: bool
) -> None:
    assert machine.admits(DEFINITION, event(name, ADA), Facts({}, properties), now=NOON) is expected


def test_a_new_run_waits_at_the_first_step_and_remembers_what_its_exits_match() -> None:
    run = entered()

    assert (run.status, run.step, run.due, run.visits, run.key) == (Status.WAITING, "0", None, 0, "A-1")
    assert run.matches == ("A-1",)
    assert run.intents == ()


def test_the_same_entering_event_makes_the_same_run_and_another_event_another_run_behind_the_same_guard() -> None:
    start = checkout(ADA)
    once, again = (machine.enter(DEFINITION, CART_1, start, now=NOON + HOUR * hours) for hours in (0, 1))
    other = entered()

    assert once.id == again.id != other.id
    assert once.guard_id == again.guard_id == other.guard_id


def test_another_key_or_another_person_has_another_guard() -> None:
    others = [entered(order="A-2"), machine.enter(DEFINITION, CART_1, checkout(UUID(int=8)), now=NOON)]

    assert len({entered().guard_id, *(run.guard_id for run in others)}) == 3


def test_an_event_that_is_not_stamped_enters_nothing() -> None:
    with pytest.raises(ValueError, match="not stamped"):
        machine.enter(DEFINITION, CART_1, replace(checkout(ADA), seq=None), now=NOON)


def test_a_run_goes_as_far_as_its_first_wait_and_is_due_exactly_one_duration_later() -> None:
    run = advanced(entered(), NOON)

    assert run.intents == (SendMessage("0", 1, "hello", (Channel.EMAIL,)),)
    assert (run.status, run.step, run.due, run.visits) == (Status.WAITING, "1", NOON + HOUR, 2)
    assert did(run) == ["entered", "sends", "waits"]


def test_nothing_changes_until_the_wait_is_over() -> None:
    waiting = performed(advanced(entered(), NOON))

    assert advanced(waiting, NOON + HOUR * 0.999) == waiting


@pytest.mark.parametrize(
    ("facts", "template", "channels", "arm"),
    [
        (GERMAN, "german", (Channel.EMAIL, Channel.SMS), 0),
        (FOREIGN, "foreign", (Channel.EMAIL,), 1),
        (Facts({}, {}), "foreign", (Channel.EMAIL,), 1),
    ],
)
def test_a_branch_takes_the_first_arm_that_holds_and_then_the_run_ends(
    facts: Facts, template: str, channels: tuple[Channel, ...], arm: int
) -> None:
    run = advanced(performed(advanced(entered(), NOON)), NOON + HOUR, facts)

    assert run.intents == (SendMessage(f"2.{arm}.0", 4, template, channels), ReleaseGuard())
    assert (run.status, run.step, run.due, run.ended_at) == (Status.FINISHED, None, None, NOON + HOUR)
    assert run.trail[-3].detail == {"arm": arm}
    assert did(run) == ["entered", "sends", "waits", "branches", "sends", "finished"]


def test_without_an_arm_that_holds_the_run_goes_on_behind_the_branch() -> None:
    definition = journey(
        "[{branch: [{if: exists(profile.phone), then: [{send: {template: german}}]}]}, {send: {template: hello}}]"
    )

    run = advanced(entered(definition), NOON, FOREIGN, definition)

    assert [it.template for it in run.intents if isinstance(it, SendMessage)] == ["hello"]
    assert run.trail[1].detail == {"arm": None}


def test_an_end_inside_an_arm_ends_the_run() -> None:
    definition = journey("[{branch: [{if: exists(profile.country), then: [end]}]}, {send: {template: hello}}]")

    run = advanced(entered(definition), NOON, GERMAN, definition)

    assert (run.status, run.intents) == (Status.FINISHED, (ReleaseGuard(),))


def test_an_exit_beats_what_is_due_at_the_same_time() -> None:
    waiting = performed(advanced(entered(), NOON))
    told = replace(waiting, inputs=(Input(uuid4(), "Order Completed", 2),))

    run = advanced(told, NOON + DAY)

    assert (run.status, run.reason, run.intents) == (Status.EXITED, "Order Completed", (ReleaseGuard(),))
    assert run.ended_at == NOON + DAY
    assert run.heard == (told.inputs[0].event_id,)


def test_an_input_older_than_the_entering_event_ends_nothing_and_is_not_heard_twice() -> None:
    told = replace(entered(), inputs=(Input(UUID(int=1), "Order Completed", 0),))

    run = advanced(told, NOON)

    assert (run.status, run.inputs, run.heard) == (Status.WAITING, (), (UUID(int=1),))


@pytest.mark.parametrize(
    ("name", "order", "seq", "expected"),
    [
        ("Order Completed", "A-1", 2, True),
        ("Order Completed", "A-2", 2, False),
        ("Order Completed", None, 2, False),
        ("Order Completed", "A-1", 1, False),
        ("Product Viewed", "A-1", 2, False),
    ],
)
def test_a_run_must_hear_of_a_later_event_of_an_exit_with_the_same_value(
    name: str, order: str | None, seq: int, *, expected: bool
) -> None:
    heard = event(name, ADA, seq=seq, properties={"order_id": order})

    assert machine.concerns(DEFINITION, entered(), heard) is expected


def test_a_number_as_order_id_matches_the_same_number_as_text() -> None:
    started = replace(checkout(ADA), properties={"order_id": 17, "value": 1})
    run = machine.enter(DEFINITION, CART_1, started, now=NOON)

    assert machine.concerns(DEFINITION, run, event("Order Completed", ADA, seq=2, properties={"order_id": "17"}))


def test_a_checkout_without_an_order_id_is_not_ended_by_an_order_without_one() -> None:
    run = machine.enter(DEFINITION, CART_1, event("Checkout Started", ADA), now=NOON)

    assert not machine.concerns(DEFINITION, run, event("Order Completed", ADA, seq=2))


def test_an_event_that_was_heard_is_not_told_again() -> None:
    heard = event("Order Completed", ADA, seq=2, properties={"order_id": "A-1"})

    assert not machine.concerns(DEFINITION, replace(entered(), heard=(heard.id,)), heard)


def test_a_run_that_cannot_be_advanced_fails_without_sending_and_frees_its_guard() -> None:
    run = machine.fail(entered(), "KeyError", now=NOON)

    assert (run.status, run.reason, run.ended_at) == (Status.FAILED, "KeyError", NOON)
    assert run.intents == (ReleaseGuard(),)


def test_the_key_of_a_message_is_made_of_person_run_step_and_visit_and_never_of_the_attempt() -> None:
    run = entered()
    first = SendMessage("0", 1, "hello", (Channel.EMAIL,))
    later = replace(run, rev=9, visits=9, due=NOON, trail=())

    assert run.message_id(first) == later.message_id(replace(first, template="other", channels=(Channel.SMS,)))
    assert (
        len({run.message_id(first), run.message_id(replace(first, visit=2)), run.message_id(replace(first, step="1"))})
        == 3
    )
    assert run.message_id(first) != replace(run, id=UUID(int=1)).message_id(first)
