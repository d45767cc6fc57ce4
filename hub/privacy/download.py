"""The address under which an export is fetched: signed, soon over, and ended by an erasure as well."""

from datetime import datetime
from typing import Final
from uuid import UUID

from hub.kit.signing import Signer
from hub.settings import Settings

PATH: Final = "/m/d/"
_PURPOSE: Final = "export"


def address(settings: Settings, profile_id: UUID, *, until: datetime) -> str:
    """Make the address of a person's export."""
    token = _signer(settings).token(_PURPOSE, profile_id.bytes, until=until)
    return f"{settings.public_url.rstrip('/')}{PATH}{token}"


def profile_id_of(settings: Settings, token: str, *, now: datetime) -> UUID | None:
    """Tell whose export a token is for. None where it is none, or is over."""
    content = _signer(settings).content(_PURPOSE, token, now=now)
    return None if content is None else UUID(bytes=content)


def _signer(settings: Settings) -> Signer:
    return Signer([it.get_secret_value() for it in (settings.secret_key, settings.secret_key_previous)])
