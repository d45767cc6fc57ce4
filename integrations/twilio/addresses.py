"""The addresses that Twilio calls: one for all, with our key where it reports what became of a message of ours."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

PATH: Final = "/webhooks/twilio"
MESSAGE: Final = "message"


def status_callback(public_url: str, key: UUID) -> str:
    """Say where Twilio is to report what became of a message. The address holds nothing about the person."""
    return f"{public_url.rstrip('/')}{PATH}?{urlencode({MESSAGE: str(key)})}"


def key_in(query: Mapping[str, str]) -> UUID | None:
    """Read our key from the address that Twilio called, None where there is none that could be ours."""
    try:
        return UUID(query.get(MESSAGE, ""))
    except ValueError:
        return None
