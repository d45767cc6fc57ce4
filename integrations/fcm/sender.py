"""The FCM sender: one request for each push message, no retries, three outcomes.

| answer of FCM                                 | outcome                                                        |
|-----------------------------------------------|----------------------------------------------------------------|
| 200 with a `name`                             | `Accepted`, with the last part of it                           |
| 404 `UNREGISTERED`                            | `Gone`: the app was removed from the device                    |
| 403 `SENDER_ID_MISMATCH`, 400, any other 4xx  | `Refused`                                                      |
| 401, 403 and 404 without such a code          | `NotSent`: it is about us and not about this message (a)       |
| 429, 503                                      | `NotSent`, after what the answer says; 429 after a minute      |
| any other                                     | `Ambiguous`: FCM may have it                                   |
| none                                          | `NotSent` or `Ambiguous`, see `integrations/calling.py`        |

(a) A wrong project answers 404 as well. Only the code says that it is the device: else one wrong setting would lose the
    tokens of all customers.

FCM takes no idempotency key, cannot be asked, and reports nothing to a server. Our key is the collapse key, so that a
message which must arrive and is sent again takes the place of the first on the device.
"""

from http import HTTPStatus
from typing import Any, Final

import httpx2

from hub.messaging.ports import Accepted, Ambiguous, Gone, NotSent, Push, Refused
from hub.settings import Settings
from integrations.calling import AT_ONCE, Line, NotSetUp, object_in, retry_after
from integrations.fcm.credentials import ServiceAccount
from integrations.fcm.message import body_of

_QUOTA_SECONDS: Final = 60.0
"""How long to wait at least once a quota is used up, where the answer does not say: Firebase asks for a minute."""

_ABOUT_US: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


class FcmSender:
    """Hands push messages to FCM.

    Raises:
        NotSetUp: `GOOGLE_APPLICATION_CREDENTIALS` is not set.
        InvalidServiceAccount, InvalidProviderUrl: a setting cannot be read. Better now than by every message.
    """

    name = "fcm"
    at_once = AT_ONCE

    def __init__(self, settings: Settings) -> None:
        written = settings.google_application_credentials.get_secret_value()
        if not written:
            raise NotSetUp("HUB_PUSH_PROVIDER=fcm", "GOOGLE_APPLICATION_CREDENTIALS")
        self._account = ServiceAccount(written, settings)
        self._line = Line("FCM", url=settings.fcm_url, variable="HUB_FCM_URL", settings=settings)
        self._path = f"/v1/projects/{self._account.project}/messages:send"

    async def send(self, message: Push, /) -> Accepted:
        """Hand one push message over. See the table above for what is raised when."""
        token = await self._account.token()
        headers = {"Authorization": f"Bearer {token}"}
        response = await self._line.post(self._path, headers=headers, json=body_of(message))
        if response.status_code == HTTPStatus.UNAUTHORIZED and not _code(object_in(response)):
            self._account.forget(token)  # with a code it is somebody else's key that is wrong, such as Apple's
        return _outcome(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._line.close()
        await self._account.close()


def _outcome(response: httpx2.Response) -> Accepted:
    status, body = response.status_code, object_in(response)
    code = _code(body)
    # The body may hold the device's token: nothing but its code reaches a message or a log.
    said = f"FCM answered {status}, {code}." if code else f"FCM answered {status}."
    name = body.get("name")
    if status == HTTPStatus.OK and isinstance(name, str):
        return Accepted(provider_id=name.rpartition("/")[2])
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        after = retry_after(response)
        raise NotSent(said, after=_QUOTA_SECONDS if after is None else after)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise NotSent(said, after=retry_after(response))
    if status == HTTPStatus.NOT_FOUND and code == "UNREGISTERED":
        raise Gone(said)
    if status in _ABOUT_US and code != "SENDER_ID_MISMATCH":
        raise NotSent(said)
    if response.is_client_error:
        raise Refused(said)
    raise Ambiguous(said)


def _code(body: dict[str, Any]) -> str | None:
    """Find FCM's own code in an error: one word of its list, beside the status that all of Google has."""
    error = body.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        code = detail.get("errorCode") if isinstance(detail, dict) else None
        if isinstance(code, str) and code.replace("_", "").isalpha() and code.isupper():
            return code
    return None
