"""Whether a request to the event webhook comes from SendGrid, and is not an old one."""

import base64
import binascii
import re
from datetime import datetime, timedelta
from typing import Final

from sendgrid.helpers.eventwebhook import EventWebhook

from hub.kit.errors import HubError
from integrations.webhooks import NotSigned

SIGNATURE: Final = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP: Final = "X-Twilio-Email-Event-Webhook-Timestamp"

OLDEST: Final = timedelta(hours=25)
"""SendGrid repeats for 24 hours what nobody took. What is older was taken, and somebody else repeats it."""
AHEAD: Final = timedelta(minutes=5)
"""How far SendGrid's clock may be ahead of ours."""

_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class InvalidVerificationKey(HubError):
    """`HUB_SENDGRID_WEBHOOK_KEY` is no public key."""

    code = "INVALID_VERIFICATION_KEY"

    def __init__(self) -> None:
        super().__init__("HUB_SENDGRID_WEBHOOK_KEY is the verification key that SendGrid shows for its webhook.")


class Verifier:
    """Believes what SendGrid has signed with one key.

    Raises:
        InvalidVerificationKey: the key is none.
    """

    def __init__(self, key: str) -> None:
        try:
            self._webhook = EventWebhook(key)
        except ValueError:
            raise InvalidVerificationKey from None

    def check(self, body: bytes, *, signature: str, timestamp: str, now: datetime) -> None:
        """Check the bytes as they came, before anything reads them.

        Raises:
            NotSigned: they are not SendGrid's, or older than `OLDEST`.
        """
        if not _SECONDS.fullmatch(timestamp) or not _is_canonical(signature):
            raise NotSigned("The signature or its timestamp is missing, or not written as SendGrid writes it.")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise NotSigned("The body is no text.") from None
        if not self._webhook.verify_signature(text, signature, timestamp):
            raise NotSigned("The signature does not fit the body and the timestamp.")
        age = now.timestamp() - int(timestamp)
        if not -AHEAD.total_seconds() <= age <= OLDEST.total_seconds():
            raise NotSigned("The timestamp is too old, or ahead of the time here.")


def _is_canonical(signature: str) -> bool:
    """Tell whether it is base64 as everybody writes it: a lenient reader takes many spellings for one signature."""
    try:
        return bool(signature) and base64.b64encode(base64.b64decode(signature, validate=True)).decode() == signature
    except (binascii.Error, ValueError):
        return False
