"""The journey language: a document of YAML or JSON, checked name by name, becomes a `Definition`.

    journey: abandoned-cart
    description: Reminds whoever left a checkout behind.
    enter: {event: Checkout Started, key: properties.order_id, where: properties.value > 0}
    exit:
      - {event: Order Completed, match: properties.order_id}
    steps:
      - wait: 1h
      - send: {template: cart-reminder, channels: [push, email, sms]}
      - branch:
          - if: profile.country in ["DE", "AT"]
            then: [{wait: 1d}, {send: {template: cart-last-call}}]
          - else: [end]

`channels` is `[email]` where it is left out. A condition is text or the tree of `all`, `any` and `not`; it may ask for
`properties` of the entering event, and of the customer for all that a segment may ask for.
"""

import re
from collections.abc import Callable, Collection
from typing import Final

from hub.conditions import catalogue, kinds, parser, tree
from hub.conditions.kinds import Kind, Scope
from hub.conditions.model import Path
from hub.journeys.definition import Definition, Entry, Exit
from hub.journeys.steps import StepReader
from hub.kit import documents
from hub.kit.documents import Fields, Node, Value
from hub.kit.problems import InvalidDefinition
from hub.kit.reading import Reading
from hub.segments.scope import OF_SEGMENTS
from hub.wording.ways_out import WaysOut

__all__ = ["InvalidDefinition", "read", "read_published"]

LONGEST_NAME: Final = 64
LONGEST_EVENT: Final = 128
LONGEST_DESCRIPTION: Final = 2_000

_KEYS: Final = ("journey", "description", "enter", "exit", "steps")
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read(source: str, *, templates: Collection[str], known: Scope, ways: WaysOut | None = None) -> Definition:
    """Read a journey that somebody wants to publish.

    Args:
        source: the document, YAML or JSON.
        templates: the names that a `send` may use.
        known: what conditions may speak of besides the entering event: see `hub.segments.scope`.
        ways: which of the templates may be said as advertising; where it is None, nobody asks.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    # What somebody did, and who is at the top, is asked in segments, which are known to the second and counted for all.
    others = {name: shape for name, shape in known.items() if name not in OF_SEGMENTS}
    return _read(source, templates, lambda event: {**catalogue.scope_of(event), **others}, ways)


def read_published(source: str) -> Definition:
    """Read a journey that was checked when it was published.

    Its templates and the kinds of its names are not asked for again: what has changed since must not stop its runs.
    """
    return _read(source, None, lambda _: None)


def _read(
    source: str,
    templates: Collection[str] | None,
    scope_of: Callable[[str | None], Scope | None],
    ways: WaysOut | None = None,
) -> Definition:
    document = documents.load(source)
    reading = Reading()
    fields = reading.fields(document, "a journey", _KEYS, "journey", "enter", "steps")
    name = _name(fields["journey"].node, reading) if "journey" in fields else ""
    if "description" in fields:
        reading.text(fields["description"].node, "`description`", longest=LONGEST_DESCRIPTION)
    entered_by = _entering_event(fields["enter"].node) if "enter" in fields else None
    scope = scope_of(entered_by)
    entry = _entry(fields["enter"].node, scope, reading) if "enter" in fields else Entry("")
    exits = _exits(fields["exit"].node, scope_of, reading) if "exit" in fields else ()
    steps = StepReader(reading, scope, templates, ways)
    if "steps" in fields:
        steps.block(fields["steps"].node, "`steps`")
    if reading.problems:
        raise InvalidDefinition(reading.problems)
    return Definition(name=name, entry=entry, exits=exits, first="0", steps=steps.steps, source=source)


def _name(node: Node, reading: Reading) -> str:
    name = reading.text(node, "`journey`", longest=LONGEST_NAME) or ""
    if name and not _NAME.fullmatch(name):
        near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
        hint = f" Did you mean `{near}`?" if near else ""
        reading.report(node, "bad_name", f"A journey's name is lower case with hyphens, as in abandoned-cart.{hint}")
    return name


def _entering_event(node: Node) -> str | None:
    """Look ahead for the event whose properties the conditions may ask for, without reporting anything."""
    event = node.fields.get("event") if isinstance(node, Fields) else None
    return event.node.value if event and isinstance(event.node, Value) and isinstance(event.node.value, str) else None


def _entry(node: Node, scope: Scope | None, reading: Reading) -> Entry:
    fields = reading.fields(node, "`enter`", ("event", "key", "where"), "event")
    return Entry(
        event=_event(fields["event"].node, reading) if "event" in fields else "",
        key=_property(fields["key"].node, "key", scope, reading) if "key" in fields else None,
        where=tree.read(fields["where"].node, scope, reading) if "where" in fields else None,
    )


def _exits(node: Node, scope_of: Callable[[str | None], Scope | None], reading: Reading) -> tuple[Exit, ...]:
    exits: list[Exit] = []
    for item in reading.items(node, "`exit`"):
        fields = reading.fields(item, "an item of `exit`", ("event", "match"), "event")
        event = _event(fields["event"].node, reading) if "event" in fields else ""
        match = _property(fields["match"].node, "match", scope_of(event), reading) if "match" in fields else None
        exits.append(Exit(event, match))
    return tuple(exits)


def _event(node: Node, reading: Reading) -> str:
    return reading.text(node, "`event`", longest=LONGEST_EVENT) or ""


def _property(node: Node, name: str, scope: Scope | None, reading: Reading) -> Path | None:
    """Read the name of a property that can tell one thing, such as an order, from another."""
    text = reading.text(node, f"`{name}`", longest=LONGEST_EVENT)
    if text is None or not isinstance(node, Value):
        return None
    try:
        path = parser.path(text)
        kind = kinds.kind_of(path, {"properties": scope["properties"] if scope else {}})
    except InvalidDefinition as error:
        reading.problems += map(node.outside, error.problems)
        return None
    except kinds.BadName as error:
        reading.report(node, error.fault, error.message)
        return None
    if kind in {Kind.LIST, Kind.OBJECT, Kind.OBJECTS}:
        reading.report(node, "wrong_type", f"`{text}` is {kind}, `{name}` takes a property with one value.")
    return path
