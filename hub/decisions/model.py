"""A decision and the reasons it may have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.kit import ids


class Reason(StrEnum):
    """Why the answer was no."""

    ALREADY_IN = "already_in"
    ALREADY_REVIEWED = "already_reviewed"
    CAPPED = "capped"
    CARD_NUMBER = "card_number"
    LOWER_PRIORITY = "lower_priority"
    MERGED = "merged"
    NO_CONSENT = "no_consent"
    NO_LONGER_WORTH_IT = "no_longer_worth_it"
    NOT_BOUGHT = "not_bought"
    OPEN_CASE = "open_case"
    QUIET_HOURS = "quiet_hours"
    SUPPRESSED = "suppressed"
    UNREACHABLE = "unreachable"
    UNTRUSTED_SOURCE = "untrusted_source"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one `question` about one profile, asked because of one `cause` (an event or visit, never a time).

    `reason` is None where the answer was yes. `detail` holds ids and names, never personal data.
    """

    profile_id: UUID
    question: str
    cause: str
    reason: Reason | None
    at: datetime
    detail: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """The key under which it is decided once."""
        return ids.key_of("decision", self.profile_id, self.question, self.cause)
