"""The document of a content: YAML or JSON, checked name by name.

content: spring-sale
surface: popup
texts:
  en: {title: Spring is here, text: "Hello {{ profile.firstName }}, all beans are cheaper.", link: https://shop.example/}
audience: profile.country = "DE"
pages: [/, /coffee/*]
window: {from: 2026-03-01T00:00:00+01:00, until: 2026-04-01T00:00:00+02:00}
frequency: {most: 2, per: 1d, until: [clicked]}
priority: 60
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from hub.conditions import tree
from hub.conditions.kinds import Scope
from hub.conditions.spelling import spell
from hub.content import words
from hub.content.model import MOST_SHOWN, Content, Frequency, What
from hub.kit import documents, durations
from hub.kit.documents import Node, Value
from hub.kit.problems import InvalidDefinition, did_you_mean
from hub.kit.reading import Reading
from hub.messaging.model import HIGHEST_PRIORITY, USUAL_PRIORITY
from hub.messaging.surfaces import SHOWN, Surface
from hub.segments.model import Segment
from hub.segments.scope import OF_SEGMENTS

LONGEST_NAME: Final = 64
LONGEST_DESCRIPTION: Final = 2_000
LONGEST_PLACE: Final = 255
MOST_PLACES: Final = 200
LONGEST_TIME: Final = timedelta(days=366)
"""The longest duration of a frequency rule."""

KEYS: Final = (
    "content",
    "description",
    "surface",
    "texts",
    "audience",
    "pages",
    "stores",
    "window",
    "frequency",
    "priority",
)
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read(source: str, scope: Scope | None, snippets: Collection[str] | None = None) -> Content:
    """Read a content.

    Args:
        source: the document, YAML or JSON.
        scope: what its audience may be asked for; None for one that was checked when it was published.
        snippets: those that its texts may say; None for one that was checked, or where nobody asks.

    Raises:
        InvalidDefinition: with every problem that the document has; one that is no YAML has that one only.
    """
    # What somebody did, and who is at the top, is asked in segments, which are counted for all.
    known = None if scope is None else {name: it for name, it in scope.items() if name not in OF_SEGMENTS}
    reader = _Reader(known, snippets)
    content = reader.content(documents.load(source))
    if reader.reading.problems or content is None:
        raise InvalidDefinition(reader.reading.problems)
    return content


class _Reader:
    """Reads one document, and collects what is wrong with it."""

    def __init__(self, scope: Scope | None, snippets: Collection[str] | None) -> None:
        self.reading = Reading()
        self._scope = scope
        self._snippets = snippets

    def content(self, document: Node) -> Content | None:
        found = self.reading.fields(document, "a content", KEYS, "content", "surface", "texts")
        nodes = {key: field.node for key, field in found.items()}
        if "description" in nodes:
            self.reading.text(nodes["description"], "`description`", longest=LONGEST_DESCRIPTION)
        name = self._name(nodes["content"]) if "content" in nodes else None
        surface = self._one_of(nodes["surface"], "`surface`", SHOWN) if "surface" in nodes else None
        since, before = self._window(nodes["window"]) if "window" in nodes else (None, None)
        texts = words.read(nodes["texts"], self.reading, self._snippets) if "texts" in nodes else {}
        audience = self._audience(nodes["audience"], name) if "audience" in nodes else None
        pages = self._places(nodes["pages"], "`pages`") if "pages" in nodes else ()
        stores = self._places(nodes["stores"], "`stores`") if "stores" in nodes else ()
        frequency = self._frequency(nodes["frequency"]) if "frequency" in nodes else Frequency()
        priority = self._number(nodes["priority"], "`priority`", 0, HIGHEST_PRIORITY) if "priority" in nodes else None
        if name is None or surface is None:
            return None
        return Content(
            name=name,
            surface=Surface(surface),
            texts=texts,
            audience=audience,
            pages=pages,
            stores=frozenset(stores),
            since=since,
            before=before,
            frequency=frequency,
            priority=USUAL_PRIORITY if priority is None else priority,
            snippets=words.snippets_in(texts),
        )

    def _name(self, node: Node) -> str | None:
        name = self.reading.text(node, "`content`", longest=LONGEST_NAME)
        if name is not None and not _NAME.fullmatch(name):
            near = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
            hint = f" Did you mean `{near}`?" if near else ""
            self.reading.report(node, "bad_name", f"Its name is lower case with hyphens, as in spring-sale.{hint}")
            return None
        return name

    def _audience(self, node: Node, name: str | None) -> Segment | None:
        when = tree.read(node, self._scope, self.reading)
        return None if when is None else Segment(name or "", when, spell(when))

    def _places(self, node: Node, name: str) -> tuple[str, ...]:
        items = self.reading.items(node, name)
        if len(items) > MOST_PLACES:
            self.reading.report(node, "bad_length", f"{name} names at most {MOST_PLACES}, here are {len(items)}.")
        texts = (self.reading.text(it, f"an item of {name}", longest=LONGEST_PLACE) for it in items[:MOST_PLACES])
        return tuple(it for it in texts if it is not None)

    def _window(self, node: Node) -> tuple[datetime | None, datetime | None]:
        fields = self.reading.fields(node, "`window`", ("from", "until"))
        since, before = (self._time(fields[it].node, f"`{it}`") if it in fields else None for it in ("from", "until"))
        if since is not None and before is not None and before <= since:
            self.reading.report(node, "bad_window", "`until` comes after `from`.")
        return since, before

    def _time(self, node: Node, name: str) -> datetime | None:
        text = self.reading.text(node, name, longest=LONGEST_PLACE)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
            known = moment.astimezone(UTC) if moment.tzinfo else None
        except (ValueError, OverflowError):
            known = None
        if known is None:
            message = f"{name} is a time with its zone, as in 2026-03-01T00:00:00+01:00."
            self.reading.report(node, "bad_time", message)
        return known

    def _frequency(self, node: Node) -> Frequency:
        fields = self.reading.fields(node, "`frequency`", ("most", "per", "between", "until"))
        if "per" in fields and "most" not in fields:
            self.reading.report(node, "missing_key", "`per` says in which time `most` counts: there is no `most`.")
        per, between = (self._duration(fields[it].node) if it in fields else None for it in ("per", "between"))
        until = self.reading.items(fields["until"].node, "`until`") if "until" in fields else ()
        ends = (self._one_of(it, "an item of `until`", (What.CLICKED, What.DISMISSED)) for it in until)
        return Frequency(
            most=self._number(fields["most"].node, "`most`", 1, MOST_SHOWN) if "most" in fields else None,
            per=per,
            between=between,
            until=frozenset(What(it) for it in ends if it is not None),
        )

    def _duration(self, node: Node) -> timedelta | None:
        text = str(node.value) if isinstance(node, Value) else ""
        try:
            duration = durations.parse(text)
        except durations.BadDuration as error:
            self.reading.report(node, "bad_duration", error.message)
            return None
        if duration > LONGEST_TIME:
            self.reading.report(node, "bad_duration", f"It is at most {durations.spell(LONGEST_TIME)}.")
        return duration

    def _number(self, node: Node, name: str, least: int, most: int) -> int | None:
        if isinstance(node, Value) and type(node.value) is int and least <= node.value <= most:
            return node.value
        self.reading.report(node, "wrong_type", f"{name} is a whole number from {least} to {most}.")
        return None

    def _one_of(self, node: Node, name: str, known: tuple[str, ...]) -> str | None:
        text = self.reading.text(node, name, longest=LONGEST_NAME)
        if text is None or text in known:
            return text
        hint = did_you_mean(text, known) or f" Known here: {', '.join(known)}."
        self.reading.report(node, "unknown_value", f"`{text}` is none.{hint}")
        return None
