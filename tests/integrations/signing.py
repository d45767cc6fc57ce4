"""Signs as providers do, with keys of the tests."""

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SENDGRID_KEY: Final = ec.generate_private_key(ec.SECP256R1())
SENDGRID_PUBLIC: Final = base64.b64encode(
    SENDGRID_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
TWILIO_TOKEN: Final = "a-token-of-the-tests"
REVIEWS_SECRET: Final = "a-secret-of-the-tests"


def sendgrid(body: bytes, *, at: datetime | None = None) -> dict[str, str]:
    """The headers with which SendGrid sends a body."""
    timestamp = str(int((at or datetime.now(UTC)).timestamp()))
    signature = SENDGRID_KEY.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        "Content-Type": "application/json",
    }


def sendgrid_post(*events: dict[str, Any], at: datetime | None = None) -> dict[str, Any]:
    """A request with events, as httpx takes it."""
    body = json.dumps(events).encode()
    return {"content": body, "headers": sendgrid(body, at=at)}


def twilio_post(url: str, fields: dict[str, str]) -> dict[str, Any]:
    """A request with a form, signed by Twilio's own library, as httpx takes it."""
    from twilio.request_validator import RequestValidator  # noqa: PLC0415  most tests start without it

    signature = RequestValidator(TWILIO_TOKEN).compute_signature(url, fields)
    return {
        "content": urlencode(fields).encode(),
        "headers": {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"},
    }


def reviews_post(*reviews: dict[str, Any], at: datetime | None = None, secret: str = REVIEWS_SECRET) -> dict[str, Any]:
    """A request with reviews, signed as docs/reviews.md says, as httpx takes it."""
    body = json.dumps({"reviews": reviews}).encode()
    seconds = str(int((at or datetime.now(UTC)).timestamp()))
    signature = hmac.new(secret.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()
    return {"content": body, "headers": {"Hub-Signature": f"t={seconds},v1={signature}"}}
