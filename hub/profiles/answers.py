"""Answers: what a customer says to the questions of a shop. They lie in a trait that only the hub's own event writes.

    answers: {"matters-most": {"value": "price", "version": 2, "at": "2026-11-28T12:00:00.000Z"}}

`value` is a list where a question takes several answers. `version` is the one that was answered.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hub.events.model import Event, Properties

TRAIT: Final = "answers"
ANSWERED: Final = "Question Answered"


def properties_of(question: str, version: int, answers: Sequence[str], *, several: bool) -> dict[str, Any]:
    """Say in an event what was answered, and whether the question takes several answers."""
    return {"question": question, "version": version, "answers": list(answers), "several": several}


def taken_in(traits: Properties, event: Event) -> Properties:
    """Take what the hub has announced of a customer into their traits.

    An answer takes the place of the one before it, and one that was given before the one that stands is left out.
    """
    if event.name != ANSWERED:
        return traits
    said = event.properties
    value = list(said["answers"]) if said["several"] else said["answers"][0]
    answer = {"value": value, "version": said["version"], "at": _written(event.at)}
    return {**traits, TRAIT: _newest(_held(traits), {said["question"]: answer})}


def merged(ours: Properties, theirs: Properties) -> Mapping[str, Any]:
    """Give the answers of two profiles that are one person: to each question the newer, of two at once ours."""
    return _newest(_held(theirs), _held(ours))


def _newest(standing: Mapping[str, Any], coming: Mapping[str, Any]) -> dict[str, Any]:
    """Let answers take the place of those that stand, except of later ones."""
    later = {name for name, it in coming.items() if name in standing and standing[name]["at"] > it["at"]}
    return {**standing, **{name: it for name, it in coming.items() if name not in later}}


def _held(traits: Properties) -> Mapping[str, Any]:
    """Give the answers in a profile. A trait of this name that a shop's own source wrote once holds none."""
    held = traits.get(TRAIT)
    answers = held.items() if isinstance(held, Mapping) else ()
    return {name: it for name, it in answers if isinstance(it, Mapping) and isinstance(it.get("at"), str)}


def _written(at: datetime) -> str:
    """Write a moment as conditions read it. Of one length, so that the later one is the greater text."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
