import asyncio
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from pydantic import SecretStr

from hub.access import tokens
from hub.access.model import NOBODY, Caller, CallerKind, Forbidden, Scope, Unauthenticated, require
from hub.access.service import Callers
from hub.access.tokens import Verified
from hub.database import Database
from hub.settings import Settings

SETTINGS = Settings(secret_key=SecretStr("the secret of today, long enough to sign with"))
CLAIMS = {"sub": "ada", "jti": "t1", "aud": "engagement-hub", "exp": datetime(2099, 1, 1, tzinfo=UTC)}


def clock() -> datetime:
    return datetime.now(UTC)


def signed(claims: dict[str, object], secret: str = SETTINGS.secret_key.get_secret_value(), by: str = "HS256") -> str:
    return jwt.encode(claims, secret, algorithm=by)


def test_a_token_says_which_customer_is_asking() -> None:
    now = datetime.now(UTC).replace(microsecond=0)

    first, second = (tokens.verified(SETTINGS, tokens.issue(SETTINGS, "ada", now=now)) for _ in range(2))

    assert first
    assert second
    assert first == Verified(
        Caller(
            CallerKind.CUSTOMER,
            "ada",
            frozenset({Scope.PROFILE_SELF, Scope.COMMERCE_READ, Scope.CONTENT_READ}),
            token_id=first.caller.token_id,
        ),
        now + timedelta(days=30),
    )
    assert first.caller.token_id != second.caller.token_id


def test_a_token_signed_with_the_previous_secret_is_still_good() -> None:
    rotated = Settings(
        secret_key=SecretStr("the secret of tomorrow, long enough to sign"), secret_key_previous=SETTINGS.secret_key
    )

    assert tokens.verified(rotated, signed(CLAIMS)) is not None
    assert tokens.verified(Settings(secret_key=rotated.secret_key), signed(CLAIMS)) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        signed(CLAIMS, "another secret that is long enough to sign"),
        signed({**CLAIMS, "aud": "another"}),
        signed({**CLAIMS, "exp": datetime(2020, 1, 1, tzinfo=UTC)}),
        signed({name: CLAIMS[name] for name in ("sub", "jti", "aud")}),
        signed({name: CLAIMS[name] for name in ("jti", "aud", "exp")}),
        signed({name: CLAIMS[name] for name in ("sub", "aud", "exp")}),
        signed({**CLAIMS, "sub": 7}),
        signed(CLAIMS, "", "none"),
        tokens.issue(SETTINGS, "ada", now=datetime.now(UTC) - timedelta(days=31)),
    ],
    ids=[
        "empty",
        "no token",
        "signature",
        "audience",
        "expired",
        "no end",
        "nobody",
        "no id",
        "number",
        "unsigned",
        "old",
    ],
)
def test_a_token_that_is_not_ours_or_over_is_nobodys(token: str) -> None:
    assert tokens.verified(SETTINGS, token) is None


def test_without_a_secret_no_token_is_issued_and_none_is_believed() -> None:
    with pytest.raises(tokens.NoSecretKey):
        tokens.issue(Settings(), "ada", now=datetime.now(UTC))
    assert tokens.verified(Settings(), signed(CLAIMS)) is None


async def believed(callers: Callers, token: str) -> bool:
    try:
        await callers.of(token)
    except Unauthenticated:
        return False
    return True


async def test_a_revoked_token_is_refused_within_a_second_and_no_other(database: Database) -> None:
    callers = Callers(SETTINGS, clock)
    phone, tablet = (tokens.issue(SETTINGS, "ada", now=clock()) for _ in range(2))
    caller = await callers.of(phone)
    await callers.of(tablet)

    for _ in range(2):
        await tokens.revoke(caller.token_id, now=clock())
    await asyncio.sleep(tokens.FRESH_SECONDS)

    assert not await believed(callers, phone)
    assert await believed(callers, tablet)
    assert await database["revoked_tokens"].count_documents({}) == 1


async def test_nothing_presented_is_nobody_and_nonsense_is_refused() -> None:
    callers = Callers(SETTINGS, clock)

    assert await callers.of(None) == NOBODY
    assert await callers.of("") == NOBODY
    with pytest.raises(Unauthenticated):
        await callers.of("nonsense")


def test_a_scope_lets_pass_who_has_it_and_tells_the_others_what_is_missing() -> None:
    customer = Caller(CallerKind.CUSTOMER, "ada", frozenset({Scope.PROFILE_SELF}))

    assert require(customer, Scope.PROFILE_SELF) is customer
    with pytest.raises(Forbidden, match=r"^This needs the scope profile:read\.$"):
        require(customer, Scope.PROFILE_READ)
    with pytest.raises(Unauthenticated):
        require(NOBODY, Scope.PROFILE_SELF)
