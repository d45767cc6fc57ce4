"""The SendGrid sender: one request for each message, no retries, three outcomes.

| answer of SendGrid                            | outcome                                                    |
|-----------------------------------------------|------------------------------------------------------------|
| 202                                           | `Accepted`, with `X-Message-Id`                            |
| 429, 503                                      | `NotSent`, after what the answer says                      |
| 401, 403, 404, 405, 406, 451                  | `NotSent`: it is about us and not about this message (a)   |
| 400, 413 and any other 4xx                    | `Refused`                                                  |
| any other                                     | `Ambiguous`: SendGrid may have it                          |
| none                                          | `NotSent` or `Ambiguous`, see `integrations/calling.py`    |

(a) A key, a sender's identity and an address can be corrected, and the message sent again. Refused, a key that ran out
    would lose every message that is queued meanwhile.

SendGrid takes no idempotency key and cannot be asked by ours: its e-mail activity is a paid addition that lags behind.
What is ambiguous is settled by SendGrid's events.
"""

import time
from http import HTTPStatus
from typing import Final

import httpx2

from hub.messaging.ports import Accepted, Ambiguous, Email, NotSent, Refused
from hub.settings import Settings
from integrations.calling import AT_ONCE, Line, NotSetUp, retry_after
from integrations.mail_addresses import sender_of
from integrations.sendgrid.mail import body_of

_LATER: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_ABOUT_US: Final = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
}


class SendGridSender:
    """Hands e-mails to SendGrid.

    Raises:
        NotSetUp: `SENDGRID_API_KEY` is not set.
        InvalidProviderUrl, InvalidSenderAddress: a setting cannot be read. Better now than by every message.
    """

    name = "sendgrid"
    at_once = AT_ONCE

    def __init__(self, settings: Settings) -> None:
        key = settings.sendgrid_api_key.get_secret_value()
        if not key:
            raise NotSetUp("HUB_EMAIL_PROVIDER=sendgrid", "SENDGRID_API_KEY")
        sender_of(settings.email_from)
        self.grace_seconds = settings.sendgrid_grace_seconds
        self._line = Line("SendGrid", url=settings.sendgrid_url, variable="HUB_SENDGRID_URL", settings=settings)
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}

    async def send(self, message: Email, /) -> Accepted:
        """Hand one e-mail over. See the table above for what is raised when."""
        response = await self._line.post("/v3/mail/send", headers=self._headers, json=body_of(message))
        status = response.status_code
        # The body may hold the recipient's address: it never reaches a message or a log.
        said = f"SendGrid answered {status}."
        if status == HTTPStatus.ACCEPTED:
            return Accepted(provider_id=response.headers.get("X-Message-Id"))
        if status in _LATER:
            raise NotSent(said, after=_pause(response))
        if status in _ABOUT_US:
            raise NotSent(said)
        if response.is_client_error:
            raise Refused(said)
        raise Ambiguous(said)

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()


def _pause(response: httpx2.Response) -> float | None:
    """Read the seconds to wait: `Retry-After`, else the time at which SendGrid's limit begins anew."""
    after = retry_after(response)
    reset = response.headers.get("X-RateLimit-Reset", "")
    if after is not None or not reset.isdecimal():
        return after
    return max(0.0, int(reset) - time.time())
