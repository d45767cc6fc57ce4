"""Topics: what messages are about, so that a person may want some and not others. Three are always there.

| class         | needs consent | reaches a suppressed address |
|---------------|---------------|------------------------------|
| marketing     | yes           | no                           |
| transactional | no            | no                           |
| necessary     | no            | yes                          |
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from pymongo import IndexModel

from hub.database import Named
from hub.kit.languages import by_nearness
from hub.profiles import consent
from hub.profiles.consent import DEFAULT_BRAND, BadConsent

MARKETING: Final = "marketing"
SERVICE: Final = "service"
ACCOUNT: Final = "account"
ADVERTISING: Final = "advertising"
"""Being shown advertising by others, who are told whom to look for. A brand that does so makes a topic of this name."""

FRESH_SECONDS: Final = 1.0
"""How long topics that were read are taken for all there are without asking."""

_LONGEST_NAME: Final = 80


class TopicClass(StrEnum):
    """What the law makes of a message: advertising, what a contract needs, or what the person or the law demands."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    NECESSARY = "necessary"


@dataclass(frozen=True, slots=True)
class Topic:
    """What messages of one brand are about. `names` and `descriptions` are for people, by language such as `de-AT`."""

    brand: str
    name: str
    topic_class: TopicClass
    names: Mapping[str, str]
    descriptions: Mapping[str, str]

    @property
    def id(self) -> str:
        """Its key."""
        return f"{self.brand}/{self.name}"

    def name_in(self, language: str) -> str:
        """Name it in the nearest language."""
        return self.names[by_nearness(self.names, language)[0]]

    def description_in(self, language: str) -> str:
        """Describe it in the nearest language; empty where nobody has."""
        return self.descriptions[by_nearness(self.descriptions, language)[0]] if self.descriptions else ""


def _built_in(name: str, topic_class: TopicClass, en: tuple[str, str], de: tuple[str, str]) -> Topic:
    return Topic(DEFAULT_BRAND, name, topic_class, {"en": en[0], "de": de[0]}, {"en": en[1], "de": de[1]})


BUILT_IN: Final[Mapping[str, Topic]] = {
    MARKETING: _built_in(
        MARKETING,
        TopicClass.MARKETING,
        ("News and offers", "What is new, offers, and reminders of what you have left in your cart."),
        ("Neuigkeiten und Angebote", "Neues, Angebote und Erinnerungen an Ihren Warenkorb."),
    ),
    SERVICE: _built_in(
        SERVICE,
        TopicClass.TRANSACTIONAL,
        ("Your orders", "What you need to know about what you have bought."),
        ("Ihre Bestellungen", "Was Sie über Ihre Einkäufe wissen müssen."),
    ),
    ACCOUNT: _built_in(
        ACCOUNT,
        TopicClass.NECESSARY,
        ("Your account", "Codes that you ask for, and what the law wants you to be told."),
        ("Ihr Konto", "Codes, die Sie anfordern, und was Ihnen von Gesetzes wegen mitzuteilen ist."),
    ),
}
"""The topics that every brand has, until it says something else under their names."""


class TopicDocument(Named):
    """A topic at rest. `_id` is `BRAND/NAME`."""

    topic_class: TopicClass
    names: dict[str, str]
    descriptions: dict[str, str]
    changed_at: datetime

    class Settings:
        """Where topics lie."""

        name = "topics"
        personal = None
        indexes: ClassVar[list[IndexModel]] = []


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All topics that are stored, by their key."""

    stored: Mapping[str, Topic]
    _made: dict[tuple[str, str], Topic] = field(default_factory=dict, init=False, repr=False, compare=False)

    def topic(self, brand: str, name: str) -> Topic:
        """Give a topic. One that nobody has described is advertising, which needs consent."""
        found = self._made.get((brand, name))
        if found is None:
            found = self._made[brand, name] = self.stored.get(f"{brand}/{name}") or _undescribed(brand, name)
        return found

    @property
    def offered(self) -> list[Topic]:
        """List what a person may choose: the advertising topics of all brands, by brand and name."""
        brands = sorted({DEFAULT_BRAND, *(it.brand for it in self.stored.values())})
        listed = {it.id: it for it in self.stored.values()}
        listed |= {it.id: it for brand in brands for it in [self.topic(brand, MARKETING)] if it.id not in listed}
        return [it for _, it in sorted(listed.items()) if it.topic_class is TopicClass.MARKETING]


def _undescribed(brand: str, name: str) -> Topic:
    made = BUILT_IN.get(name)
    topic_class = made.topic_class if made else TopicClass.MARKETING
    names, descriptions = (made.names, made.descriptions) if made else ({"en": name}, {})
    return Topic(brand, name, topic_class, names, descriptions)


class Topics:
    """The topics of this process: what was read is kept for a second."""

    def __init__(self) -> None:
        self._catalogue = Catalogue({})
        self._read_at: float | None = None

    async def current(self) -> Catalogue:
        """Give all topics, at most a second old."""
        now = time.monotonic()
        if self._read_at is None or now - self._read_at >= FRESH_SECONDS:
            self._catalogue, self._read_at = await load(), now
        return self._catalogue


async def load() -> Catalogue:
    """Read all topics as they are now."""
    rows = TopicDocument.get_pymongo_collection().find()
    return Catalogue({row["_id"]: _topic_of(row) async for row in rows})


async def save(topic: Topic, *, now: datetime) -> Topic | None:
    """Store a topic and give the one that it takes the place of.

    Raises:
        BadConsent: the name is none, or it has no name for people.
    """
    if not (consent.is_name(topic.brand) and consent.is_name(topic.name)):
        raise BadConsent("Brand and topic are names of a-z, 0-9, - and _, at most 64 of them.")
    if not topic.names or not all(0 < len(it.strip()) <= _LONGEST_NAME for it in topic.names.values()):
        raise BadConsent(f"A topic has a name of at most {_LONGEST_NAME} characters in at least one language.")
    before = await TopicDocument.get_pymongo_collection().find_one_and_update(
        {"_id": topic.id},
        {
            "$set": {
                "topic_class": topic.topic_class.value,
                "names": dict(topic.names),
                "descriptions": dict(topic.descriptions),
                "changed_at": now,
            }
        },
        upsert=True,
    )
    return _topic_of(before) if before else None


def _topic_of(row: Mapping[str, object]) -> Topic:
    document = TopicDocument.model_validate(row)
    brand, _, name = document.id.partition("/")
    return Topic(brand, name, document.topic_class, document.names, document.descriptions)
