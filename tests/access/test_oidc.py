"""Customers and staff by any OpenID Connect issuer: what is believed, and what an issuer that is away changes."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hub.access import jwks, service
from hub.access.jwks import IssuerUnavailable
from hub.access.model import Caller, CallerKind, Role, Scope, Unauthenticated
from hub.access.permissions import KINDS, ROLES
from hub.access.service import Callers
from hub.database import Database
from hub.events.model import Source, Trust
from hub.settings import IssuerKind, OidcIssuer, Settings
from runtime import configuration
from runtime.errors import WrongSettings
from tests.access.issuer import AUDIENCE, RSA_KEYS, Issuer, issuer

CUSTOMER = KINDS[CallerKind.CUSTOMER]
KEYS, DISCOVERY = "/keys", "/.well-known/openid-configuration"


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
async def firm() -> AsyncIterator[Issuer]:
    async with issuer() as firm:
        yield firm


@pytest.fixture
def clock() -> Clock:
    return Clock()


def believing(clock: Clock, *issuers: OidcIssuer) -> Callers:
    return Callers(Settings(oidc=dict(enumerate(issuers))), clock)


async def refused(callers: Callers, token: str) -> bool:
    try:
        await callers.of(token)
    except Unauthenticated:
        return True
    return False


async def test_a_token_of_an_issuer_says_which_customer_is_asking(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings())

    assert await callers.of(firm.token(sub="ada")) == Caller(CallerKind.CUSTOMER, "ada", CUSTOMER)
    assert firm.asked == [DISCOVERY, KEYS]


async def test_the_keys_are_found_by_discovery_or_by_the_address_in_the_settings(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings(jwks_url=f"{firm.url}/somewhere"))

    assert (await callers.of(firm.token())).subject == "ada"
    assert firm.asked == ["/somewhere"]


async def test_a_token_as_firebase_makes_it_is_a_customers(firm: Issuer, clock: Clock) -> None:
    now = int(datetime.now(UTC).timestamp())
    token = firm.token(
        headers={"typ": "JWT"},
        sub="7Jq0bM2xTnXyZ",
        user_id="7Jq0bM2xTnXyZ",
        auth_time=now - 30,
        iat=now - 30,
        exp=now + 3570,
        email="ada@example.com",
        email_verified=True,
        phone_number="+441134960000",
        firebase={"identities": {"email": ["ada@example.com"]}, "sign_in_provider": "password"},
    )

    caller = await believing(clock, firm.settings()).of(token)

    assert (caller.kind, caller.subject) == (CallerKind.CUSTOMER, "7Jq0bM2xTnXyZ")
    assert caller.verified == (("email", "ada@example.com"), ("phone", "+441134960000"))


@pytest.mark.parametrize(
    ("claims", "verified"),
    [
        ({"email": "ada@example.com"}, ()),
        ({"email": "ada@example.com", "email_verified": False}, ()),
        ({"email": "ada@example.com", "email_verified": "true"}, ()),
        ({"email": ["ada@example.com"], "email_verified": True}, ()),
        ({"email": "ada@example.com", "email_verified": True}, (("email", "ada@example.com"),)),
        ({"phone_number": "+441134960000"}, ()),
        ({"phone_number": "+441134960000", "phone_number_verified": True}, (("phone", "+441134960000"),)),
    ],
)
async def test_only_an_address_that_the_issuer_has_verified_is_vouched_for(
    firm: Issuer, clock: Clock, claims: dict[str, Any], verified: tuple[tuple[str, str], ...]
) -> None:
    assert (await believing(clock, firm.settings()).of(firm.token(**claims))).verified == verified


async def test_a_clock_that_is_five_seconds_off_makes_no_token_invalid(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings())
    five = timedelta(seconds=5)

    for claims in ({"exp": clock() - five}, {"iat": clock() + five, "nbf": clock() + five}):
        token = firm.token(**claims)
        assert [(await callers.of(token)).subject for _ in range(2)] == ["ada", "ada"]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://another.example"},
        {"aud": "another"},
        {"aud": ["another", "still another"]},
        {"exp": timedelta(minutes=-1)},
        {"nbf": timedelta(minutes=1)},
        {"iat": timedelta(minutes=1)},
        {"iat": "yesterday"},
        {"sub": 7},
        {"sub": ""},
        {"sub": "profile:0190b5f2-0000-7000-8000-000000000000"},
        *({name: None} for name in ("iss", "aud", "sub", "iat", "exp")),
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_or_over_or_lacks_a_claim_is_refused(
    firm: Issuer, clock: Clock, claims: dict[str, Any]
) -> None:
    # From now, which is long after the parameters were made.
    said = {name: clock() + it if isinstance(it, timedelta) else it for name, it in claims.items()}

    assert await refused(believing(clock, firm.settings()), firm.token(**said))


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def forged(firm: Issuer) -> dict[str, str]:
    """Tokens that say of themselves what would make a careless verifier believe them."""
    public = (
        RSA_KEYS[0]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    said = encoded(orjson.dumps({"alg": "HS256", "kid": "rsa-1"}))
    listed = encoded(orjson.dumps({"alg": ["RS256"], "kid": "rsa-1"}))
    good = firm.token().split(".")
    stranger = RSA_KEYS[1]
    claims = firm.claims()
    return {
        "unsigned": jwt.encode(claims, "", "none", headers={"kid": "rsa-1"}),
        "by our public key as a password": jwt.encode(claims, public[:32], "HS256", headers={"kid": "rsa-1"}),
        "another algorithm in the header": ".".join([said, *good[1:]]),
        "several algorithms in the header": ".".join([listed, *good[1:]]),
        "by a stranger's key under our key's id": jwt.encode(claims, stranger, "RS256", headers={"kid": "rsa-1"}),
        "by an algorithm that is not allowed": jwt.encode(claims, RSA_KEYS[0], "PS256", headers={"kid": "rsa-1"}),
        "without a key's id": jwt.encode(claims, RSA_KEYS[0], "RS256"),
        "with a key inside": jwt.encode(claims, stranger, "RS256", headers={"jwk": firm.published["rsa-1"]}),
        "other claims": ".".join([good[0], firm.token(sub="bob").split(".")[1], good[2]]),
        "no signature": ".".join([*good[:2], ""]),
        "too long": firm.token(padding="x" * 20_000),
        "an object for an audience": jwt.encode({**claims, "aud": {"a": "b"}}, stranger, "RS256", headers={"kid": "a"}),
        "nested too deep": ".".join([good[0], encoded(b'{"iss":' + b"[" * 5000 + b"]" * 5000 + b"}"), good[2]]),
        "no token": "a.b.c",
    }


async def test_a_forged_token_is_refused(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings())

    for how, token in forged(firm).items():
        assert await refused(callers, token), how
    assert not await refused(callers, firm.token())


async def test_a_key_that_must_not_sign_is_not_used(firm: Issuer, clock: Clock) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  it has to be refused
    firm.rotate("encrypts")
    firm.published["encrypts"]["use"] = "enc"
    firm.rotate("of-another-algorithm")
    firm.published["of-another-algorithm"] |= {"kty": "oct", "k": "c2VjcmV0"}
    firm.rotate("without-an-id")
    del firm.published["without-an-id"]["kid"]
    firm.rotate("weak", weak, "RS256")
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        by_weak = firm.token("weak")
    callers = believing(clock, firm.settings())

    for key_id in ("encrypts", "of-another-algorithm", "without-an-id"):
        assert await refused(callers, firm.token(key_id)), key_id
    assert await refused(callers, by_weak)
    assert not await refused(callers, firm.token("rsa-1"))


async def test_an_unknown_key_is_looked_for_once_in_a_while_and_not_for_each_token(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings(jwks_url=f"{firm.url}{KEYS}"))
    assert not await refused(callers, firm.token())
    made_up = [firm.token(headers={"kid": f"made-up-{number}"}) for number in range(20)]

    assert await asyncio.gather(*(refused(callers, token) for token in made_up)) == [True] * 20
    assert firm.asked == [KEYS]

    clock.forward(jwks.PAUSE)
    assert await asyncio.gather(*(refused(callers, token) for token in made_up)) == [True] * 20
    assert firm.asked == [KEYS] * 2


async def test_many_first_requests_at_once_fetch_the_keys_once(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings())

    found = await asyncio.gather(*(callers.of(firm.token(sub=f"c{number}")) for number in range(20)))

    assert [caller.subject for caller in found] == [f"c{number}" for number in range(20)]
    assert firm.asked == [DISCOVERY, KEYS]


async def test_a_request_that_hangs_up_takes_the_keys_away_from_nobody_else(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings())
    first = asyncio.create_task(callers.of(firm.token()))
    await asyncio.sleep(0)
    second = asyncio.create_task(callers.of(firm.token(sub="bob")))
    await asyncio.sleep(0)

    first.cancel()

    assert (await second).subject == "bob"
    assert firm.asked == [DISCOVERY, KEYS]


async def test_a_new_key_is_believed_when_it_appears_and_an_old_one_until_it_is_gone(
    firm: Issuer, clock: Clock
) -> None:
    callers = believing(clock, firm.settings())
    assert not await refused(callers, firm.token())
    firm.rotate("ec-2")
    clock.forward(jwks.PAUSE)

    assert not await refused(callers, firm.token("ec-2"))
    assert not await refused(callers, firm.token("rsa-1"))

    del firm.published["rsa-1"]
    clock.forward(jwks.FRESH)
    assert await refused(callers, firm.token("rsa-1", sub="bob"))
    assert not await refused(callers, firm.token("ec-2"))


@pytest.mark.parametrize("answer", [None, b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": 7}', b'{"keys": [7, {}]}'])
async def test_while_an_issuer_is_away_or_answers_nonsense_its_known_keys_work_on(
    firm: Issuer, clock: Clock, answer: bytes | None
) -> None:
    callers = believing(clock, firm.settings())
    assert not await refused(callers, firm.token())
    firm.silent, firm.broken = answer is None, answer
    clock.forward(jwks.FRESH)

    assert not await refused(callers, firm.token(sub="bob"))
    assert await refused(callers, firm.token(headers={"kid": "unknown"}))
    assert len(firm.asked) == 3

    firm.silent, firm.broken = False, None
    firm.rotate("ec-2")
    clock.forward(jwks.PAUSE)
    assert not await refused(callers, firm.token("ec-2"))


async def test_without_any_key_an_issuer_that_is_away_is_no_refusal(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings())
    firm.silent = True

    for _ in range(2):
        with pytest.raises(IssuerUnavailable) as away:
            await callers.of(firm.token())
        assert (away.value.code, away.value.retry_after) == ("UNAVAILABLE", 10)
    assert len(firm.asked) == 1

    firm.silent = False
    clock.forward(jwks.PAUSE)
    assert not await refused(callers, firm.token())


async def test_a_discovery_document_of_another_issuer_is_not_believed(firm: Issuer, clock: Clock) -> None:
    firm.broken = orjson.dumps({"issuer": "https://another.example", "jwks_uri": f"{firm.url}{KEYS}"})

    with pytest.raises(IssuerUnavailable):
        await believing(clock, firm.settings()).of(firm.token())
    assert firm.asked == [DISCOVERY]


async def test_a_verified_token_is_remembered_until_it_is_over(
    firm: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_REMEMBERED", 2)
    callers = believing(clock, firm.settings())
    tokens = [firm.token(sub=f"c{number}") for number in range(3)]
    made = [await callers.of(token) for token in tokens]

    # The first had to make room for the third; the others are the very callers that were made.
    assert [await callers.of(token) is caller for token, caller in zip(tokens[1:], made[1:], strict=True)] == [True] * 2
    assert await callers.of(tokens[0]) is not made[0]

    clock.forward(timedelta(hours=1, seconds=31))
    assert await refused(callers, tokens[2])


async def test_staff_have_the_roles_brands_and_stores_that_their_token_says(firm: Issuer, clock: Clock) -> None:
    staff = firm.settings(
        IssuerKind.STAFF, roles_claim="realm_access.roles", brands_claim="https://shop.example/brands", stores_claim="s"
    )
    claims: dict[str, Any] = {"https://shop.example/brands": ["alpha"], "s": "S-1 S-2"}
    token = firm.token(sub="7", realm_access={"roles": ["marketer", "store", "king"]}, **claims)

    assert await believing(clock, staff).of(token) == Caller(
        CallerKind.STAFF,
        "7",
        ROLES[Role.MARKETER] | ROLES[Role.STORE],
        roles=frozenset({Role.MARKETER, Role.STORE}),
        brands=frozenset({"alpha"}),
        stores=frozenset({"S-1", "S-2"}),
    )


async def test_staff_who_are_limited_and_do_not_say_to_what_may_do_nothing(firm: Issuer, clock: Clock) -> None:
    callers = believing(clock, firm.settings(IssuerKind.STAFF, brands_claim="brands"))

    without = await callers.of(firm.token(roles=["admin"]))
    empty = await callers.of(firm.token(roles=["admin"], brands=[]))
    every = await callers.of(firm.token(roles=["admin"], brands=["*"]))
    nobody = await callers.of(firm.token(brands=["*"]))

    assert [(it.scopes, it.roles) for it in (without, empty, nobody)] == [(frozenset(), frozenset())] * 3
    assert (every.scopes, every.brands) == (frozenset(Scope) - {Scope.PROFILE_SELF}, frozenset())
    assert every.source == Source("staff", Trust.SERVER)


async def test_one_issuer_may_vouch_for_customers_and_staff_by_audience(firm: Issuer, clock: Clock) -> None:
    back_office = OidcIssuer(issuer=firm.url, audience="back-office", kind=IssuerKind.STAFF)
    callers = believing(clock, firm.settings(), back_office)

    assert (await callers.of(firm.token(aud=AUDIENCE, roles=["admin"]))).kind is CallerKind.CUSTOMER
    assert (await callers.of(firm.token(aud="back-office", roles=["analyst"]))).roles == {Role.ANALYST}


async def test_the_hubs_own_tokens_are_believed_beside_an_issuers(
    firm: Issuer, clock: Clock, settings: Settings, database: Database
) -> None:
    del database
    from hub.access import tokens  # noqa: PLC0415  its name is a variable elsewhere in this file

    callers = Callers(settings.model_copy(update={"oidc": {0: firm.settings()}}), clock)

    assert (await callers.of(tokens.issue(settings, "bob", now=clock()))).subject == "bob"
    assert (await callers.of(firm.token())).subject == "ada"


def test_issuers_are_read_from_numbered_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_OIDC__0__ISSUER", "https://securetoken.google.com/shop")
    monkeypatch.setenv("HUB_OIDC__0__AUDIENCE", "shop")
    monkeypatch.setenv("HUB_OIDC__1__ISSUER", "https://id.example")
    monkeypatch.setenv("HUB_OIDC__1__AUDIENCE", "hub")
    monkeypatch.setenv("HUB_OIDC__1__KIND", "staff")
    monkeypatch.setenv("HUB_OIDC__1__BRANDS_CLAIM", "brands")

    assert Settings().oidc == {
        0: OidcIssuer(issuer="https://securetoken.google.com/shop", audience="shop"),
        1: OidcIssuer(issuer="https://id.example", audience="hub", kind=IssuerKind.STAFF, brands_claim="brands"),
    }


def test_issuers_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "oidc.json"
    file.write_text('{"0": {"issuer": "https://id.example", "audience": "hub"}}')
    monkeypatch.setenv("HUB_OIDC_FILE", str(file))

    assert Settings().oidc == {0: OidcIssuer(issuer="https://id.example", audience="hub")}


def test_an_issuer_that_is_set_by_halves_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_OIDC__0__ISSUER", "https://id.example")
    monkeypatch.setenv("HUB_OIDC__0__JWKS", "https://id.example/keys")

    with pytest.raises(WrongSettings) as wrong:
        configuration.read_settings()

    assert wrong.value.message == (
        "HUB_OIDC__0__AUDIENCE: Field required. HUB_OIDC__0__JWKS: Extra inputs are not permitted."
    )
