"""The description of the till's REST, made of the values that it reads: `openapi.yaml` beside this file.

`docs/reference/generate.py` writes it, and a test holds it. Every example in it is sent to the real routes.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import yaml

from hub.access.model import Scope
from hub.tills.closing import DayClosed
from hub.tills.model import MOST_AT_ONCE, Message, Refund, Sale, Visit
from hub.tills.vouchers import VoucherShown
from integrations.pos import routes
from integrations.pos.discount import Discount, Released
from integrations.pos.report import Kept, Report

AT: Final = "2026-11-20T10:15:00+01:00"
SALE: Final = {
    "order_id": "4711",
    "at": AT,
    "customer": {"phone": "+49 30 12345678"},
    "currency": "EUR",
    "total": "39.80",
    "tax": {"minor": 635},
    "payment_kind": "card",
    "receipt_code": "B1-4711-9F3K",
    "associate_id": "a-17",
    "products": [
        {"sku": "shirt-m", "name": "Shirt", "quantity": 2, "price": "17.45"},
        {"sku": "ham", "quantity": "0.350", "price": {"minor": 1400}},
    ],
}
REFUND: Final = {"refund_id": "R-1", "order_id": "4711", "at": AT, "currency": "EUR", "total": "10.00"}
VISIT: Final = {"id": "v-17", "at": AT, "customer": {"email": "ada@example.com"}, "first_name": "Ada", "language": "de"}

SHOWN: Final = {"code": "7K3M-2V9Q-0ABC-DEF5", "order_id": "4713"}
DAY: Final = {
    "day": "2026-11-20",
    "at": "2026-11-20T20:05:00+01:00",
    "currency": "EUR",
    "since": "2026-11-20T00:00:00+01:00",
    "until": "2026-11-21T00:00:00+01:00",
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "/pos/v1/customers": {
        "byEmail": VISIT,
        "byPhone": {"id": "v-18", "at": AT, "customer": {"phone": "+493012345678"}},
    },
    "/pos/v1/orders": {
        "receipt": SALE,
        "nobodyKnown": {"order_id": "4712", "at": AT, "currency": "EUR", "total": "5.00"},
        "corrected": {**SALE, "version": 2, "total": "41.80"},
        "notTakenAlong": {
            **SALE,
            "order_id": "4713",
            "fulfilment": {"kind": "ship_from_store", "location": "munich-2"},
        },
    },
    "/pos/v1/refunds": {
        "amount": REFUND,
        "lines": {
            "refund_id": "R-2",
            "order_id": "4711",
            "at": AT,
            "currency": "EUR",
            "products": [{"sku": "shirt-m", "quantity": 1, "price": "17.45"}, {"sku": "ham", "amount": {"minor": 490}}],
            "reason": "too small",
        },
        "all": {"refund_id": "R-3", "order_id": "4712", "at": AT},
        "boughtOnline": {**REFUND, "refund_id": "R-4", "order_id": "1001", "order_source": "shop"},
        "boughtElsewhere": {**REFUND, "refund_id": "R-5", "order_id": "99", "order_store": "munich-2"},
    },
    routes.BATCH: {
        "offline": {
            "messages": [
                {"type": "refund", **REFUND},
                {"type": "order", **SALE},
                {"type": "customer", **VISIT},
            ]
        }
    },
    routes.USE: {"scanned": SHOWN, "inGerman": {**SHOWN, "language": "de"}},
    routes.RESERVE: {"scanned": SHOWN},
    routes.RELEASE: {"scanned": SHOWN},
    routes.DAYS: {
        "listed": {
            **DAY,
            "orders": [{"order_id": "4711", "total": "39.80"}, {"order_id": "4712", "total": {"minor": 500}}],
            "refunds": [{"refund_id": "R-1", "order_id": "4711", "total": "10.00"}],
            "vouchers": [{"order_id": "4712"}],
            "joins": {"count": 1},
        },
        "summed": {**DAY, "orders": {"count": 2, "total": "44.80"}},
    },
}
"""What is sent, by address; each can be sent as it is."""

_SAYS: Final = {
    "/pos/v1/customers": ("A customer is there and says who they are", "Visit", "Kept"),
    "/pos/v1/orders": ("A receipt, whole; a correction is the same with a higher version", "Sale", "Kept"),
    "/pos/v1/refunds": ("What was given back at once", "Refund", "Kept"),
    routes.BATCH: ("Messages that come together, such as those of a till that was offline", "Batch", "Results"),
    routes.USE: ("A voucher is used for a receipt, for good; the first receipt wins", "VoucherShown", "Discount"),
    routes.RESERVE: ("A voucher is kept for a receipt that is being paid", "VoucherShown", "Discount"),
    routes.RELEASE: ("A receipt lets go of a voucher that it has reserved", "VoucherShown", "Released"),
    routes.DAYS: ("A store's day, held against what the hub has of it", "DayClosed", "Report"),
}
"""What each is for, and the schemas of what is sent and answered."""

_OF_VOUCHERS: Final = "NOT_FOUND ALREADY_USED RESERVED EXPIRED RELEASED REVERSED NOT_HERE NOT_COMBINABLE"
_CODES: Final = {
    "400": ("BAD_REQUEST", "The body is no JSON."),
    "401": ("UNAUTHENTICATED", "No key, or one that is unknown or revoked."),
    "403": ("FORBIDDEN", "The key is no till's, or for another store."),
    "422": (
        f"INVALID_MESSAGE BAD_ORDER CARD_NUMBER UNKNOWN_MEMBER UNKNOWN_PROGRAM IDEMPOTENCY_KEY_REUSED {_OF_VOUCHERS}",
        "The message cannot be used; `path` is the place in it. Nothing of it was done.",
    ),
    "503": ("UNAVAILABLE", "Send it again, after so many seconds as `Retry-After` says."),
}
_OF_MESSAGE: Final = (*_CODES["403"][0].split(), *_CODES["422"][0].split())
_REF: Final = "#/components/schemas/{name}"


def text() -> str:
    """Give the file as it is committed."""
    note = "# Written by docs/reference/generate.py from integrations/pos/openapi.py: change it there.\n"
    return note + yaml.dump(document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


def document() -> dict[str, Any]:
    """Describe the till's REST by OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The till's REST of the Engagement Hub",
            "version": "1",
            "description": "What a till tells the hub, which never calls one. Everything may be sent again, late and "
            "in any order: see docs/tills.md.",
        },
        "security": [{"till": []}],
        "paths": {path: {"post": _operation(path)} for path in EXAMPLES},
        "components": {
            "securitySchemes": {
                "till": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"The key of a device with the scope `{Scope.TILLS_WRITE}`, or of a server.",
                }
            },
            "schemas": _schemas(),
        },
    }


def _operation(path: str) -> dict[str, Any]:
    summary, sent, answered = _SAYS[path]
    content = {
        "schema": {"$ref": _REF.format(name=sent)},
        "examples": {name: {"value": it} for name, it in EXAMPLES[path].items()},
    }
    return {
        "summary": summary,
        "operationId": path.rpartition("/")[2],
        "parameters": [
            *([_KEY] if path in routes.MESSAGES else []),
            *([_PREFER] if path in {*routes.MESSAGES, routes.BATCH} else []),
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "200": {"description": "It is kept.", "content": _json(answered)},
            **{status: {"description": says, "content": _json("Refusal")} for status, (_, says) in _CODES.items()},
        },
    }


_KEY: Final = {
    "name": routes.KEY,
    "in": "header",
    "description": "The till's own name for the message, the same each time. Without it the document names it.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_PREFER: Final = {
    "name": "Prefer",
    "in": "header",
    "description": "`wait=5` waits at most five seconds, of ten, until all that follows is done: see `applied`.",
    "schema": {"type": "string"},
    "example": "wait=5",
}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=name)}}}


def _schemas() -> dict[str, Any]:
    values = [Visit, Sale, Refund, Kept, VoucherShown, Discount, Released, DayClosed, Report]
    found = msgspec.json.schema_components(values, ref_template=_REF)[1]
    made = {name: _tidied(schema) for name, schema in found.items()}
    for name in ("Visit", "Sale", "Refund"):
        made[name]["required"].remove("type")
        made[name]["properties"]["type"]["description"] = "Needed in a batch."
    for schema in made.values():
        if schema.get("type") == "object":
            schema["additionalProperties"] = False
    return {**made, **_batches()}


def _batches() -> dict[str, Any]:
    """Describe what msgspec does not know: messages of a batch are read one by one, and refusals are errors."""
    message = {"anyOf": [{"$ref": _REF.format(name=it.__name__)} for it in Message.__args__]}
    refused: dict[str, dict[str, Any]] = {
        "code": {"type": "string", "enum": list(_OF_MESSAGE), "description": "Never changes: decide by this."},
        "message": {"type": "string", "description": "One sentence for a person."},
        "path": {"type": "string", "description": "The place in the message; empty where it is all of it."},
    }
    codes = [code for several, _ in _CODES.values() for code in several.split()]
    return {
        "Batch": _object({"messages": {"type": "array", "items": message, "maxItems": MOST_AT_ONCE}}),
        "Refused": _object(refused),
        "Results": _object(
            {
                "results": {
                    "type": "array",
                    "items": {"anyOf": [{"$ref": _REF.format(name=it)} for it in ("Kept", "Refused")]},
                }
            }
        ),
        "Refusal": {
            **_object({**refused, "code": {**refused["code"], "enum": codes}, "requestId": {"type": "string"}}),
            "required": ["code", "message", "requestId"],
        },
    }


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _tidied(schema: Any) -> Any:
    """Write a schema as people do: what may be null by its type, and no default of nothing."""
    if isinstance(schema, list):
        return [_tidied(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _tidied(it) for name, it in schema.items() if not (name == "default" and not it)}
    match made.get("anyOf"):
        case [{"type": str(kind), **rest}, {"type": "null"}]:
            del made["anyOf"]
            return {**made, "type": [kind, "null"], **rest}
    return made


class _Plain(yaml.SafeDumper):
    """Writes the same value out each time, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never refer back."""
        del data
        return True
