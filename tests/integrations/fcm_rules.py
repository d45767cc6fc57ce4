"""What Google answers to who asks for a token, and FCM to `messages:send`, as their references say (2026-11-28)."""

import json
from functools import cache
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.integrations.provider_server import Answer, Request

PROJECT = "shop-of-the-tests"
ACCOUNT = "hub@shop-of-the-tests.iam.gserviceaccount.com"
ACCESS = "an-access-token-of-the-tests"
DEAD, OTHERS, MALFORMED = "dead:APA91b", "others:APA91b", "malformed"
"""Tokens of which FCM says that; the others are taken."""


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def service_account(url: str) -> str:
    """The key of a service account, whose tokens are asked for at this address."""
    pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": pem,
            "client_email": ACCOUNT,
            "client_id": "1",
            "token_uri": f"{url}/token",
        }
    )


def fcm(request: Request) -> Answer:
    if request.path == "/token":
        return token(request)
    if (request.method, request.path) != ("POST", f"/v1/projects/{PROJECT}/messages:send"):
        return error(404, "NOT_FOUND")
    if request.headers.get("authorization") != f"Bearer {ACCESS}":
        return error(401, "UNAUTHENTICATED")
    return answer_to(request.json["message"])


def answer_to(message: dict[str, object]) -> Answer:
    to = message.get("token") or message.get("fid")
    if not to or len(json.dumps(message)) > 4096 or to == MALFORMED:
        return error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
    if to == DEAD:
        return error(404, "NOT_FOUND", "UNREGISTERED")
    if to == OTHERS:
        return error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")
    return Answer(200, {"name": f"projects/{PROJECT}/messages/0:1"})


def token(request: Request) -> Answer:
    """An access token, for who shows an assertion that the account's key has signed."""
    assertion = parse_qs(request.body.decode())["assertion"][0]
    try:
        claims = jwt.decode(
            assertion, private_key().public_key(), algorithms=["RS256"], options={"verify_aud": False}, issuer=ACCOUNT
        )
    except jwt.InvalidTokenError:
        return Answer(400, {"error": "invalid_grant"})
    if claims["scope"] != "https://www.googleapis.com/auth/firebase.messaging":
        return Answer(400, {"error": "invalid_scope"})
    return Answer(200, {"access_token": ACCESS, "expires_in": 3599, "token_type": "Bearer"})


def error(status: int, name: str, code: str | None = None) -> Answer:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}] if code else []
    return Answer(status, {"error": {"code": status, "message": "said", "status": name, "details": details}})
