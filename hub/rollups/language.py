"""The documents of rollups, preferences, engagement and stages: YAML or JSON, checked name by name.

    rollup: spend
    description: What they bought for.
    event: Order Completed
    where: properties.total > 0
    value: properties.total
    currency: properties.currency
    windows: [lifetime, 30d, 365d]

    preference: store
    within: 365d
    of:
      - {event: Order Completed, by: properties.store_id, weight: 3}
      - {event: Store Visited, by: properties.store_id, weight: 1}

    last: 100
    engagement:
      - {event: Message Clicked, weight: 3}

    stages:
      - {stage: lapsed, when: purchases.days_since_last >= 180}
      - {stage: active, when: purchases.count >= 1}

`event` takes one name or a list. `lifetime` is always counted. What speaks for always the same channel says `is: web`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from hub.conditions import catalogue, kinds, parser, tree
from hub.conditions.kinds import Kind, Scope
from hub.conditions.model import Addend, Path, asked
from hub.conditions.spelling import spell
from hub.kit import documents, durations
from hub.kit.documents import Field, Fields, Items, Node, Value
from hub.kit.problems import InvalidDefinition, did_you_mean
from hub.kit.reading import Reading, spoken
from hub.rollups import asking
from hub.rollups.model import ENGAGEMENT, STAGES, Aspect, Definition, Engagement, Preference, Rollup, Rule, Sign, Stages
from hub.rollups.stages import turns

LONGEST_NAME: Final = 64
LONGEST_EVENT: Final = 128
LONGEST_DESCRIPTION: Final = 2_000
LONGEST_VALUE: Final = 64
LONGEST_ADDEND: Final = 1_000
LONGEST_WINDOW: Final = timedelta(days=730)
MOST_WEIGHT: Final = 100
_ALL: Final = "lifetime"

Needed: TypeAlias = Mapping[str, Mapping[int, Sequence[str]]]
NOTHING_NEEDED: Final[Needed] = MappingProxyType({})

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_STAGE: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED: Final = re.compile(
    r"orders|stages|engagement|preferred-.*|did-.*|profile|properties|segments?|consent|top|rfm"
)
"""The totals of orders, the names under which stages and preferences are published, and those that rules begin with."""
MOST_LAST: Final = 200
"""How many events a profile keeps at most to tell where and when somebody takes notice of messages."""
_KINDS: Final = ("rollup", "preference", "engagement", "stages")


def read(source: str, *, rollups: Collection[str], needed: Needed = NOTHING_NEEDED) -> Definition:
    """Read a definition.

    Args:
        source: the document, YAML or JSON.
        rollups: the names of those that stages may read.
        needed: the windows that somebody asks a rollup for, and who does.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    reading = Reading()
    document = documents.load(source)
    definition = _read(document, rollups, reading)
    if isinstance(definition, Rollup):
        for days, users in needed.get(definition.name, {}).items():
            if days not in definition.windows:
                message = f"The window `{days}d` is asked for by {', '.join(users)}. Publish those without it first."
                reading.report(document, "window_in_use", message)
    if reading.problems or definition is None:
        raise InvalidDefinition(reading.problems)
    return definition


def _read(document: Node, rollups: Collection[str], reading: Reading) -> Definition | None:
    kind = next((it for it in _KINDS if isinstance(document, Fields) and it in document.fields), None)
    match kind:
        case "rollup":
            return _rollup(document, reading)
        case "preference":
            return _preference(document, reading)
        case "engagement":
            return _engagement(document, reading)
        case "stages":
            return _stages(document, rollups, reading)
    message = f"A definition begins with one of {', '.join(f'`{it}`' for it in _KINDS)}."
    reading.report(document, "missing_key", message)
    return None


def _rollup(document: Node, reading: Reading) -> Rollup | None:
    known = ("rollup", "description", "event", "where", "value", "currency", "windows")
    fields = reading.fields(document, "a rollup", known, "rollup", "event")
    _describe(fields, reading)
    name = _name(fields["rollup"].node, reading)
    events = _events(fields["event"].node, reading) if "event" in fields else ()
    scope = _scope(events)
    where = tree.read(fields["where"].node, scope, reading) if "where" in fields else None
    value = _value(fields["value"].node, scope, reading) if "value" in fields else None
    currency = _property(fields["currency"].node, "currency", scope, reading) if "currency" in fields else None
    if "currency" in fields and "value" not in fields:
        reading.report(fields["currency"].node, "missing_key", "`currency` says of which currency `value` is.")
    windows = _windows(fields["windows"].node, reading) if "windows" in fields else ()
    return Rollup(name, frozenset(events), where, value, windows, currency)


def _preference(document: Node, reading: Reading) -> Preference | None:
    known = ("preference", "description", "within", "of")
    fields = reading.fields(document, "a preference", known, "preference", "within", "of")
    _describe(fields, reading)
    aspect = reading.text(fields["preference"].node, "`preference`", longest=LONGEST_NAME)
    if aspect is not None and aspect not in set(Aspect):
        hint = did_you_mean(aspect, list(Aspect)) or f" Known here: {', '.join(Aspect)}."
        reading.report(fields["preference"].node, "bad_name", f"There is no preference for `{aspect}`.{hint}")
    within = _window(fields["within"].node, reading) if "within" in fields else None
    items = reading.items(fields["of"].node, "`of`") if "of" in fields else ()
    signs = [_sign(item, reading) for item in items]
    if reading.problems or aspect is None or within is None:
        return None
    return Preference(Aspect(aspect), tuple(it for it in signs if it), within)


def _sign(node: Node, reading: Reading) -> Sign | None:
    fields = reading.fields(node, "an item of `of`", ("event", "by", "is", "weight"), "event", "weight")
    if isinstance(node, Fields) and ("by" in fields) == ("is" in fields):
        reading.report(node, "missing_key", "An item of `of` needs either `by`, a property, or `is`, a name.")
    event = reading.text(fields["event"].node, "`event`", longest=LONGEST_EVENT) if "event" in fields else None
    by = _property(fields["by"].node, "by", _scope([event or ""]), reading) if "by" in fields else None
    always = reading.text(fields["is"].node, "`is`", longest=LONGEST_VALUE) if "is" in fields else None
    weight = _weight(fields["weight"].node, reading) if "weight" in fields else None
    return Sign(event, weight, by, always) if event and weight else None


def _engagement(document: Node, reading: Reading) -> Engagement | None:
    known = (ENGAGEMENT, "description", "last")
    fields = reading.fields(document, "a definition of engagement", known, ENGAGEMENT, "last")
    _describe(fields, reading)
    last = _last(fields["last"].node, reading) if "last" in fields else None
    signs = [_notice(item, reading) for item in reading.items(fields[ENGAGEMENT].node, "`engagement`")]
    return Engagement(tuple(it for it in signs if it), last) if last is not None else None


def _last(node: Node, reading: Reading) -> int | None:
    given = node.value if isinstance(node, Value) else None
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= MOST_LAST:
        return given
    reading.report(node, "wrong_type", f"`last` is a whole number from 1 to {MOST_LAST}.")
    return None


def _notice(node: Node, reading: Reading) -> Sign | None:
    fields = reading.fields(node, "an item of `engagement`", ("event", "weight"), "event", "weight")
    event = reading.text(fields["event"].node, "`event`", longest=LONGEST_EVENT) if "event" in fields else None
    weight = _weight(fields["weight"].node, reading) if "weight" in fields else None
    return Sign(event, weight) if event and weight else None


def _stages(document: Node, rollups: Collection[str], reading: Reading) -> Stages | None:
    fields = reading.fields(document, "a definition of stages", (STAGES, "description"), STAGES)
    _describe(fields, reading)
    rules = [_rule(item, rollups, reading) for item in reading.items(fields[STAGES].node, "`stages`")]
    known = tuple(rule for rule in rules if rule)
    reads = frozenset(part.path[0] for rule in known for part in asked(rule.when))
    return Stages(known, reads, turns(known))


def _rule(node: Node, rollups: Collection[str], reading: Reading) -> Rule | None:
    fields = reading.fields(node, "an item of `stages`", ("stage", "when"), "stage", "when")
    stage = reading.text(fields["stage"].node, "`stage`", longest=LONGEST_NAME) if "stage" in fields else None
    if stage is not None and not _STAGE.fullmatch(stage):
        reading.report(fields["stage"].node, "bad_name", "A stage is lower case with underscores, as in at_risk.")
    if "when" not in fields:
        return None
    when = tree.read(fields["when"].node, dict.fromkeys(rollups, asking.ALWAYS), reading)
    return Rule(stage, when, spell(when)) if stage and when else None


def _describe(fields: Mapping[str, Field], reading: Reading) -> None:
    if "description" in fields:
        reading.text(fields["description"].node, "`description`", longest=LONGEST_DESCRIPTION)


def _name(node: Node, reading: Reading) -> str:
    name = reading.text(node, "`rollup`", longest=LONGEST_NAME) or ""
    if name and not _NAME.fullmatch(name):
        near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
        hint = f" Did you mean `{near}`?" if near else ""
        reading.report(node, "bad_name", f"A rollup's name is lower case with hyphens, as in total-spend.{hint}")
    elif _RESERVED.fullmatch(name):
        reading.report(node, "bad_name", f"`{name}` is a name of the hub's own.")
    return name


def _events(node: Node, reading: Reading) -> list[str]:
    named = reading.items(node, "`event`") if isinstance(node, Items) else (node,)
    return [event for it in named if (event := reading.text(it, "`event`", longest=LONGEST_EVENT))]


def _scope(events: Sequence[str]) -> Scope:
    """Give what is known of the properties, where all comes from one event."""
    return {"properties": catalogue.EVENTS.get(events[0], {}) if len(events) == 1 else {}}


def _windows(node: Node, reading: Reading) -> tuple[int, ...]:
    items = reading.items(node, "`windows`")
    days = {_window(it, reading) for it in items if not (isinstance(it, Value) and it.value == _ALL)}
    return tuple(sorted(it for it in days if it is not None))


def _window(node: Node, reading: Reading) -> int | None:
    """Read a window of whole days."""
    written = reading.text(node, "a window", longest=LONGEST_NAME)
    if written is None:
        return None
    try:
        window = durations.parse(written)
    except durations.BadDuration as error:
        reading.report(node, "bad_duration", error.message)
        return None
    if window % timedelta(days=1) or window > LONGEST_WINDOW:
        message = f"A window is of whole days, at most {LONGEST_WINDOW.days}d: they are counted by day."
        reading.report(node, "bad_duration", message)
        return None
    return window.days


def _weight(node: Node, reading: Reading) -> int | None:
    given = node.value if isinstance(node, Value) else None
    if isinstance(given, bool) or not isinstance(given, int):
        reading.report(node, "wrong_type", f"`weight` takes a whole number, not {spoken(node)}.")
        return None
    if not 1 <= given <= MOST_WEIGHT:
        reading.report(node, "bad_weight", f"`weight` is 1 to {MOST_WEIGHT}.")
        return None
    return given


def _value(node: Node, scope: Scope, reading: Reading) -> Addend | None:
    """Read what is added up: a property, or units."""
    text = reading.text(node, "`value`", longest=LONGEST_ADDEND)
    if text is None or not isinstance(node, Value):
        return None
    try:
        return kinds.read_value(text, scope)
    except InvalidDefinition as error:
        reading.problems += map(node.outside, error.problems)
        return None


def _property(node: Node, name: str, scope: Scope, reading: Reading) -> Path | None:
    """Read the name of a property."""
    text = reading.text(node, f"`{name}`", longest=LONGEST_EVENT)
    if text is None or not isinstance(node, Value):
        return None
    try:
        path = parser.path(text)
        kind = kinds.kind_of(path, scope)
    except InvalidDefinition as error:
        reading.problems += map(node.outside, error.problems)
        return None
    except kinds.BadName as error:
        reading.report(node, error.fault, error.message)
        return None
    if kind in {Kind.LIST, Kind.OBJECT, Kind.OBJECTS}:
        reading.report(node, "wrong_type", f"`{text}` is {kind}, `{name}` takes a property with one value.")
    return path
