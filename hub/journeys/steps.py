"""The steps of a journey's document, read and flattened: each names the step that follows it."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Final

from hub.conditions import tree
from hub.conditions.kinds import Scope
from hub.journeys.definition import Arm, Branch, End, Send, Step, StepId, Wait
from hub.kit import durations
from hub.kit.documents import Fields, Items, Node, Value
from hub.kit.problems import did_you_mean
from hub.kit.reading import Reading, spoken
from hub.messaging.model import HIGHEST_PRIORITY, USUAL_PRIORITY
from hub.profiles import consent
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import MARKETING
from hub.wording.ways_out import WaysOut

LONGEST_WAIT: Final = timedelta(days=5 * 365)

_WAIT, _SEND, _BRANCH, _END = "wait", "send", "branch", "end"
_STEPS: Final = (_WAIT, _SEND, _BRANCH, _END)
_BEST: Final = "best"
_BEST_HOUR: Final = "best_hour"
_USUAL: Final = (Channel.EMAIL,)
_BEST_OF: Final = (Channel.PUSH, Channel.EMAIL, Channel.SMS)
"""The channels of which `best` takes the best, and their order where nobody knows: what costs most comes last."""
_BARE_NUMBER: Final = re.compile(r"[0-9]{1,9}")


class StepReader:
    """Reads blocks of steps into one flat mapping, `steps`, in the order of the document.

    `templates` are the names that a `send` may use; None allows any. `ways` are those that may advertise; None
    allows any.
    """

    def __init__(
        self, reading: Reading, scope: Scope | None, templates: Collection[str] | None, ways: WaysOut | None = None
    ) -> None:
        self.steps: dict[StepId, Step] = {}
        self._reading = reading
        self._scope = scope
        self._templates = templates
        self._ways = ways
        self._read: Mapping[str, Callable[[Node, StepId, StepId | None], bool]] = {
            _WAIT: self._wait,
            _SEND: self._send,
            _BRANCH: self._branch,
            _END: self._end,
        }

    def block(self, node: Node, name: str, *, prefix: str = "", then: StepId | None = None) -> bool:
        """Read a list of steps whose last one is followed by `then`; tell whether every way through it ends the run.

        Reports a step that stands behind an end: `unreachable_step`, once a block.
        """
        ended = reported = False
        items = self._reading.items(node, name)
        for index, item in enumerate(items):
            if ended and not reported:
                self._reading.report(item, "unreachable_step", "No way leads to this step: all ways before it end.")
                reported = True
            follower = f"{prefix}{index + 1}" if index + 1 < len(items) else then
            ended |= self._step(item, f"{prefix}{index}", follower)
        return ended

    def _step(self, node: Node, step: StepId, then: StepId | None) -> bool:
        """Read one step; tell whether every way through it ends the run."""
        if isinstance(node, Value) and node.value == _END:
            return self._end(Value(None, node.line, node.column, "", "plain"), step, then)
        if isinstance(node, Value) and isinstance(node.value, str):
            word = node.value[:60]
            hint = f" `{word}` needs a value, as in `{word}: …`." if word in _STEPS else did_you_mean(word, _STEPS)
            self._reading.report(node, "unknown_step", f"`{word}` is no step.{hint}")
            return False
        if not isinstance(node, Fields) or not node.fields:
            message = f"A step is one of {', '.join(_STEPS)}, not {spoken(node)}."
            self._reading.report(node, "wrong_type", message)
            return False
        first, *others = node.fields.values()
        kind = str(first.key.value)
        for other in others:
            message = f"`{other.key.value}` stands beside `{kind}`: a step is one key, what belongs to it is indented."
            self._reading.report(other.key, "unknown_key", message)
        if kind not in self._read:
            hint = did_you_mean(kind, _STEPS) or f" Steps are {', '.join(_STEPS)}."
            self._reading.report(first.key, "unknown_step", f"`{kind[:60]}` is no step.{hint}")
            return False
        return self._read[kind](first.node, step, then)

    def _end(self, node: Node, step: StepId, then: StepId | None) -> bool:
        del then  # an end is followed by nothing
        if not (isinstance(node, Value) and node.value is None):
            self._reading.fields(node, "`end`", ())
        self.steps[step] = End(step)
        return True

    def _wait(self, node: Node, step: StepId, then: StepId | None) -> bool:
        if not isinstance(node, Value) or isinstance(node.value, bool | None):
            message = f"`wait` takes a duration such as 1h30m, not {spoken(node)}."
            self._reading.report(node, "wrong_type", message)
            return False
        try:
            duration = durations.parse(str(node.value))
        except durations.BadDuration as error:
            hint = f" Did you mean `{error.text}s`?" if _BARE_NUMBER.fullmatch(error.text) else ""
            self._reading.report(node, "bad_duration", error.message + hint)
            return False
        if duration > LONGEST_WAIT:
            longest = durations.spell(LONGEST_WAIT)
            self._reading.report(node, "bad_duration", f"A wait lasts at most five years ({longest}).")
            return False
        self.steps[step] = Wait(step, then, duration)
        return False

    def _send(self, node: Node, step: StepId, then: StepId | None) -> bool:
        known = ("template", "channels", "at", "brand", "topic", "priority")
        fields = self._reading.fields(node, "`send`", known, "template")
        template = self._template(fields["template"].node) if "template" in fields else None
        channels, best_first = self._route(fields["channels"].node) if "channels" in fields else (_USUAL, False)
        at_best_hour = "at" in fields and self._at_best_hour(fields["at"].node)
        brand = self._name(fields["brand"].node, "`brand`") if "brand" in fields else DEFAULT_BRAND
        topic = self._name(fields["topic"].node, "`topic`") if "topic" in fields else MARKETING
        priority = self._priority(fields["priority"].node) if "priority" in fields else USUAL_PRIORITY
        if template is not None and brand is not None and topic is not None and priority is not None:
            self.steps[step] = Send(
                step, then, template, channels, brand, topic, priority, best_first=best_first, at_best_hour=at_best_hour
            )
            if self._ways and (fault := self._ways.fault_of(template, channels, brand, topic)):
                self._reading.report(fields["template"].node, "no_way_out", fault)
        return False

    def _priority(self, node: Node) -> int | None:
        if isinstance(node, Value) and type(node.value) is int and 0 <= node.value <= HIGHEST_PRIORITY:
            return node.value
        message = f"`priority` is a whole number from 0 to {HIGHEST_PRIORITY}; {USUAL_PRIORITY} is usual."
        self._reading.report(node, "wrong_type", message)
        return None

    def _name(self, node: Node, what: str) -> str | None:
        name = self._reading.text(node, what, longest=64)
        if name is not None and not consent.is_name(name):
            self._reading.report(node, "bad_name", f"{what} is a name of a-z, 0-9, - and _.")
            return None
        return name

    def _template(self, node: Node) -> str | None:
        name = self._reading.text(node, "`template`", longest=64)
        if name is not None and self._templates is not None and name not in self._templates:
            hint = did_you_mean(name, self._templates)
            self._reading.report(node, "unknown_template", f"There is no template `{name}`.{hint}")
            return None
        return name

    def _route(self, node: Node) -> tuple[tuple[Channel, ...], bool]:
        """Read the channels, and whether the one comes first on which the customer takes most notice."""
        if isinstance(node, Value) and node.value == _BEST:
            return _BEST_OF, True
        if isinstance(node, Fields):
            fields = self._reading.fields(node, "`channels`", (_BEST,), _BEST)
            return (self._channels(fields[_BEST].node) if fields else ()), True
        return self._channels(node), False

    def _at_best_hour(self, node: Node) -> bool:
        if isinstance(node, Value) and node.value == _BEST_HOUR:
            return True
        self._reading.report(node, "wrong_type", f"`at` takes {_BEST_HOUR}: when the customer mostly takes notice.")
        return False

    def _channels(self, node: Node) -> tuple[Channel, ...]:
        known = [channel.value for channel in Channel]
        channels: list[Channel] = []
        for item in self._reading.items(node, "`channels`"):
            name = self._reading.text(item, "a channel", longest=64)
            if name is None:
                continue
            if name not in known:
                hint = did_you_mean(name, known) or f" Channels are {', '.join(known)}."
                self._reading.report(item, "unknown_channel", f"`{name}` is no channel.{hint}")
            elif name in channels:
                self._reading.report(item, "duplicate_item", f"`{name}` stands already in this list.")
            else:
                channels.append(Channel(name))
        return tuple(channels)

    def _branch(self, node: Node, step: StepId, then: StepId | None) -> bool:
        self.steps[step] = Branch(step, then, ())  # takes its place before the steps inside its arms
        arms: list[Arm] = []
        ends: list[bool] = []
        has_else = False
        if isinstance(node, Items) and node.items and _is_else(node.items[0]):
            message = "A branch begins with an `if`: in front of an `else` there is nothing to choose."
            self._reading.report(node.items[0], "missing_key", message)
        for index, item in enumerate(self._reading.items(node, "`branch`")):
            if has_else:
                self._reading.report(item, "unreachable_step", "No way leads to this arm: `else` is the last one.")
                break
            has_else = _is_else(item)
            arm, ended = self._arm(item, f"{step}.{index}", then)
            arms.append(arm)
            ends.append(ended)
        self.steps[step] = Branch(step, then, tuple(arms))
        return has_else and all(ends)

    def _arm(self, node: Node, arm: StepId, then: StepId | None) -> tuple[Arm, bool]:
        """Read one arm; tell whether every way through it ends the run."""
        if _is_else(node):
            steps, fields = "else", self._reading.fields(node, "the last arm", ("else",))
        else:
            steps, known = "then", ("if", "then", "else")
            fields = self._reading.fields(node, "an arm of `branch`", known, "if", "then")
            if "else" in fields:
                message = "`else` is an arm of its own: begin it with `- else:`."
                self._reading.report(fields["else"].key, "unknown_key", message)
        when = tree.read(fields["if"].node, self._scope, self._reading) if "if" in fields else None
        ended = False
        if steps in fields:
            ended = self.block(fields[steps].node, f"`{steps}`", prefix=f"{arm}.", then=then)
        return Arm(when, f"{arm}.0"), ended


def _is_else(node: Node) -> bool:
    return isinstance(node, Fields) and "else" in node.fields and "if" not in node.fields
