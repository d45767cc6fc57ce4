"""Tokens of OpenID Connect issuers: customers of an app, and staff with their roles. Firebase Auth is one of them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import jwt

from hub.access.jwks import ALGORITHMS, KeySet
from hub.access.model import Caller, CallerKind, Role, Scope
from hub.access.permissions import KINDS, of_roles
from hub.access.tokens import Verified
from hub.events.model import Source, Trust
from hub.settings import IssuerKind, OidcIssuer

LEEWAY_SECONDS: Final = 30
"""How far the clock of an issuer may be off."""
LONGEST_TOKEN: Final = 16 * 1024
STAFF_SOURCE: Final = "staff"
"""The source of the events that members of staff send themselves."""
EVERY: Final = "*"
"""In a claim of brands or stores: no limit."""

_REQUIRED: Final = ["iss", "aud", "sub", "iat", "exp"]
_OWN_SUBJECT: Final = "profile:"
"""How the hub's own tokens name a profile. Nobody else's token may."""


class Issuers:
    """The issuers that are believed."""

    def __init__(self, issuers: Iterable[OidcIssuer], clock: Callable[[], datetime]) -> None:
        self._known = [(issuer, KeySet(issuer.issuer, issuer.jwks_url, clock)) for issuer in issuers]

    async def verified(self, token: str) -> Verified | None:
        """Tell who presents this token. None where no issuer of ours signed it for us, or it is changed or over.

        Raises:
            IssuerUnavailable: its issuer cannot be asked.
        """
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            unproven = jwt.decode_complete(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return None
        header, said = unproven["header"], unproven["payload"]
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or not isinstance(key_id, str):
            return None
        for issuer, keys in self._known:
            if said.get("iss") == issuer.issuer and issuer.audience in _listed(said.get("aud")):
                key = await keys.key(key_id)
                return _proven(token, issuer, key) if key else None
        return None


def _proven(token: str, issuer: OidcIssuer, key: jwt.PyJWK) -> Verified | None:
    try:
        claims = jwt.decode(
            token,
            key,
            # That of the key, whatever the token says of itself.
            algorithms=[key.algorithm_name],
            audience=issuer.audience,
            issuer=issuer.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
    except jwt.PyJWTError:
        return None
    if not claims["sub"] or claims["sub"].startswith(_OWN_SUBJECT):
        return None
    caller = _staff(claims, issuer) if issuer.kind is IssuerKind.STAFF else _customer(claims)
    return Verified(caller, datetime.fromtimestamp(claims["exp"] + LEEWAY_SECONDS, UTC))


def _customer(claims: Mapping[str, Any]) -> Caller:
    return Caller(CallerKind.CUSTOMER, claims["sub"], KINDS[CallerKind.CUSTOMER], verified=tuple(_vouched_for(claims)))


def _vouched_for(claims: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Give the addresses that the issuer has verified. Firebase signs in by phone only whom it has sent a code."""
    by_default = {"email": False, "phone_number": "firebase" in claims}
    for claim, kind in (("email", "email"), ("phone_number", "phone")):
        value = claims.get(claim)
        if isinstance(value, str) and claims.get(f"{claim}_verified", by_default[claim]) is True:
            yield kind, value


def _staff(claims: Mapping[str, Any], issuer: OidcIssuer) -> Caller:
    roles = frozenset(Role(name) for name in _listed(_claim(claims, issuer.roles_claim)) if name in set(Role))
    brands, stores = (_limit(claims, name) for name in (issuer.brands_claim, issuer.stores_claim))
    if brands is None or stores is None:
        roles = frozenset()  # who is limited must say to what
    scopes = of_roles(roles)
    return Caller(
        CallerKind.STAFF,
        claims["sub"],
        scopes,
        Source(STAFF_SOURCE, Trust.SERVER) if Scope.EVENTS_WRITE in scopes else None,
        roles=roles,
        brands=brands or frozenset(),
        stores=stores or frozenset(),
    )


def _limit(claims: Mapping[str, Any], claim: str) -> frozenset[str] | None:
    """Read to which brands or stores somebody is limited: empty is no limit, None is nothing at all."""
    if not claim:
        return frozenset()
    named = _listed(_claim(claims, claim))
    return frozenset() if EVERY in named else named or None


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Find a claim by its name, or by the way to it: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    first, dot, rest = name.partition(".")
    inside = claims.get(first)
    return _claim(inside, rest) if dot and isinstance(inside, Mapping) else None


def _listed(claim: Any) -> frozenset[str]:
    """Read a claim that is one word, words with spaces between them, or a list of them."""
    words = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else ()
    return frozenset(word for word in words if isinstance(word, str))
