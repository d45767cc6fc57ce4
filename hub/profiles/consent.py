"""Consent: what a person has allowed or forbidden, for a channel, a topic and a brand, and which word of theirs counts.

The last word counts; of two at the same time the stricter. A person may forbid at once what they never named: `ALL`
stands for every channel, topic or brand, those that come later included. To allow, all three are named.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import product
from typing import Any, Final, TypeAlias
from uuid import UUID

from hub.kit.errors import HubError
from hub.profiles.model import Channel

ALL: Final = "*"
DEFAULT_BRAND: Final = "default"


class ConsentState(StrEnum):
    """What a person says; `pending` is asked and not yet confirmed, which allows nothing. The stricter comes later."""

    GRANTED = "granted"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


class How(StrEnum):
    """By which way a consent came."""

    CLIENT = "client"
    SERVER = "server"
    CUSTOMER = "customer"
    STAFF = "staff"
    PAGE = "page"
    DOUBLE_OPT_IN = "double_opt_in"
    SMS = "sms"


class BadConsent(HubError):
    """A consent that cannot be meant."""

    code = "BAD_USER_INPUT"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a consent is about: names, or `ALL` of a sort."""

    brand: str
    topic: str
    channel: str

    @property
    def key(self) -> str:
        """How it is named in a profile."""
        return f"{self.brand}/{self.topic}/{self.channel}"

    @property
    def is_one(self) -> bool:
        """Whether brand, topic and channel are all named."""
        return ALL not in (self.brand, self.topic, self.channel)

    @property
    def brands(self) -> frozenset[str]:
        """The brand it names; none where it is of all."""
        return frozenset({self.brand} - {ALL})

    def covers(self, other: "Subject") -> bool:
        """Tell whether what is said of this is said of the other."""
        return (
            self.brand in (ALL, other.brand)
            and self.topic in (ALL, other.topic)
            and self.channel in (ALL, other.channel)
        )

    @classmethod
    def of(cls, key: str) -> "Subject":
        """Read the name it has in a profile."""
        return cls(*key.split("/"))


EVERYTHING: Final = Subject(ALL, ALL, ALL)


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for one subject: the state, since when, and the entry of the log that says so.

    `version` names the text that the person agreed to, `source` who brought it, `how` by which way.
    """

    state: ConsentState
    at: datetime
    source: str
    how: How
    version: str | None = None

    @property
    def weight(self) -> tuple[datetime, int, str, str, str]:
        """Which of two counts: the later; of two at the same time the stricter; else always the same one."""
        return self.at, STRICTNESS[self.state], self.how, self.source, self.version or ""


STRICTNESS: Final = {state: place for place, state in enumerate(ConsentState)}

Consents: TypeAlias = Mapping[str, Mapping[str, Any]]
"""The consents of a profile as they lie in it, by the key of their subject."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One word of a person, as the log keeps it for ever. `id` is its key: made of what brought it.

    `address_key` is the keyed hash of the address that a double opt-in was sent to.
    """

    id: UUID
    profile_id: UUID
    subject: Subject
    standing: Standing
    address_key: str | None = None


def checked(subject: Subject, state: ConsentState) -> Subject:
    """Let a subject pass that a state can be said of.

    Raises:
        BadConsent: a name is not one, or everything is allowed at once.
    """
    if subject.channel not in (ALL, *Channel):
        raise BadConsent(f"A channel is one of {', '.join(Channel)}.")
    if not all(name == ALL or is_name(name) for name in (subject.brand, subject.topic)):
        raise BadConsent("Brand and topic are names of a-z, 0-9, - and _, at most 64 of them.")
    if state is not ConsentState.WITHDRAWN and not subject.is_one:
        raise BadConsent("To allow, brand, topic and channel are named; only a withdrawal may be of everything.")
    return subject


def is_name(text: str) -> bool:
    """Tell whether a text can name a brand or topic."""
    return 0 < len(text) <= 64 and all(it in "abcdefghijklmnopqrstuvwxyz0123456789-_" for it in text)  # noqa: PLR2004


def standing_of(consents: Consents, subject: Subject) -> Standing | None:
    """Tell what holds for a subject: the weightiest of all that was said of it. None where nothing was."""
    if not consents:
        return None
    brands, topics, channels = ({name, ALL} for name in (subject.brand, subject.topic, subject.channel))
    keys = (f"{brand}/{topic}/{channel}" for brand, topic, channel in product(brands, topics, channels))
    found = [_standing(consents[key]) for key in keys if key in consents]
    return max(found, key=lambda it: it.weight) if found else None


def folded(consents: Consents, said: Iterable[Consent]) -> dict[str, dict[str, Any]]:
    """Take words into what holds. In which order and how often they come makes no difference."""
    found = {key: dict(row) for key, row in consents.items()}
    for it in said:
        _take(found, it.subject.key, it.standing)
    return found


def merged(ours: Consents, theirs: Consents) -> dict[str, dict[str, Any]]:
    """Give what holds for two profiles that are one person: of each subject the stricter.

    What only one of them has said, holds. A word said after the merge counts more than either.
    """
    found: dict[str, dict[str, Any]] = {}
    for key in sorted({*ours, *theirs}):
        subject = Subject.of(key)
        both = [it for side in (ours, theirs) if (it := standing_of(side, subject)) is not None]
        strictest = max(both, key=lambda it: (STRICTNESS[it.state], it.at))
        # Later than all that covers it on either side, or a wider and older word could count more.
        found[key] = {**row_of(strictest), "at": max(it.at for it in both)}
    return found


def differing(
    consents: Consents, said: Iterable[tuple[Subject, ConsentState]]
) -> Iterator[tuple[Subject, ConsentState]]:
    """Leave out what holds already."""
    for subject, state in said:
        standing = standing_of(consents, subject)
        covered = [it.state for other, it in entries(consents) if subject.covers(other)]
        if standing is None or {standing.state, *covered} != {state}:
            yield subject, state


def latest_of(consents: Consents, subject: Subject) -> datetime | None:
    """Tell when the last word was said that covers this subject or is covered by it."""
    related = [standing.at for it, standing in entries(consents) if it.covers(subject) or subject.covers(it)]
    return max(related, default=None)


def entries(consents: Consents) -> list[tuple[Subject, Standing]]:
    """List the last word on each subject that a person has named, by brand, topic and channel."""
    return [(Subject.of(key), _standing(row)) for key, row in sorted(consents.items())]


def row_of(standing: Standing) -> dict[str, Any]:
    """Make the row that lies in a profile and in the log."""
    return {
        "state": standing.state.value,
        "at": standing.at,
        "source": standing.source,
        "how": standing.how.value,
        "version": standing.version,
    }


def _take(found: dict[str, dict[str, Any]], key: str, said: Standing) -> None:
    if key not in found or said.weight > _standing(found[key]).weight:
        found[key] = row_of(said)


def _standing(row: Mapping[str, Any]) -> Standing:
    return Standing(ConsentState(row["state"]), row["at"], row["source"], How(row["how"]), row["version"])
