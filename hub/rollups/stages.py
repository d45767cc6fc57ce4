"""Stages: where a customer stands in their life as one, as a pure function of their rollups and the time.

Of two moments between which nothing is bought, the stage differs only where a number of whole days since an event
reaches one that a rule names. So the next change is known in advance and nobody has to look for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hub.conditions.model import asked
from hub.rollups import asking
from hub.rollups.model import Rule, Stages, State, Turn

_DAY: Final = timedelta(days=1)

States = Mapping[str, State]


def rule_at(stages: Stages, states: States, at: datetime) -> Rule | None:
    """Find the rule that says at which stage a customer is; None where none holds."""
    facts = {name: asking.value_of(states.get(name), at) for name in stages.reads}
    return next((rule for rule in stages.rules if rule.holds(facts, at)), None)


def next_change(stages: Stages, states: States, after: datetime) -> datetime | None:
    """Tell when time alone will lead to another stage than that of `after`; None where it never does."""
    now = _name(rule_at(stages, states, after))
    moments = sorted({it for it in _moments(stages, states) if it > after})
    return next((it for it in moments if _name(rule_at(stages, states, it)) != now), None)


def evidence(stages: Stages, states: States, rule: Rule | None) -> dict[str, Any]:
    """Say from what a stage follows: the rule, and of each rollup its count with the first and the last event."""
    return {
        "rule": rule.written if rule else None,
        **{name: _cited(states.get(name)) for name in sorted(stages.reads)},
    }


def turns(rules: Sequence[Rule]) -> tuple[Turn, ...]:
    """List when a number of days begins, or ceases, to be one that a rule compares with."""
    found = {
        Turn(part.path[0], end, days)
        for rule in rules
        for part in asked(rule.when)
        if (end := asking.MOVING.get(part.path[1])) is not None
        for days in asking.turns(part)
    }
    return tuple(sorted(found))


def _moments(stages: Stages, states: States) -> Iterable[datetime]:
    """List when the numbers of days turn."""
    for turn in stages.turns:
        state = states.get(turn.rollup)
        if state and state.get("count"):
            yield state[turn.end]["at"] + turn.days * _DAY


def _cited(state: State | None) -> dict[str, Any]:
    if not state or not state.get("count"):
        return {"count": 0}
    return {
        "count": state["count"],
        **{end: {"at": state[end]["at"].isoformat(), "event": str(state[end]["event"])} for end in ("first", "last")},
    }


def _name(rule: Rule | None) -> str | None:
    return rule.stage if rule else None
