"""Customers and staff with a token of an OpenID Connect issuer, asked through the real application."""

from collections.abc import AsyncIterator

import orjson
import pytest

from hub.database import Client, Database
from hub.events.model import Source, Trust
from hub.intake.accept import accept
from hub.profiles import identifier_store
from hub.profiles.model import Identifier, IdentifierKind
from hub.settings import IssuerKind, OidcIssuer
from runtime import http
from tests.access.issuer import Issuer, issuer
from tests.hub_api.conftest import Hub, browser, codes_of


@pytest.fixture
async def firm() -> AsyncIterator[Issuer]:
    async with issuer() as firm:
        yield firm


@pytest.fixture
async def hub_with_issuer(hub: Hub, client: Client, firm: Issuer) -> AsyncIterator[Hub]:
    staff = OidcIssuer(issuer=firm.url, audience="office", kind=IssuerKind.STAFF)
    settings = hub.settings.model_copy(update={"oidc": {0: firm.settings(), 1: staff}})
    async with browser(await http.application(settings, client)) as web:
        hub.http = web
        yield hub


async def test_a_customer_signed_in_by_an_issuer_sees_their_own_profile(hub_with_issuer: Hub, firm: Issuer) -> None:
    await hub_with_issuer.identify("ada", firstName="Ada")

    assert await hub_with_issuer.data("{ me { traits } }", firm.token(sub="ada")) == {
        "me": {"traits": {"firstName": "Ada"}}
    }
    assert await hub_with_issuer.data("{ me { traits } }", firm.token(sub="bob")) == {"me": None}


async def test_an_address_that_the_issuer_has_verified_is_the_customers_own_and_another_persons_is_a_clash(
    hub_with_issuer: Hub, firm: Issuer, database: Database
) -> None:
    told = {"type": "identify", "userId": "ada", "traits": {"email": "Ada@Example.com"}}
    await accept(Source("app", Trust.CLIENT), [orjson.dumps(told)], now=hub_with_issuer.now)
    await hub_with_issuer.identify("bob", email="bob@example.com")
    emails = [Identifier(IdentifierKind.EMAIL, f"{name}@example.com") for name in ("ada", "bob")]
    assert [it.verified for it in (await identifier_store.owners(emails)).values()] == [False, True]

    for address in ("ada@EXAMPLE.com", "bob@example.com"):
        token = firm.token(sub="ada", email=address, email_verified=True)
        assert (await hub_with_issuer.data("{ me { traits identifiers { kind } } }", token))["me"] is not None

    owned = await identifier_store.owners([*emails, Identifier(IdentifierKind.USER, "ada")])
    ada, bob = owned[emails[0]].profile_id, owned[emails[1]].profile_id
    assert (owned[emails[0]].verified, owned[Identifier(IdentifierKind.USER, "ada")].profile_id) == (True, ada)
    (clash,) = await database["clashes"].find().to_list()
    assert (clash["profiles"], clash["value"], clash["source"]) == ([bob, ada], "bob@example.com", "issuer")


async def test_staff_signed_in_by_an_issuer_do_what_their_roles_allow(hub_with_issuer: Hub, firm: Issuer) -> None:
    analyst = firm.token(sub="7", aud="office", roles=["analyst"])

    assert await hub_with_issuer.data("{ journeys { name } }", analyst) == {"journeys": []}
    assert await hub_with_issuer.codes("{ profiles { nodes { id } } }", analyst) == ["FORBIDDEN"]


async def test_while_nobody_can_tell_whose_a_token_is_the_answer_is_come_again(
    hub_with_issuer: Hub, firm: Issuer
) -> None:
    token = firm.token()
    firm.silent = True

    asked = await hub_with_issuer.post("{ me { id } }", token)
    sent = await hub_with_issuer.http.post(
        "/v1/track", json={"event": "E", "userId": "ada"}, headers={"Authorization": f"Bearer {token}"}
    )

    assert (asked.status_code, asked.headers["retry-after"], codes_of(asked.json())) == (503, "10", ["UNAVAILABLE"])
    assert (sent.status_code, sent.json()["code"]) == (503, "UNAVAILABLE")


async def test_a_token_that_is_not_valid_is_refused_without_a_word_of_it(hub_with_issuer: Hub, firm: Issuer) -> None:
    token = firm.token(aud="another", sub="a-secret-name")

    refused = await hub_with_issuer.post("{ me { id } }", token)

    assert (refused.status_code, codes_of(refused.json())) == (401, ["UNAUTHENTICATED"])
    assert "a-secret-name" not in refused.text
    assert firm.asked == []
