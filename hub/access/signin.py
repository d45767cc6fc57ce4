"""Signing in without a password: a link and a code that prove that somebody reads an address.

Neither is stored. Both follow from the id of the challenge and the hub's secret, so that what lies in the database
opens no door; the message that carries them makes them when it is rendered.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.kit.errors import HubError, TryLater
from hub.kit.signing import NoSecret, Signer
from hub.settings import Settings

LASTS: Final = timedelta(minutes=15)
MOST_TRIES: Final = 5
"""How many codes may be tried; the chance to guess one of a million in five."""

SHORTEST_DEVICE, LONGEST_DEVICE = 16, 255

_LINK: Final = "sign in"
_DIGITS: Final = 6


class SignInRefused(HubError):
    """Whoever asked is not signed in."""


class Expired(SignInRefused):
    """The challenge is too old, was replaced by a newer one, or never was."""

    code = "EXPIRED"

    def __init__(self) -> None:
        super().__init__("This link or code is not valid any more. Ask for a new one.")


class AlreadyUsed(SignInRefused):
    """Somebody has signed in by it."""

    code = "ALREADY_USED"

    def __init__(self) -> None:
        super().__init__("This link or code was used already. Ask for a new one.")


class OtherDevice(SignInRefused):
    """It was asked for on another device."""

    code = "OTHER_DEVICE"

    def __init__(self) -> None:
        super().__init__("This link or code belongs to another device: use it where it was asked for.")


class WrongCode(SignInRefused):
    """The code is not the one that was sent."""

    code = "WRONG_CODE"

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"This is not the code. Tries left: {tries_left}.")
        self.tries_left = tries_left


class TooManyTries(SignInRefused):
    """No more codes are compared."""

    code = "TOO_MANY_TRIES"

    def __init__(self) -> None:
        super().__init__("Too many wrong codes were tried. Ask for a new one.")


class BadAddress(HubError):
    """What was given is no address, or no secret of a device."""

    code = "BAD_USER_INPUT"


class TooManyRequests(TryLater):
    """Codes were asked for too often: for this address, on this device, from this network or with this key."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Codes were asked for too often. Try again in {retry_after} s.", retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question to an address: whether its owner is at a device. `device` is the hash of that device's secret.

    A `decoy` goes to an address that nobody may sign in by. It looks like any other, is never sent, and no code is its.
    `taken` is what it has taken of allowances and a sign-in gives back.
    """

    id: UUID
    profile_id: UUID
    kind: str
    value: str
    device: str
    language: str | None
    asked_at: datetime
    expires_at: datetime
    decoy: bool
    live: bool = True
    tries: int = 0
    used_by: UUID | None = None
    used_at: datetime | None = None
    taken: tuple[UUID, ...] = ()

    def holds(self, now: datetime) -> bool:
        """Tell whether one can still sign in by it."""
        return self.live and self.used_by is None and now < self.expires_at


def device_hash(secret: str) -> str:
    """Hash the secret of a device, under which it is known.

    Raises:
        BadAddress: it is too short to be one, or too long.
    """
    if not SHORTEST_DEVICE <= len(secret) <= LONGEST_DEVICE:
        raise BadAddress(f"The secret of a device has {SHORTEST_DEVICE} to {LONGEST_DEVICE} random characters.")
    return hashlib.sha256(secret.encode()).hexdigest()


class SignIns:
    """Makes the codes and links of challenges, and compares them."""

    def __init__(self, settings: Settings) -> None:
        self._secrets = [settings.secret_key.get_secret_value(), settings.secret_key_previous.get_secret_value()]
        self._signer = Signer(self._secrets)
        self._url = settings.public_url.rstrip("/")

    def code(self, challenge_id: UUID) -> str:
        """Make the code of a challenge: six digits.

        Raises:
            NoSecret: HUB_SECRET_KEY is not set.
        """
        if not (codes := list(self._codes(challenge_id))):
            raise NoSecret
        return codes[0]

    def shown(self, challenge: Challenge) -> dict[str, str]:
        """Give what a message says of a challenge: `code` and `link`."""
        return {"code": self.code(challenge.id), "link": self.link(challenge)}

    def is_code(self, challenge_id: UUID, code: str) -> bool:
        """Tell whether this is the code of a challenge, in the same time for every answer."""
        given = "".join(code.split()).encode()
        # Every code is compared, so that time does not tell by which secret it was made.
        found = [hmac.compare_digest(right.encode(), given) for right in self._codes(challenge_id)]
        return any(found)

    def link(self, challenge: Challenge) -> str:
        """Make the address that signs in."""
        token = self._signer.token(_LINK, challenge.id.bytes, until=challenge.expires_at)
        return f"{self._url}/m/s/{token}"

    def challenge_of(self, token: str, *, now: datetime) -> UUID | None:
        """Tell which challenge the token of a link is for. None where it was changed or has expired."""
        content = self._signer.content(_LINK, token, now=now)
        return UUID(bytes=content) if content else None

    def _codes(self, challenge_id: UUID) -> Iterator[str]:
        for secret in filter(None, self._secrets):
            digest = hmac.digest(secret.encode(), b"sign-in code\0" + challenge_id.bytes, hashlib.sha256)
            yield f"{int.from_bytes(digest[:8], 'big') % 10**_DIGITS:0{_DIGITS}}"
