"""Writes the pages that repeat the code: settings.md, cli.md, collections.md, and permissions.md one folder above.

    .venv/bin/python docs/reference/generate.py

It writes the description of the till's REST as well, `integrations/pos/openapi.yaml`.

`tests/docs/test_reference.py` fails while a page says something else than the code.
"""
# ruff: noqa: INP001  a script beside the pages it writes, not a package

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

import beanie
import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from hub import seal
from hub.seal import Erasure
from hub.settings import OidcIssuer, Settings, variables_of
from integrations.pos import openapi
from runtime import permissions
from runtime.cli import application
from runtime.wiring import DOCUMENTS

FOLDER: Final = Path(__file__).parent

MEANINGS: Final[Mapping[str, str]] = {
    "env": "`dev` shows the inbox and may make a secret of its own. `production` does neither.",
    "mongo_url": "The replica set, and the database behind the slash (`hub` if there is none). `hub up` starts a "
    "mongod of its own where this is not set.",
    "mongo_timeout_ms": "Milliseconds to wait for a MongoDB that can be written to.",
    "public_url": "Where customers and their mail programs reach the API. The SMTP sender greets with its host name.",
    "secret_key": "Signs the tokens of customers. At least 32 characters, and never empty in production; `hub up` "
    "makes one in its data folder where this is not set.",
    "secret_key_previous": "The secret before the last change: tokens signed with it stay valid.",
    "oidc": "OpenID Connect issuers whose tokens are believed, numbered from 0. As one value it is a JSON object by "
    "these numbers.",
    "temporal_address": "Temporal's frontend. `hub up` starts a server of its own where this is not set.",
    "temporal_namespace": "The namespace in which cohorts run. It must exist.",
    "temporal_api_key": "The key of Temporal Cloud. With a key, the connection uses TLS.",
    "email_provider": "`console` (the inbox, not in production), `smtp`, [`sendgrid`](../providers/sendgrid.md), or "
    "`none`: then it reaches nobody.",
    "push_provider": "`console` (the inbox, not in production), [`fcm`](../providers/fcm.md), or `none`.",
    "sms_provider": "`console` (the inbox, not in production), [`twilio`](../providers/twilio.md), or `none`.",
    "smtp_url": "`smtp://USER:PASSWORD@HOST:PORT`, or `smtps://` for TLS from the first byte. Read by the `smtp` "
    "provider only.",
    "sendgrid_api_key": "The key of SendGrid, with the right to send mail. The `sendgrid` provider needs it.",
    "sendgrid_webhook_key": "The public key with which SendGrid's events are verified. Without it they are not taken.",
    "sendgrid_grace_seconds": "How long an unanswered message waits for a report, before it is settled by its class.",
    "sendgrid_url": "SendGrid's address; `https://api.eu.sendgrid.com` for an account in the EU.",
    "reviews_webhook_secret": "The secret with which an outside review system [signs](../reviews.md#by-webhook). "
    "Without it nothing is taken.",
    "reviews_webhook_secret_previous": "The one before, believed as well, until nobody signs with it any more.",
    "twilio_account_sid": "The account at Twilio. The `twilio` provider needs it.",
    "twilio_auth_token": "Its token, with which requests are made and Twilio's own are verified.",
    "twilio_url": "Twilio's address.",
    "twilio_grace_seconds": "As for SendGrid.",
    "sms_from": "Who sends SMS: a number, a name, or the id of a messaging service of Twilio, `MG…`.",
    "google_application_credentials": "The path of the key of a service account that may send push messages, or "
    "that key itself as JSON. The `fcm` provider needs it.",
    "fcm_url": "FCM's address.",
    "leap_birthday": "When somebody born on 29 February has their [birthday](../membership.md#birthdays) in years "
    "without one: `february_28` or `march_1`.",
    "receipt_claim_days": "Within how many days of its order a receipt of nobody known can be "
    "[claimed](../membership.md#claim-a-receipt).",
    "phone_region": "The country, in two capital letters, that phone numbers without a country's code are of. Where it "
    "is empty, the locale in an event's context says it. The same for every API and router.",
    "email_from": "The sender of every e-mail, as `Name <address>`.",
    "staff_addresses": "Where tests of templates may go: addresses and `@domains`, with commas between.",
    "email_per_second": "How many e-mails all workers together send in a second at most; 0 is no limit.",
    "push_per_second": "As for e-mail.",
    "sms_per_second": "As for e-mail.",
    "consent_email": "What holds for e-mail while a customer has said nothing: `opt_in` sends nothing that needs "
    "consent, `opt_out` sends it.",
    "consent_push": "As for e-mail.",
    "consent_sms": "As for e-mail.",
    "consent_inbox": "As for e-mail, for the [inbox](../inbox.md) inside the app.",
    "api_bind": "Host and port on which `hub api` listens. `hub up` sets it for its API.",
    "metrics_bind": "Host and port on which `hub worker` shows Temporal's metrics for Prometheus; empty for none.",
    "log_level": "`DEBUG` shows each request by route, status and time. `INFO`, `WARNING`, `ERROR` show less.",
    "log_format": "`json` for machines, `text` for a person at a terminal. Logs go to stderr.",
    "mongod": "Path of the mongod that `hub up` and the tests start, instead of the one from the wheel.",
    "temporal": "Path of the Temporal program that `hub up` and the tests start, instead of the one from the wheel.",
    "adjustment_limit": "So many points one person may give or take by hand; more waits for a second one.",
    "connect_seconds": "How long a sender waits for its turn and for a connection.",
    "read_seconds": "How long a sender waits for an answer.",
    "track_clicks": "Whether links in advertising by e-mail are led through the hub, so that clicks are counted.",
    "track_opens": "Whether advertising by e-mail holds a picture, so that openings are counted.",
    "campaign_parameters": "Whether links in advertising by e-mail get `utm_*` parameters.",
    "broadcast_bounces": "The share of a broadcast's messages that may bounce before it pauses itself; 0 is no limit.",
    "broadcast_complaints": "As for bounces, of those that somebody complains of.",
    "lease_seconds": "How long a claim on a message holds. Then the message is looked up, or settled by its class.",
    "sending_seconds": "How long one call to a sender takes at most. These four must rise, or nothing starts.",
}
"""What each setting is for, by the name of its field."""

ISSUER_MEANINGS: Final[Mapping[str, str]] = {
    "issuer": "The issuer, letter by letter as its tokens name it. Firebase: `https://securetoken.google.com/PROJECT`.",
    "audience": "For whom its tokens must be. Firebase: `PROJECT`.",
    "jwks_url": "Where its keys are; found by discovery, if left out.",
    "kind": "Whom it vouches for: `customer`, whose `sub` is the user id, or `staff`.",
    "roles_claim": "For staff: the claim with their roles. A dot leads into an object: `realm_access.roles`.",
    "brands_claim": "For staff: the claim with the brands they are limited to, `*` for all. Where it is named and not "
    "in the token, they may do nothing. Without a name nobody is limited.",
    "stores_claim": "The same for stores.",
}
"""What each setting of an issuer is for."""

_NOTE: Final = "<!-- Written by docs/reference/generate.py from the code: change it there. -->"


def pages() -> dict[Path, str]:
    """Make the text of each page, by its file."""
    return {
        FOLDER / "settings.md": _settings(),
        FOLDER / "cli.md": _cli(),
        FOLDER / "collections.md": _collections(),
        FOLDER.parent / "permissions.md": permissions.page(),
        Path(openapi.__file__).with_name("openapi.yaml"): openapi.text(),
    }


def _settings() -> str:
    rows = [row for name, field in _fields() for row in _rows(name, field)]
    return "\n".join(
        [
            "# Settings",
            "",
            _NOTE,
            "",
            "Settings are environment variables, read once when a process starts. A value that cannot be ends the",
            "process with exit code 2 and one sentence that names the variable, never its value.",
            "",
            "Any variable `X` may also be given as `X_FILE`, the path of a file that holds the value, as containers",
            "mount secrets: `HUB_SECRET_KEY_FILE=/run/secrets/hub`. `X` itself comes first.",
            "",
            "| variable | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _rows(name: str, field: FieldInfo) -> Iterator[str]:
    yield f"| {_variables(name, field)} | {_default(field)} | {MEANINGS[name]} |"
    for inner, setting in OidcIssuer.model_fields.items() if name == "oidc" else ():
        default = "required" if setting.is_required() else _default(setting)
        yield f"| `HUB_OIDC__0__{inner.upper()}` | {default} | {ISSUER_MEANINGS[inner]} |"


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    yield from Settings.model_fields.items()


def _variables(name: str, field: FieldInfo) -> str:
    return ", ".join(f"`{variable}`" for variable in variables_of(field, name))


def _default(field: FieldInfo) -> str:
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    text = str(value.value if isinstance(value, Enum) else value or "")
    return f"`{text}`" if text else "empty"


def _cli() -> str:
    verbs = list(_verbs(typer.main.get_command(application()), "hub"))
    lines = [
        "# The command line",
        "",
        _NOTE,
        "",
        "`hub` is installed in `.venv/bin`. Every verb reads the [settings](settings.md) from the environment.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        "| 0 | done |",
        "| 1 | failed: the reason is one sentence on stderr |",
        "| 2 | wrong use: an argument or a setting that cannot be |",
        "| 3 | not ready: the hub or MongoDB does not answer, or says what is missing |",
        "",
        "Answers go to stdout, progress and logs to stderr.",
        "",
    ]
    for name, command in sorted(verbs):
        lines += [f"## {name}", "", *_verb(command), ""]
    return "\n".join(lines).rstrip() + "\n"


def _collections() -> str:
    return "\n".join(
        [
            "# Collections",
            "",
            _NOTE,
            "",
            "What MongoDB holds, and what of it is personal. Erasure deletes a row, or takes away its personal fields",
            "where others count the row: see [privacy](../privacy.md).",
            "",
            "| collection | personal fields | on erasure |",
            "|---|---|---|",
            *sorted(map(_collection, DOCUMENTS)),
            "",
        ]
    )


def _collection(document: type[beanie.Document]) -> str:
    name, personal = str(document.Settings.name), seal.personal_of(document)
    if personal is None:
        return f"| `{name}` | none | stays |"
    fields = ", ".join(f"`{field}`" for field in personal.fields) or "whose it is"
    becomes = {Erasure.DELETE: "deleted", Erasure.BLANK: "blanked"}[personal.erase]
    return f"| `{name}` | {fields} | {becomes} |"


def _verbs(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for word, inner in command.commands.items():
            yield from _verbs(inner, f"{name} {word}")
    else:
        yield name, command


def _verb(command: Any) -> list[str]:
    lines = [" ".join(paragraph.split()) + "\n" for paragraph in (command.help or "").split("\n\n")]
    rows = [_parameter(it) for it in command.params if it.name != "help" and not it.hidden]
    if rows:
        return [*lines, "| argument or option | default | meaning |", "|---|---|---|", *rows]
    return [*lines[:-1], lines[-1].rstrip()]


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = parameter.name.upper()
    else:
        name = " / ".join([*parameter.opts, *parameter.secondary_opts])
    meaning = (parameter.help or "") + (f" Also `{parameter.envvar}`." if parameter.envvar else "")
    return f"| `{name}` | {_given(parameter)} | {meaning} |"


def _given(parameter: Any) -> str:
    """Say what is used where an argument or option is left out."""
    if parameter.required:
        return "required"
    if getattr(parameter, "is_flag", False):
        flags = parameter.opts if parameter.default else parameter.secondary_opts
        return f"`{flags[0]}`" if flags else "off"
    text = "" if parameter.default is None else str(parameter.default)
    return f"`{text}`" if text else "none"


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
