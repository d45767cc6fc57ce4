"""What Twilio answers to `POST Messages.json`, as its reference says (read on 2026-11-28)."""

import base64
import re

from tests.integrations.provider_server import Answer, Request

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-of-the-tests"
SERVICE = "MG" + "0" * 32
NUMBER = "+15005550006"
STOPPED, UNROUTABLE, LANDLINE, FULL = "+15005550004", "+15005550002", "+15005550009", "+15005550008"
"""Numbers of which Twilio says that; the others are taken. As its test credentials have them, but for the first."""

_SAID = {STOPPED: 21610, UNROUTABLE: 21612, LANDLINE: 21614, FULL: 21611}


def twilio(request: Request) -> Answer:
    if (request.method, request.path) != ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"):
        return error(404, 20404)
    if request.headers.get("authorization") != "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode():
        return error(401, 20003)
    form = dict(request.form)
    code = code_for(form)
    if code:
        return error(400, code)
    taken = {"sid": "SM" + "0" * 32, "status": "accepted", "error_code": None, "to": form["To"], "body": form["Body"]}
    return Answer(201, taken)


def code_for(form: dict[str, str]) -> int | None:
    """The code of what is wrong with a form."""
    if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
        return 21211
    if not form.get("Body"):
        return 21602
    if len(form["Body"]) > 1600:
        return 21617
    if "From" not in form and "MessagingServiceSid" not in form:
        return 21603
    return _SAID.get(form["To"])


def error(status: int, code: int) -> Answer:
    return Answer(status, {"code": code, "message": "said", "more_info": f"errors/{code}", "status": status})
