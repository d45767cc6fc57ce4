"""What SendGrid answers to `POST /v3/mail/send`, as its reference says (read on 2026-11-28)."""

from typing import Any

from tests.integrations.provider_server import Answer, Request

KEY = "SG.a-key-of-the-tests"


def sendgrid(request: Request) -> Answer:
    if (request.method, request.path) != ("POST", "/v3/mail/send"):
        return Answer(404, errors("not found"))
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return Answer(401, errors("The provided authorization grant is invalid, expired, or revoked"))
    if request.headers.get("content-type") != "application/json":
        return Answer(415, errors("Content-Type should be application/json."))
    wrong = fault_of(request.json)
    return wrong or Answer(202, headers={"X-Message-Id": f"sg-{request.json['custom_args']['hub_message']}"})


def fault_of(mail: Any) -> Answer | None:
    for name in ("personalizations", "from", "content"):
        if not mail.get(name):
            return Answer(400, errors(f"The {name} object must be provided.", field=name))
    for place, content in enumerate(mail["content"]):
        if not content["value"]:
            said = "The content value must be a string at least one character in length."
            return Answer(400, errors(said, field=f"content.{place}.value"))
    for person in mail["personalizations"]:
        if len(str(person.get("custom_args", mail.get("custom_args", {})))) > 10_000:
            return Answer(400, errors("Custom arguments are too large.", field="custom_args"))
    return None


def errors(message: str, *, field: str | None = None) -> object:
    return {"errors": [{"message": message, "field": field, "help": None}]}
