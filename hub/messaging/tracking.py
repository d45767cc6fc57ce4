"""Tracking: advertising has its links led through the hub, and in e-mails a picture that tells of an opening.

A token in an address is signed and holds all that is needed: the message, the number of the link, and where it leads.
So nothing is stored for links that nobody follows, and nobody can make the hub lead anywhere it was not told to. Only
the short ones of SMS and push messages are stored (see `short_links`), where a brand wants to have them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.kit.signing import Signer
from hub.messaging import short_links
from hub.messaging.model import Message
from hub.messaging.short_links import ShortLink
from hub.profiles.model import Channel
from hub.settings import Settings
from hub.wording import linking
from hub.wording.linking import is_web_address
from hub.wording.templates import Rendered

LASTS: Final = timedelta(days=730)
"""For how long a link leads on: as long as one may unsubscribe by the same mail."""
MOST_LINKS: Final = 500
"""The links of one message that are led through the hub; those behind them are left as they are."""

_CLICK: Final = "click"
_OPEN: Final = "open"
_SHORT: Final = "short link"
_ID_BYTES: Final = 16
_NUMBER_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Click:
    """What a link stands for: the message that it is in, its number there from 1, and where it leads."""

    message_id: UUID
    link: int
    target: str


class Tracking:
    """Leads links through the hub, and reads the tokens in them."""

    def __init__(self, settings: Settings) -> None:
        secrets = (settings.secret_key, settings.secret_key_previous)
        self._signer = Signer([secret.get_secret_value() for secret in secrets])
        self._url = settings.public_url.rstrip("/")
        self._within = f"{self._url}/"
        self._clicks = settings.track_clicks
        self._opens = settings.track_opens
        self._campaigns = settings.campaign_parameters

    def tracked(self, rendered: Rendered, message: Message, *, now: datetime) -> Rendered:
        """Give an e-mail as it is sent. The same target has the same number, in the HTML and in the text."""
        text, html = rendered.text, rendered.html
        if html is None and all(self._is_own(it) for it in linking.addresses_in(text)):
            return rendered
        lead = self._leading(message, lambda it: self.click(it, now=now))
        if html is not None:
            html = linking.html_led(html, lead)
            html = linking.with_picture(html, self.opening(message.id, now=now)) if self._opens else html
        return replace(rendered, text=linking.text_led(text, lead), html=html)

    def shortened(self, rendered: Rendered, message: Message, *, now: datetime) -> tuple[Rendered, list[ShortLink]]:
        """Give an SMS or a push message as it is sent, and the links that are to be stored before that."""
        made: dict[str, ShortLink] = {}

        def short(click: Click) -> str:
            content = b"\0".join((click.message_id.bytes, str(click.link).encode(), click.target.encode()))
            token = self._signer.name(_SHORT, content, length=short_links.LENGTH)
            until = now + short_links.LASTS
            made[token] = ShortLink(token, message.profile_id, message.id, click.link, click.target, until)
            return f"{self._url}/m/c/{token}"

        lead = self._leading(message, short)
        if message.channel is Channel.SMS:
            rendered = replace(rendered, text=linking.text_led(rendered.text, lead))
        elif rendered.link is not None and is_web_address(rendered.link):
            rendered = replace(rendered, link=lead(rendered.link))
        return rendered, list(made.values())

    def click(self, click: Click, *, now: datetime) -> str:
        """Make the address that leads to a target."""
        content = click.message_id.bytes + click.link.to_bytes(_NUMBER_BYTES, "big") + click.target.encode()
        return f"{self._url}/m/c/{self._signer.token(_CLICK, content, until=now + LASTS)}"

    def opening(self, message_id: UUID, *, now: datetime) -> str:
        """Make the address of the picture in a message."""
        return f"{self._url}/m/o/{self._signer.token(_OPEN, message_id.bytes, until=now + LASTS)}"

    def clicked(self, token: str, *, now: datetime) -> Click | None:
        """Read the token of a link. None where it is none of ours, or leads to what is no address of the web."""
        content = self._signer.content(_CLICK, token, now=now)
        if not content or len(content) <= _ID_BYTES + _NUMBER_BYTES:
            return None
        target = content[_ID_BYTES + _NUMBER_BYTES :].decode(errors="replace")
        if not is_web_address(target):
            return None
        number = int.from_bytes(content[_ID_BYTES : _ID_BYTES + _NUMBER_BYTES], "big")
        return Click(UUID(bytes=content[:_ID_BYTES]), number, target)

    def opened(self, token: str, *, now: datetime) -> UUID | None:
        """Read the token of a picture: the message that it is in. None where it is none of ours."""
        content = self._signer.content(_OPEN, token, now=now)
        return UUID(bytes=content) if content and len(content) == _ID_BYTES else None

    def _is_own(self, address: str) -> bool:
        return address == self._url or address.startswith(self._within)

    def _leading(self, message: Message, make: Callable[[Click], str]) -> Callable[[str], str]:
        parameters = _campaign(message) if self._campaigns else {}
        numbers: dict[str, int] = {}

        def lead(address: str) -> str:
            if self._is_own(address):
                return address
            target = linking.with_parameters(address, parameters) if parameters else address
            if not self._clicks or not is_web_address(target):
                return target
            if target not in numbers and len(numbers) >= MOST_LINKS:
                return target
            number = numbers.setdefault(target, len(numbers) + 1)
            return make(Click(message.id, number, target))

        return lead


def _campaign(message: Message) -> dict[str, str]:
    """Give the parameters by which web statistics know a message."""
    said = {
        "utm_source": message.brand,
        "utm_medium": message.channel.value,
        "utm_campaign": message.campaign or message.journey,
        "utm_content": message.template,
    }
    return {name: value for name, value in said.items() if value}
