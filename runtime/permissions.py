"""The matrix of who may do what: every field, mutation and route, with the scope it needs, against every caller.

Nothing is decided here. What a field needs stands beside it (`Needs`), and what a caller has in
`hub/access/permissions.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from strawberry.types.base import StrawberryObjectDefinition

from hub.access.model import CallerKind, Role, Scope
from hub.access.permissions import DETAILS, KINDS, MEANINGS, ROLES, TILL, Detail
from hub_api.needs import Needs
from hub_api.schema import Schema, build

ROUTES: Final[Mapping[str, Scope | str]] = {
    "/v1/{call}": Scope.EVENTS_WRITE,
    "/pos/v1/customers": Scope.TILLS_WRITE,
    "/pos/v1/orders": Scope.TILLS_WRITE,
    "/pos/v1/refunds": Scope.TILLS_WRITE,
    "/pos/v1/batch": Scope.TILLS_WRITE,
    "/pos/v1/vouchers/use": Scope.TILLS_WRITE,
    "/pos/v1/vouchers/reserve": Scope.TILLS_WRITE,
    "/pos/v1/vouchers/release": Scope.TILLS_WRITE,
    "/pos/v1/days": Scope.TILLS_WRITE,
    "/pos/v1/openapi.yaml": "open: how a till speaks to the hub",
    "/graphql": "any key or token; each field asks for its scope",
    "/healthz": "open: it says that the process lives",
    "/readyz": "open: it says what is missing, by name",
    "/inbox": "open, and not there in production",
    "/inbox/{id:uuid}": "open, and not there in production",
    "/inbox/{id:uuid}/html": "open, and not there in production",
    "/a/{name}": "open: a picture in a mail",
    "/q/{code}": "open: what a poster leads to",
    "/m/s": "open: where one asks for a sign-in link",
    "/m/s/code": "the code from the message, on the device that asked for it",
    "/m/s/{token}": "the link from the message, on the device that asked for it",
    "/m/p/{token}": "the signed link to one's own preferences",
    "/m/p/{token}/confirm": "the signed link that confirms an address, from a message to it",
    "/m/r/{token}": "the signed link to one's rewards, which is over soon",
    "/m/u/{token}": "the signed link in a message, which ends such messages",
    "/webhooks/sendgrid": "the signature of SendGrid",
    "/webhooks/twilio": "the signature of Twilio",
    "/webhooks/reviews": "the signature of the review system",
    "/m/c/{token}": "the signed link in a message, which leads on to where it was signed to lead",
    "/m/o/{token}": "open: a picture of one pixel",
    "/m/d/{token}": "the signed link to an export, which is over soon",
}
"""The scope of each route, or why it asks for none."""

CALLERS: Final[Mapping[str, frozenset[Scope]]] = {
    "client": KINDS[CallerKind.ANONYMOUS],
    CallerKind.CUSTOMER: KINDS[CallerKind.CUSTOMER],
    CallerKind.DEVICE: KINDS[CallerKind.DEVICE],
    "till": KINDS[CallerKind.DEVICE] | TILL,
    CallerKind.PARTNER: KINDS[CallerKind.PARTNER],
    CallerKind.SERVER: KINDS[CallerKind.SERVER],
    **{role: ROLES[role] for role in Role},
}
"""Every sort of caller by its name, with the scopes it has. `client` is the key inside an app or page, `till` that of
a device which names the scope."""


@dataclass(frozen=True, slots=True)
class Line:
    """A field, and what it needs. `or_own`: a customer may have it of their own profile."""

    of: str
    name: str
    scope: Scope
    or_own: bool = False

    def lets(self, scopes: frozenset[Scope]) -> bool:
        """Tell whether a caller with these scopes gets past it, be it for their own profile only."""
        return self.scope in scopes or (self.or_own and Scope.PROFILE_SELF in scopes)


def lines(schema: Schema) -> Iterator[Line]:
    """Give every field that asks for a scope: the mutations, the queries, then those of the other types."""
    found = list(_found(schema))
    order = ("Mutation", "Query")
    yield from sorted(found, key=lambda it: (order.index(it.of) if it.of in order else len(order), it.of, it.name))


def _found(schema: Schema) -> Iterator[Line]:
    for type_name, concrete in schema.schema_converter.type_map.items():
        if not isinstance(concrete.definition, StrawberryObjectDefinition):
            continue
        for field in concrete.definition.fields:
            for needs in field.extensions:
                if isinstance(needs, Needs):
                    name = schema.config.name_converter.get_graphql_name(field)
                    yield Line(type_name, name, needs.scope, needs.or_own or needs.or_self)


_DETAILS: Final = (
    "`associateView` shows these fields to these roles, and null to the others. `amounts` are those of its orders.",
    "",
    f"| field | {' | '.join(DETAILS)} |",
    f"|---|{'---|' * len(DETAILS)}",
    *(f"| `{it}` | {' | '.join('yes' if it in granted else '' for granted in DETAILS.values())} |" for it in Detail),
)


@dataclass(frozen=True, slots=True)
class Limit:
    """What somebody sees and changes of one thing who is limited to brands or stores."""

    what: str
    by: str
    seen: str
    changed: str


LIMITS: Final = (
    Limit("customers, their names, devices, carts, messages, totals, rollups", "-", "all", "all; erased by nobody"),
    Limit("consents, message preferences, suppressions", "brand", "of their brands, and of all brands", "theirs"),
    Limit("orders", "store", "theirs, picked up or sent from theirs, and of no store", "-"),
    Limit("what an event says in its `properties`", "store, brand of a consent", "theirs, and of none", "-"),
    Limit("what a store's tills sold on a day", "store", "theirs", "-"),
    Limit("orders in the view of an associate", "-", "all", "-"),
    Limit("where somebody has joined a program", "store", "theirs, and of no store", "theirs"),
    Limit("journeys, broadcasts, topics, templates", "brand", "all", "theirs"),
    Limit("questions, rollups, segments, contents, programs, rewards, rules, the policy", "-", "all", "by nobody"),
    Limit("reviews of a customer", "-", "all", "by nobody"),
    Limit("products, prices", "brand", "all", "theirs"),
    Limit("stores, stock", "brand, store", "all", "theirs"),
    Limit("posters", "brand, store", "all", "theirs"),
    Limit("keys", "brand, store", "theirs", "theirs"),
    Limit("entries of the audit", "brand, store", "about theirs only, and about none", "-"),
)
"""A test asks what this says of consents, orders, events and the audit: `tests/hub_api/test_limits.py`."""

_LIMITS: Final = (
    "Customers belong to the retailer and not to a brand: whoever may see or change them sees all of them. What names",
    "a brand or a store is for those of it. Who is not limited sees and changes all; `theirs` is what is of the brands",
    "and stores that somebody is limited to. What is of no brand, or of all, is everybody's to see, and is changed by",
    "who is not limited. In the shop an associate sees all that the customer bought, wherever it was. A server's key",
    "is believed in whatever it tells.",
    "",
    "| what | limited by | seen | changed |",
    "|---|---|---|---|",
    *(f"| {it.what} | {it.by} | {it.seen} | {it.changed} |" for it in LIMITS),
)


def page() -> str:
    """Make `docs/permissions.md`."""
    found = list(lines(build(introspection=True)))
    header = ["| | scope | " + " | ".join(CALLERS) + " |", "|---|---|" + "---|" * len(CALLERS)]
    return "\n".join(
        [
            "# Permissions",
            "",
            "<!-- Written by docs/reference/generate.py from the code: change it there. -->",
            "",
            "Every field that loads or changes something needs a **scope**. A caller has the scopes of their kind, or,",
            "as staff, of their roles. A test asks every cell of this page over HTTP: it cannot be wrong for long.",
            "",
            "`client` is the key inside an app or page, which anybody can read. `customer` is a signed-in customer.",
            "`device` is a kiosk, `till` a device whose key names the scope.",
            "`partner` may have these scopes; its key names which of them it has. The rest are roles of the staff, who",
            "may be limited to brands and stores besides. `own` means: of their own profile and of nobody else's.",
            "",
            "## Scopes",
            "",
            "| scope | lets one |",
            "|---|---|",
            *(f"| `{scope}` | {MEANINGS[scope]} |" for scope in Scope),
            "",
            *("## Mutations", "", *header, *(_row(it) for it in found if it.of == "Mutation"), ""),
            *("## Queries", "", *header, *(_row(it) for it in found if it.of == "Query"), ""),
            *("## Fields", "", *header, *(_row(it) for it in found if it.of not in {"Mutation", "Query"}), ""),
            "A field that is not listed is given with the object that it belongs to. `node` and `nodes` also need the",
            "scope of what is asked for.",
            "",
            *("## Limits to brands and stores", "", *_LIMITS, ""),
            *("## The view of an associate", "", *_DETAILS, ""),
            *("## Routes", "", "| route | needs |", "|---|---|"),
            *(f"| `{path}` | {f'`{it}`' if isinstance(it, Scope) else it} |" for path, it in ROUTES.items()),
            "",
            "The command line asks for no scope: whoever runs it holds the settings of the database already. The audit",
            "calls them `operator`.",
            "",
        ]
    )


def _row(line: Line) -> str:
    name = line.name if line.of in {"Mutation", "Query"} else f"{line.of}.{line.name}"
    cells = [_cell(line, scopes) for scopes in CALLERS.values()]
    return f"| `{name}` | `{line.scope}` | " + " | ".join(cells) + " |"


def _cell(line: Line, scopes: frozenset[Scope]) -> str:
    if line.scope in scopes:
        return "own" if line.scope is Scope.PROFILE_SELF else "yes"
    return "own" if line.lets(scopes) else ""
