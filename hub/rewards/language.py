"""The document of a reward: YAML or JSON, checked name by name.

reward: five-euros-off
kind: amount
gives: {amount: 5.00, currency: EUR}
labels: {en: 5 € off, de: 5 € Rabatt}
cost: {program: beans, wallet: points, points: 500}
when: profile.country in ["DE", "AT"]
window: {from: 2026-03-01T00:00:00+01:00, until: 2026-09-01T00:00:00+02:00}
stock: 1000
per_member: 2
stacking: basket
lasts: 30d
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from hub.conditions import tree
from hub.conditions.kinds import Scope
from hub.conditions.spelling import spell
from hub.kit import documents, durations
from hub.kit.documents import Fields, Node, Value
from hub.kit.problems import InvalidDefinition
from hub.kit.reading import Reading, spoken
from hub.rewards import giving
from hub.rewards.model import USUAL_TIME, Cost, Gives, Reward, RewardKind, RewardState
from hub.segments.model import Segment
from hub.segments.scope import OF_SEGMENTS

LONGEST_NAME: Final = 64
LONGEST_LABEL: Final = 200
LONGEST_DESCRIPTION: Final = 2_000
LONGEST_TIME: Final = timedelta(days=5 * 366)
MOST_PER_MEMBER: Final = 500
USUAL_WALLET: Final = "points"

KEYS: Final = (
    "reward",
    "kind",
    "gives",
    "labels",
    "description",
    "state",
    "cost",
    "when",
    "stores",
    "window",
    "stock",
    "per_member",
    "auto",
    "stacking",
    "lasts",
)
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def read(source: str, scope: Scope | None) -> Reward:
    """Read a reward.

    Args:
        source: the document, YAML or JSON.
        scope: what `when` may ask for; None for one that was checked when it was published.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    # What somebody did, and who is at the top, is asked in segments, which are counted for all.
    known = None if scope is None else {name: it for name, it in scope.items() if name not in OF_SEGMENTS}
    reader = _Reader(known)
    reward = reader.reward(documents.load(source))
    if reader.reading.problems or reward is None:
        raise InvalidDefinition(reader.reading.problems)
    return reward


class _Reader:
    """Reads one document, and collects what is wrong with it."""

    def __init__(self, scope: Scope | None) -> None:
        self.reading = Reading()
        self._scope = scope

    def reward(self, document: Node) -> Reward | None:
        found = self.reading.fields(document, "a reward", KEYS, "reward", "kind", "labels")
        nodes = {key: field.node for key, field in found.items()}
        if "description" in nodes:
            self.reading.text(nodes["description"], "`description`", longest=LONGEST_DESCRIPTION)
        name = self._name(nodes["reward"], "`reward`") if "reward" in nodes else None
        kind = giving.one_of(nodes["kind"], "`kind`", tuple(RewardKind), self.reading) if "kind" in nodes else None
        labels = self._labels(nodes["labels"]) if "labels" in nodes else {}
        state = giving.one_of(nodes["state"], "`state`", tuple(RewardState), self.reading) if "state" in nodes else None
        since, before = self._window(nodes["window"]) if "window" in nodes else (None, None)
        stores = giving.names(nodes["stores"], "`stores`", self.reading) if "stores" in nodes else ()
        cost = self._cost(nodes["cost"]) if "cost" in nodes else None
        audience = self._audience(nodes["when"], name) if "when" in nodes else None
        stacking = self._name(nodes["stacking"], "`stacking`") if "stacking" in nodes else None
        lasts = self._duration(nodes["lasts"]) if "lasts" in nodes else USUAL_TIME
        stock = self._number(nodes, "stock", giving.MOST)
        per_member = self._number(nodes, "per_member", MOST_PER_MEMBER)
        gives = self._gives(RewardKind(kind), document, nodes) if kind else Gives()
        auto = self._auto(nodes) if "auto" in nodes else False
        if name is None or kind is None:
            return None
        return Reward(
            name=name,
            kind=RewardKind(kind),
            gives=gives,
            labels=labels,
            state=RewardState(state or RewardState.LIVE),
            cost=cost,
            audience=audience,
            stores=frozenset(stores),
            since=since,
            before=before,
            stock=stock if gives.seats is None else gives.seats,
            per_member=per_member,
            auto=auto,
            stacking=stacking,
            lasts=lasts,
        )

    def _gives(self, kind: RewardKind, document: Node, nodes: Mapping[str, Node]) -> Gives:
        if kind is RewardKind.GESTURE and "cost" in nodes:
            self.reading.report(nodes["cost"], "unknown_key", "A gesture costs nothing: it has no `cost`.")
        if kind is RewardKind.EVENT and "stock" in nodes:
            self.reading.report(nodes["stock"], "unknown_key", "An event has seats, in `gives`, and no `stock`.")
        if "gives" in nodes:
            return giving.read(nodes["gives"], kind, self.reading)
        if giving.NEEDED[kind]:
            message = f"A reward of the kind {kind} needs `gives` with {', '.join(giving.NEEDED[kind])}."
            self.reading.report(document, "missing_key", message)
        return Gives()

    def _auto(self, nodes: Mapping[str, Node]) -> bool:
        node = nodes["auto"]
        if not isinstance(node, Value) or not isinstance(node.value, bool):
            self.reading.report(node, "wrong_type", f"`auto` is true or false, not {spoken(node)}.")
            return False
        if node.value and "cost" not in nodes:
            self.reading.report(node, "missing_key", "`auto` gives a voucher for points: it needs `cost`.")
        return node.value

    def _name(self, node: Node, key: str) -> str | None:
        name = self.reading.text(node, key, longest=LONGEST_NAME)
        if name is not None and not _NAME.fullmatch(name):
            near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
            hint = f" Did you mean `{near}`?" if near else ""
            self.reading.report(node, "bad_name", f"{key} is lower case with hyphens, as in five-euros-off.{hint}")
            return None
        return name

    def _labels(self, node: Node) -> Mapping[str, str]:
        if not isinstance(node, Fields):
            message = f"`labels` takes languages and texts ({{en: 5 € off}}), not {spoken(node)}."
            self.reading.report(node, "wrong_type", message)
            return {}
        if not node.fields:
            self.reading.report(node, "missing_key", "`labels` needs a text in one language at least.")
        labels: dict[str, str] = {}
        for language, field in node.fields.items():
            if not _LANGUAGE.fullmatch(language):
                self.reading.report(field.key, "bad_language", "A language is written as `de` or `de-AT`.")
            if (text := self.reading.text(field.node, "a label", longest=LONGEST_LABEL)) is not None:
                labels[language] = text
        return labels

    def _cost(self, node: Node) -> Cost | None:
        fields = self.reading.fields(node, "`cost`", ("program", "wallet", "points"), "program", "points")
        program = self._name(fields["program"].node, "`program`") if "program" in fields else None
        wallet = self._name(fields["wallet"].node, "`wallet`") if "wallet" in fields else USUAL_WALLET
        points = self._number({"points": fields["points"].node}, "points", giving.MOST) if "points" in fields else None
        return Cost(program, wallet, points) if program and wallet and points else None

    def _audience(self, node: Node, name: str | None) -> Segment | None:
        when = tree.read(node, self._scope, self.reading)
        return None if when is None else Segment(name or "", when, spell(when))

    def _window(self, node: Node) -> tuple[datetime | None, datetime | None]:
        fields = self.reading.fields(node, "`window`", ("from", "until"))
        since = giving.moment(fields["from"].node, "`from`", self.reading) if "from" in fields else None
        before = giving.moment(fields["until"].node, "`until`", self.reading) if "until" in fields else None
        if since is not None and before is not None and before <= since:
            self.reading.report(node, "bad_window", "`until` comes after `from`.")
        return since, before

    def _number(self, nodes: Mapping[str, Node], key: str, most: int) -> int | None:
        return giving.number(nodes[key], f"`{key}`", 1, most, self.reading) if key in nodes else None

    def _duration(self, node: Node) -> timedelta:
        text = str(node.value) if isinstance(node, Value) else ""
        try:
            duration = durations.parse(text)
        except durations.BadDuration as error:
            self.reading.report(node, "bad_duration", error.message)
            return USUAL_TIME
        if duration > LONGEST_TIME:
            self.reading.report(node, "bad_duration", f"It is at most {durations.spell(LONGEST_TIME)}.")
        return duration
