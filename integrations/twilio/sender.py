"""The Twilio sender: one request for each SMS, no retries, three outcomes.

| answer of Twilio                                  | outcome                                                 |
|---------------------------------------------------|---------------------------------------------------------|
| 201 or 200, with a `sid`                          | `Accepted`, with the `sid`                              |
| 429                                               | `NotSent`, after what the answer says                   |
| 401, 403, 404                                     | `NotSent`: it is about us and not about this SMS        |
| 400 with a code that is about us (`_ABOUT_US`)    | `NotSent`                                               |
| 400 with a code that says later (`_LATER`)        | `NotSent`                                               |
| 400 with 21610                                    | `OptedOut`: they have answered STOP                     |
| any other 4xx                                     | `Refused`                                               |
| any other, 5xx too                                | `Ambiguous`: Twilio may have it                         |
| none                                              | `NotSent` or `Ambiguous`, see `integrations/calling.py` |

Twilio takes no idempotency key, and its list of messages can be searched by number and day, not by anything of ours:
this sender cannot be asked. What is ambiguous is settled by the status callback, whose address holds our key.
"""

import base64
from http import HTTPStatus
from typing import Final

import httpx2

from hub.messaging.ports import Accepted, Ambiguous, NotSent, OptedOut, Refused, Sms
from hub.settings import Settings
from integrations.calling import AT_ONCE, Line, NotSetUp, object_in, retry_after
from integrations.twilio import addresses

SERVICE: Final = "MG"
"""How the id of a messaging service begins; anything else that one sends from is a number or a name."""

STOPPED: Final = 21610
"""Twilio's code for a number that has answered STOP to who sends."""

_ABOUT_US: Final = frozenset(
    {
        20003,  # permission denied
        20005,  # the account is not active
        21212,  # `From` is no number
        21603,  # `From` is missing
        21606,  # `From` may not send SMS
        21609,  # it cannot reach our `StatusCallback`
        21701,  # there is no such messaging service
        21703,  # the messaging service has no numbers
        21704,  # the messaging service has no numbers that could send this
        21705,  # the messaging service is not valid
    }
)
_LATER: Final = frozenset({20429, 21611})  # too many requests; the queue of `From` is full


class TwilioSender:
    """Hands SMS to Twilio.

    Raises:
        NotSetUp: the account, its token or what one sends from is not set.
        InvalidProviderUrl: `HUB_TWILIO_URL` is no address. Better now than by every message.
    """

    name = "twilio"
    at_once = AT_ONCE

    def __init__(self, settings: Settings) -> None:
        sid, token = settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
        self.grace_seconds = settings.twilio_grace_seconds
        for variable, value in (
            ("TWILIO_ACCOUNT_SID", sid),
            ("TWILIO_AUTH_TOKEN", token),
            ("HUB_SMS_FROM", settings.sms_from),
        ):
            if not value:
                raise NotSetUp("HUB_SMS_PROVIDER=twilio", variable)
        self._line = Line("Twilio", url=settings.twilio_url, variable="HUB_TWILIO_URL", settings=settings)
        self._path = f"/2010-04-01/Accounts/{sid}/Messages.json"
        credentials = base64.b64encode(f"{sid}:{token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}", "Accept": "application/json"}
        self._from = {_sender_field(settings.sms_from): settings.sms_from}
        self._public_url = settings.public_url

    async def send(self, message: Sms, /) -> Accepted:
        """Hand one SMS over. See the table above for what is raised when."""
        form = {
            "To": message.to,
            "Body": message.text,
            "StatusCallback": addresses.status_callback(self._public_url, message.key),
            **self._from,
        }
        response = await self._line.post(self._path, headers=self._headers, data=form)
        return _outcome(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()


def _sender_field(sender: str) -> str:
    return "MessagingServiceSid" if sender.startswith(SERVICE) else "From"


def _outcome(response: httpx2.Response) -> Accepted:
    status, body = response.status_code, object_in(response)
    code, sid = body.get("code"), body.get("sid")
    # The body may hold the customer's number: nothing but its code reaches a message or a log.
    said = f"Twilio answered {status}, {code}." if isinstance(code, int) else f"Twilio answered {status}."
    if status in {HTTPStatus.CREATED, HTTPStatus.OK} and isinstance(sid, str):
        return Accepted(provider_id=sid)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (response.is_client_error and code in _LATER):
        raise NotSent(said, after=retry_after(response))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} or (
        response.is_client_error and code in _ABOUT_US
    ):
        raise NotSent(said)
    if response.is_client_error and code == STOPPED:
        raise OptedOut(said)
    if response.is_client_error:
        raise Refused(said)
    raise Ambiguous(said)
