"""Links by which a person acts without signing in: signed, expiring, for one purpose, and without a word about them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.kit.signing import Signer
from hub.profiles.consent import Subject
from hub.settings import Settings

PREFERENCES_LAST: Final = timedelta(days=90)
UNSUBSCRIBE_LASTS: Final = timedelta(days=730)
"""Longer than anybody keeps a mail they want to be rid of."""
CONFIRMATION_LASTS: Final = timedelta(days=7)
REWARDS_LAST: Final = timedelta(hours=1)
"""Who holds such an address spends somebody's points."""
FORM_LASTS: Final = timedelta(hours=12)

_PREFERENCES: Final = "preferences"
_UNSUBSCRIBE: Final = "unsubscribe"
_REWARDS: Final = "rewards"
_CONFIRM: Final = "confirm consent"
_FORM: Final = "form"
_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Unsubscribing:
    """What an unsubscribe link is for: whom, and from what."""

    profile_id: UUID
    subject: Subject


class MadeWhenAsked(Mapping[str, str]):
    """Links by their names, each made when somebody asks for it: a mail shows one or two of those it might."""

    def __init__(self, making: Mapping[str, Callable[[], str]]) -> None:
        self._making = making
        self._made: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """Give a link, the same as often as it is asked for."""
        if name not in self._made:
            self._made[name] = self._making[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Name them."""
        return iter(self._making)

    def __len__(self) -> int:
        """Count them."""
        return len(self._making)

    def __str__(self) -> str:
        """Write them all."""
        return str(dict(self))


class Links:
    """Makes links to the hub's own pages and reads the tokens in them.

    A token is valid while its person is there: whoever uses it looks for the profile, so that erasing it ends them all.
    """

    def __init__(self, settings: Settings) -> None:
        secrets = (settings.secret_key, settings.secret_key_previous)
        self._signer = Signer([secret.get_secret_value() for secret in secrets])
        self._url = settings.public_url.rstrip("/")

    def preferences(self, profile_id: UUID, *, now: datetime) -> str:
        """Make the address of a person's preference page."""
        return f"{self._url}/m/p/{self._token(_PREFERENCES, profile_id.bytes, now + PREFERENCES_LAST)}"

    def unsubscribe(self, profile_id: UUID, subject: Subject, *, now: datetime) -> str:
        """Make the address by which a person ends the messages of one subject."""
        content = profile_id.bytes + subject.key.encode()
        return f"{self._url}/m/u/{self._token(_UNSUBSCRIBE, content, now + UNSUBSCRIBE_LASTS)}"

    def rewards(self, profile_id: UUID, poster: str, *, now: datetime) -> str:
        """Make the address at which a person redeems who has scanned a poster and signed in."""
        return f"{self._url}/m/r/{self._token(_REWARDS, profile_id.bytes + poster.encode(), now + REWARDS_LAST)}"

    def confirm(self, consent_id: UUID, *, asked_at: datetime) -> str:
        """Make the address by which a person confirms what they were asked."""
        return f"{self._url}/m/p/{self._token(_CONFIRM, consent_id.bytes, asked_at + CONFIRMATION_LASTS)}/confirm"

    def form(self, key: UUID, page: str, *, now: datetime) -> str:
        """Make the hidden field of a form on the page of this token. Whoever sends it has seen the page."""
        return self._token(_FORM, key.bytes + page.encode(), now + FORM_LASTS)

    def prefers(self, token: str, *, now: datetime) -> UUID | None:
        """Tell whose preference page a token opens. None where it opens none (any more)."""
        content = self._signer.content(_PREFERENCES, token, now=now)
        return UUID(bytes=content) if content else None

    def rewards_of(self, token: str, *, now: datetime) -> tuple[UUID, str] | None:
        """Tell who redeems by a token, and in front of which poster. None where it opens nothing (any more)."""
        content = self._signer.content(_REWARDS, token, now=now)
        return (UUID(bytes=content[:_ID_BYTES]), content[_ID_BYTES:].decode()) if content else None

    def unsubscribes(self, token: str, *, now: datetime) -> Unsubscribing | None:
        """Tell whom a token unsubscribes from what."""
        content = self._signer.content(_UNSUBSCRIBE, token, now=now)
        if not content:
            return None
        return Unsubscribing(UUID(bytes=content[:_ID_BYTES]), Subject.of(content[_ID_BYTES:].decode()))

    def confirms(self, token: str, *, now: datetime) -> UUID | None:
        """Tell which consent a token confirms."""
        content = self._signer.content(_CONFIRM, token, now=now)
        return UUID(bytes=content) if content else None

    def key_of_form(self, field: str, page: str, *, now: datetime) -> UUID | None:
        """Tell the idempotency key of a form. None where it is not of this page, or too old."""
        content = self._signer.content(_FORM, field, now=now)
        if not content or content[_ID_BYTES:] != page.encode():
            return None
        return UUID(bytes=content[:_ID_BYTES])

    def _token(self, purpose: str, content: bytes, until: datetime) -> str:
        return self._signer.token(purpose, content, until=until)
