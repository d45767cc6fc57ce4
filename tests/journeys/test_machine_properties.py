"""What holds for every journey and every run, tried on random ones."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.conditions.model import Compare, Comparison
from hub.journeys import machine
from hub.journeys.definition import Arm, Branch, Definition, End, Entry, Exit, Send, Step, StepId, Wait
from hub.journeys.machine import Facts
from hub.journeys.model import Input, ReleaseGuard, Run, SendMessage, Status, Version
from hub.profiles.model import Channel
from tests.journeys.stage import NOON, event

tried = settings(max_examples=40, deadline=None)  # a busy machine is slow, not wrong

EXIT = Exit("Order Completed", None)
COUNTRIES = ("DE", "FR", "AT")
LATER = timedelta(days=400)
"""Longer than all the waits of a random journey together."""


@st.composite
def blocks(draw: st.DrawFn, steps: dict[StepId, Step], prefix: str, then: StepId | None, depth: int) -> StepId:
    """Draw a list of steps, flattened into `steps` as the language does it, and give the id of its first."""
    kinds = draw(
        st.lists(st.sampled_from(["wait", "send", "end", "branch"][: 4 if depth else 3]), min_size=1, max_size=4)
    )
    for place, kind in enumerate(kinds):
        step = f"{prefix}{place}"
        onward = f"{prefix}{place + 1}" if place + 1 < len(kinds) else then
        if kind == "wait":
            steps[step] = Wait(step, onward, timedelta(seconds=draw(st.integers(0, 5 * 86_400))))
        elif kind == "send":
            steps[step] = Send(step, onward, f"template {step}", (Channel.EMAIL,))
        elif kind == "end":
            steps[step] = End(step)
        else:
            arms = tuple(
                Arm(
                    draw(st.none() | st.sampled_from(COUNTRIES).map(_is_from)),
                    draw(blocks(steps, f"{step}.{arm}.", onward, depth - 1)),
                )
                for arm in range(draw(st.integers(1, 3)))
            )
            steps[step] = Branch(step, onward, arms)
    return f"{prefix}0"


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    steps: dict[StepId, Step] = {}
    first = draw(blocks(steps, "", None, 2))
    exits = draw(st.sampled_from([(), (EXIT,)]))
    return Definition("random", Entry("Checkout Started"), exits, first, steps, source="")


moments = st.lists(st.integers(0, 40 * 86_400).map(lambda it: NOON + timedelta(seconds=it)), max_size=12).map(sorted)
countries = st.sampled_from([*COUNTRIES, None])


def _is_from(country: str) -> Compare:
    return Compare(("profile", "country"), Comparison.EQUAL, (country,))


def _entered(definition: Definition) -> Run:
    entering = replace(event("Checkout Started", UUID(int=7)), id=UUID(int=8))
    return machine.enter(definition, Version("random", 1), entering, now=NOON)


def _history(definition: Definition, times: list[datetime], facts: Facts, told_at: int | None = None) -> list[Run]:
    """Every state of a run that is looked at at these times, the performed intents taken away before each next look."""
    states = [_entered(definition)]
    for place, now in enumerate(times):
        run = replace(states[-1], intents=())
        if not run.live:
            break
        if place == told_at:
            run = replace(run, inputs=(Input(UUID(int=place), EXIT.event, 2),))
        states.append(machine.advance(definition, run, facts, now=now))
    return states


def _messages(states: list[Run]) -> list[SendMessage]:
    return [intent for run in states for intent in run.intents if isinstance(intent, SendMessage)]


@tried
@given(definitions(), moments, countries, st.none() | st.integers(0, 11))
def test_a_run_ends_at_most_once_and_then_has_its_guard_released_exactly_once(
    definition: Definition, times: list[datetime], country: str | None, told_at: int | None
) -> None:
    states = _history(definition, times, Facts({"country": country}, {}), told_at)

    ended = [run for run in states if not run.live]
    releases = [intent for run in states for intent in run.intents if intent == ReleaseGuard()]
    assert len(ended) == len(releases) <= 1
    if ended:
        assert ended[0].intents[-1] == ReleaseGuard()
        assert (ended[0].due, ended[0].inputs) == (None, ())
        assert ended[0].ended_at in times


@tried
@given(definitions(), moments, countries)
def test_no_step_is_done_twice_and_visits_only_rise(
    definition: Definition, times: list[datetime], country: str | None
) -> None:
    states = _history(definition, times, Facts({"country": country}, {}))

    steps = [mark.step for mark in states[-1].trail if mark.did in {"sends", "waits", "branches"}]
    assert len(steps) == len(set(steps))
    assert all(before.visits <= after.visits for before, after in pairwise(states))
    visits = [it.visit for it in _messages(states)]
    assert visits == sorted(set(visits))


@tried
@given(definitions(), moments, countries)
def test_a_run_is_due_only_at_a_wait_and_never_in_the_past(
    definition: Definition, times: list[datetime], country: str | None
) -> None:
    states = _history(definition, times, Facts({"country": country}, {}))

    for run, now in zip(states[1:], times, strict=False):
        if run.live:
            assert isinstance(definition.steps[str(run.step)], Wait)
            assert run.due is not None
            assert run.due > now
        else:
            assert run.due is None


@tried
@given(definitions(), moments, countries, st.integers(0, 11))
def test_an_exit_that_was_heard_sends_nothing_whatever_is_due(
    definition: Definition, times: list[datetime], country: str | None, told_at: int
) -> None:
    exits = replace(definition, exits=(EXIT,))
    states = _history(exits, times, Facts({"country": country}, {}), told_at)

    told = states[told_at + 1] if told_at + 1 < len(states) else None
    if told is not None:
        assert (told.status, told.intents) == (Status.EXITED, (ReleaseGuard(),))


@tried
@given(definitions(), moments, countries)
def test_looking_more_often_changes_no_message_no_time_and_no_trail(
    definition: Definition, extra: list[datetime], country: str | None
) -> None:
    facts = Facts({"country": country}, {})
    run, due_times = replace(_entered(definition), intents=()), [NOON]
    while (run := replace(machine.advance(definition, run, facts, now=due_times[-1]), intents=())).due is not None:
        due_times.append(run.due)

    seldom = _history(definition, due_times, facts)
    often = _history(definition, sorted({*due_times, *extra}), facts)

    assert _messages(often) == _messages(seldom)
    assert often[-1] == seldom[-1]
    assert often[-1].status is Status.FINISHED


@tried
@given(definitions(), moments, countries)
def test_looking_late_moves_times_and_changes_no_message(
    definition: Definition, times: list[datetime], country: str | None
) -> None:
    facts = Facts({"country": country}, {})
    late = [*times, *(NOON + LATER * number for number in range(1, 20))]

    assert _messages(_history(definition, late, facts)) == _messages(
        _history(definition, [NOON + LATER * number for number in range(1, 20)], facts)
    )


@tried
@given(definitions(), moments, countries)
def test_a_failed_run_sends_nothing_more_and_releases_its_guard_once(
    definition: Definition, times: list[datetime], country: str | None
) -> None:
    run = replace(_history(definition, times, Facts({"country": country}, {}))[-1], intents=())
    if run.live:
        failed = machine.fail(run, "KeyError", now=NOON + LATER)
        assert (failed.status, failed.due, failed.intents) == (Status.FAILED, None, (ReleaseGuard(),))
