"""Fields: what a customer says of themself in the app, such as their birthday. They lie among the traits.

The hub's own event `Profile Changed` brings them, with the text that the customer agreed to. Which of them were empty
before and are not any more, it calls `completed`.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from hub.events.model import Event, Properties
from hub.kit.errors import HubError
from hub.profiles import answers
from hub.profiles.model import CONTACTS

CHANGED: Final = "Profile Changed"
BIRTHDAY: Final = "birthday"
MOST: Final = 20
LONGEST: Final = 500
PLANS: Final = "plans"
"""The trait of the hub's own that names what somebody has paid for as of now."""
_PLAN_EVENTS: Final = frozenset({"Plan Started", "Plan Renewed", "Plan Ended"})
NOT_FIELDS: Final = frozenset({answers.TRAIT, PLANS, "id", *CONTACTS})
"""Traits with a way of their own: an address is proven, an answer is given to a question."""

Value: TypeAlias = str | int | float | bool | None
"""What a field may be; None, or an empty text, clears it."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_EMPTY: Final = (None, "")


class BadField(HubError):
    """A field cannot be named so, or not be this."""

    code = "BAD_USER_INPUT"


def checked(said: object, *, now: datetime) -> dict[str, Value]:
    """Let fields pass that a customer may say.

    Raises:
        BadField: one of them cannot be. The sentence names it and not its value.
    """
    if not isinstance(said, Mapping) or not 1 <= len(said) <= MOST:
        raise BadField(f"`fields` is an object of 1 to {MOST} fields.")
    return {_name(name): _value(name, value, now) for name, value in said.items()}


def properties_of(said: Mapping[str, Value], traits: Properties, *, consent_version: str | None) -> dict[str, Any]:
    """Say in an event what fields are from now on, and which were empty in these traits and are not any more."""
    completed = [name for name, it in said.items() if it not in _EMPTY and traits.get(name) in _EMPTY]
    told: dict[str, Any] = {"fields": dict(said), "completed": completed}
    return {**told, "consent_version": consent_version} if consent_version else told


def taken_in(traits: Properties, event: Event) -> Properties:
    """Take what the hub has announced of a customer into their traits."""
    if event.name in _PLAN_EVENTS:
        return {**traits, PLANS: _plans(traits, event.properties["plan"], over=event.name == "Plan Ended")}
    if event.name != CHANGED:
        return traits
    said: Mapping[str, Value] = event.properties["fields"]
    kept = {name: it for name, it in traits.items() if name not in said}
    return {**kept, **{name: it for name, it in said.items() if it not in _EMPTY}}


def _plans(traits: Properties, plan: str, *, over: bool) -> list[str]:
    held = traits.get(PLANS)
    others = {it for it in held if it != plan} if isinstance(held, list) else set()
    return sorted(others if over else others | {plan})


def _name(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadField("A field is named by a letter and up to 63 letters, digits and `_`.")
    if name in NOT_FIELDS:
        raise BadField(f"`{name}` is not said here: an address is proven by signing in, a question is answered.")
    return name


def _value(name: str, value: object, now: datetime) -> Value:
    if not isinstance(value, str | int | float | bool | None):
        raise BadField(f"`{name}` is a text, a number, true, false or null.")
    if isinstance(value, str) and len(value) > LONGEST:
        raise BadField(f"`{name}` has at most {LONGEST} characters.")
    if name == BIRTHDAY and value not in _EMPTY and not _is_day(value, now):
        raise BadField("`birthday` is a day of the past, such as 1990-11-28.")
    return value


def _is_day(value: object, now: datetime) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value) <= now.date() and len(value) == len("1990-11-28")
    except ValueError:
        return False
