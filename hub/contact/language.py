"""The document of the contact policy: YAML or JSON, checked name by name.

    policy: contact
    zone: Europe/Berlin
    caps:
      - {most: 2, per: 24h}
      - {most: 3, per: week, channels: [email], topics: [newsletter]}
    quiet_hours:
      - {from: "21:00", to: "08:00", channels: [push, sms]}
      - {from: "00:00", to: "24:00", days: [sunday]}
    refused: {capped: skip, quiet_hours: defer}
    deferral: {at_most: 3d, spread: 15m}

A duration such as `24h` counts back from now; `day`, `week` and `month` are the calendar's, in the customer's zone. All
but `policy` may be left out.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeVar

from hub.contact.model import NAME, Cap, Obstacle, Per, Period, Policy, Quiet, Reach, Then
from hub.kit import documents, durations
from hub.kit.documents import Field, Node, Value
from hub.kit.local_time import Hours, Weekday, minutes_of, zone_of
from hub.kit.problems import InvalidDefinition, did_you_mean
from hub.kit.reading import Reading, spoken
from hub.profiles import consent
from hub.profiles.model import Channel

MOST_RULES: Final = 50
MOST_MESSAGES: Final = 1_000
LONGEST_CAP: Final = timedelta(days=90)
LONGEST_DEFERRAL: Final = timedelta(days=30)
LONGEST_SPREAD: Final = timedelta(hours=12)
_LONGEST_TEXT: Final = 64
_REACH: Final = ("channels", "brands", "topics")

E = TypeVar("E", bound=StrEnum)
Fielded = Mapping[str, Field]


def read(source: str) -> Policy:
    """Read the policy.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    reading = Reading()
    policy = _Reader(reading).policy(documents.load(source))
    if reading.problems:
        raise InvalidDefinition(reading.problems)
    return policy


def read_quiet(node: Node, reading: Reading, *more: str) -> tuple[Fielded, Quiet | None]:
    """Read quiet hours that a list holds, with `more` keys, and give their fields as well."""
    return _Reader(reading).quiet(node, *more)


class _Reader:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def policy(self, document: Node) -> Policy:
        known = ("policy", "zone", "caps", "quiet_hours", "refused", "deferral")
        fields = self._reading.fields(document, "the policy", known, "policy")
        if "policy" in fields:
            name = self._reading.text(fields["policy"].node, "`policy`", longest=_LONGEST_TEXT)
            if name is not None and name != NAME:
                self._reading.report(fields["policy"].node, "bad_name", f"There is one policy, and it is `{NAME}`.")
        plain = Policy()
        longest, spread = self._deferral(fields["deferral"].node) if "deferral" in fields else (None, None)
        return Policy(
            zone=(self._zone(fields["zone"].node) if "zone" in fields else None) or plain.zone,
            caps=tuple(self._caps(fields["caps"].node)) if "caps" in fields else (),
            quiet=tuple(self._quiets(fields["quiet_hours"].node)) if "quiet_hours" in fields else (),
            then={**plain.then, **(self._refused(fields["refused"].node) if "refused" in fields else {})},
            longest=plain.longest if longest is None else longest,
            spread=plain.spread if spread is None else spread,
        )

    def quiet(self, node: Node, *more: str) -> tuple[Fielded, Quiet | None]:
        fields = self._reading.fields(node, "quiet hours", ("from", "to", "days", *_REACH, *more), "from", "to", *more)
        since = self._minutes(fields["from"].node, "`from`") if "from" in fields else None
        until = self._minutes(fields["to"].node, "`to`") if "to" in fields else None
        days = frozenset(self._several(fields["days"].node, "`days`", Weekday)) if "days" in fields else frozenset()
        reach = self._reach(fields)
        if since is None or until is None:
            return fields, None
        if since == until:
            self._reading.report(fields["to"].node, "bad_hours", 'A whole day is from "00:00" to "24:00".')
            return fields, None
        return fields, Quiet(Hours(since, until), days, reach)

    def _caps(self, node: Node) -> list[Cap]:
        caps: list[Cap] = []
        for item in self._rules(node, "`caps`"):
            fields = self._reading.fields(item, "a cap", ("most", "per", *_REACH), "most", "per")
            most = self._most(fields["most"].node) if "most" in fields else None
            per = self._per(fields["per"].node) if "per" in fields else None
            reach = self._reach(fields)
            if most is not None and per is not None:
                caps.append(Cap(most, per, reach))
        return caps

    def _quiets(self, node: Node) -> list[Quiet]:
        read = (self.quiet(item)[1] for item in self._rules(node, "`quiet_hours`"))
        return [it for it in read if it is not None]

    def _rules(self, node: Node, name: str) -> tuple[Node, ...]:
        items = self._reading.items(node, name)
        if len(items) > MOST_RULES:
            self._reading.report(node, "bad_length", f"{name} takes at most {MOST_RULES}, here are {len(items)}.")
        return items[:MOST_RULES]

    def _most(self, node: Node) -> int | None:
        if isinstance(node, Value) and type(node.value) is int and 1 <= node.value <= MOST_MESSAGES:
            return node.value
        message = f"`most` is a number of messages, from 1 to {MOST_MESSAGES}."
        self._reading.report(node, "wrong_type", message)
        return None

    def _per(self, node: Node) -> Per | None:
        text = self._reading.text(node, "`per`", longest=_LONGEST_TEXT)
        if text is None:
            return None
        if text in set(Period):
            return Period(text)
        hint = did_you_mean(text, list(Period)) or f" Of the calendar there are {', '.join(Period)}."
        return self._duration(node, "`per`", LONGEST_CAP, hint)

    def _deferral(self, node: Node) -> tuple[timedelta | None, timedelta | None]:
        fields = self._reading.fields(node, "`deferral`", ("at_most", "spread"))
        longest = self._duration(fields["at_most"].node, "`at_most`", LONGEST_DEFERRAL) if "at_most" in fields else None
        spread = self._duration(fields["spread"].node, "`spread`", LONGEST_SPREAD) if "spread" in fields else None
        return longest, spread

    def _duration(self, node: Node, name: str, longest: timedelta, hint: str = "") -> timedelta | None:
        text = self._reading.text(node, name, longest=_LONGEST_TEXT)
        if text is None:
            return None
        try:
            duration = durations.parse(text)
        except durations.BadDuration as error:
            self._reading.report(node, "bad_duration", error.message + hint)
            return None
        if duration > longest:
            self._reading.report(node, "bad_duration", f"{name} is at most {durations.spell(longest)}.")
            return None
        return duration

    def _refused(self, node: Node) -> Mapping[Obstacle, Then]:
        fields = self._reading.fields(node, "`refused`", tuple(Obstacle))
        chosen = {name: self._one_of(field.node, f"`{name}`", Then) for name, field in fields.items()}
        return {Obstacle(name): then for name, then in chosen.items() if then is not None}

    def _zone(self, node: Node) -> str | None:
        name = self._reading.text(node, "`zone`", longest=_LONGEST_TEXT)
        if name is not None and zone_of(name) is None:
            self._reading.report(node, "bad_zone", f"`{name}` is no time zone. Write it like Europe/Berlin.")
            return None
        return name

    def _minutes(self, node: Node, name: str) -> int | None:
        text = self._reading.text(node, name, longest=_LONGEST_TEXT)
        minutes = None if text is None else minutes_of(text)
        if text is not None and minutes is None:
            self._reading.report(node, "bad_hours", f'{name} is a time of the day, from "00:00" to "24:00".')
        return minutes

    def _reach(self, fields: Fielded) -> Reach:
        channels = self._several(fields["channels"].node, "`channels`", Channel) if "channels" in fields else ()
        brands, topics = (
            self._names(fields[it].node, f"`{it}`") if it in fields else () for it in ("brands", "topics")
        )
        return Reach(frozenset(channels), frozenset(brands), frozenset(topics))

    def _names(self, node: Node, name: str) -> list[str]:
        names: list[str] = []
        for item in self._reading.items(node, name):
            text = self._reading.text(item, f"an item of {name}", longest=_LONGEST_TEXT)
            if text is None:
                continue
            if consent.is_name(text):
                names.append(text)
            else:
                self._reading.report(item, "bad_name", f"{name} holds names of a-z, 0-9, - and _.")
        return names

    def _several(self, node: Node, name: str, kind: type[E]) -> list[E]:
        read = (self._one_of(item, f"an item of {name}", kind) for item in self._reading.items(node, name))
        return [it for it in read if it is not None]

    def _one_of(self, node: Node, name: str, kind: type[E]) -> E | None:
        if not isinstance(node, Value) or not isinstance(node.value, str):
            self._reading.report(node, "wrong_type", f"{name} is one of {_listed(kind)}, not {spoken(node)}.")
            return None
        if node.value not in set(kind):
            hint = did_you_mean(node.value, list(kind)) or f" Known here: {_listed(kind)}."
            self._reading.report(node, "unknown_value", f"`{node.value[:_LONGEST_TEXT]}` is none.{hint}")
            return None
        return kind(node.value)


def _listed(kind: type[StrEnum]) -> str:
    return ", ".join(kind)
