from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from hub.events.model import Event, Kind, Trust
from hub.profiles import rules
from hub.profiles.model import Identifier, IdentifierKind, Profile

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAID = Event(
    id=UUID(int=1),
    source="shop",
    trust=Trust.SERVER,
    kind=Kind.IDENTIFY,
    name="Identify",
    user_id=None,
    anonymous_id=None,
    properties={},
    traits={},
    context={},
    at=NOW,
    accepted_at=NOW,
)
ADA = Profile(id=UUID(int=7))


def names(event: Event) -> list[str]:
    return [f"{it.kind}:{it.value}" for it in rules.identifiers_of(event)]


def test_identifiers_come_strongest_first() -> None:
    event = replace(
        SAID, user_id="ada", anonymous_id="a1", traits={"phone": "+49 30/1-2", "email": " Ada@Example.com "}
    )

    assert names(event) == ["user:ada", "anonymous:a1", "email:ada@example.com", "phone:+493012"]


def test_an_address_counts_beside_an_id_only_where_the_customer_says_who_they_are() -> None:
    tracked = replace(SAID, kind=Kind.TRACK, properties={"email": "ada@example.com"})

    assert names(replace(tracked, user_id="ada")) == ["user:ada"]
    assert names(tracked) == ["email:ada@example.com"]


@pytest.mark.parametrize(
    ("traits", "properties", "context"),
    [
        ({"email": "a@x.test"}, {"email": "b@x.test"}, {}),
        ({"email": ""}, {"email": "A@x.test"}, {}),
        ({"email": "nobody"}, {"email": "a@x.test"}, {}),
        ({"email": 7}, {}, {"traits": {"email": "a@x.test"}}),
        ({}, {"email": "a@x.test"}, {"traits": "email"}),
    ],
)
def test_the_first_address_that_is_one_counts(
    traits: dict[str, Any], properties: dict[str, Any], context: dict[str, Any]
) -> None:
    assert rules.contacts_in(traits, properties, context) == [Identifier(IdentifierKind.EMAIL, "a@x.test")]


@pytest.mark.parametrize(
    ("said", "form"),
    [
        (" Ada.Lovelace@Example.COM ", "ada.lovelace@example.com"),
        ("ada@exämple.com", "ada@exämple.com"),
        ("ada@xn--exmple-cua.com", "ada@exämple.com"),
        ("ada+list@example.com", "ada+list@example.com"),
        ("ada@localhost", None),
        ("ada@", None),
        ("Ada <ada@example.com>", None),
        ("", None),
        ("a" * 300 + "@example.com", None),
    ],
)
def test_an_address_is_looked_up_in_lower_case_and_what_is_none_identifies_nobody(said: str, form: str | None) -> None:
    assert rules.lookup_form(IdentifierKind.EMAIL, said) == form


@pytest.mark.parametrize(
    ("said", "region", "form"),
    [
        ("+49 (0)30 901820", "", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("030/90 18-20", "DE", "+4930901820"),
        ("030/90 18-20", "", None),
        ("020 7946 0000", "GB", "+442079460000"),
        ("+44 20 7946 0000", "DE", "+442079460000"),
        ("1", "DE", None),
        ("call me", "DE", None),
        ("9" * 300, "DE", None),
    ],
)
def test_a_number_is_looked_up_in_e164_and_what_is_none_identifies_nobody(
    said: str, region: str, form: str | None
) -> None:
    assert rules.lookup_form(IdentifierKind.PHONE, said, region=region) == form


@pytest.mark.parametrize(
    ("region", "locale", "found"),
    [
        ("", "de-DE", ["+4930901820"]),
        ("", "de_AT", ["+4330901820"]),
        ("DE", "en-US", ["+4930901820"]),
        ("", "de", []),
        ("", "de-XX", []),
        ("", 7, []),
    ],
)
def test_a_number_without_a_country_is_of_the_shop_s_country_or_else_of_the_locale_s(
    region: str, locale: object, found: list[str]
) -> None:
    contacts = rules.contacts_in({"phone": "030 901820"}, {}, {"locale": locale}, region=region)

    assert [it.value for it in contacts] == found


def test_seq_follows_the_clock_and_never_repeats_or_goes_back() -> None:
    assert rules.next_seq(ADA, 1_000) == 1_024_000
    assert rules.next_seq(replace(ADA, seq=1_024_000), 1_000) == 1_024_001
    assert rules.next_seq(replace(ADA, seq=2_000_000), 1_000) == 2_000_001


def test_an_event_names_itself_in_the_profile_that_counts_it() -> None:
    after = rules.apply(ADA, SAID, seq=5)

    assert (after.seq, after.events, after.counted, after.rev) == (5, 1, {SAID.id: 5}, 0)
    assert (after.first_seen_at, after.last_seen_at) == (NOW, NOW)


def test_what_a_server_says_of_contacts_is_verified_and_a_client_cannot_change_it() -> None:
    told = rules.apply(ADA, replace(SAID, traits={"email": "ada@x.test", "name": "Ada"}), seq=1)
    client = replace(SAID, id=UUID(int=2), trust=Trust.CLIENT, traits={"email": "eve@x.test", "name": "Eve"})

    after = rules.apply(told, client, seq=2)

    assert told.verified == {"email"}
    assert rules.untrusted_traits(told, client) == ["email"]
    assert after.traits == {"email": "ada@x.test", "name": "Eve"}


def test_a_client_that_says_the_same_again_is_not_refused() -> None:
    told = rules.apply(ADA, replace(SAID, traits={"email": "ada@x.test"}), seq=1)

    assert rules.untrusted_traits(told, replace(SAID, trust=Trust.CLIENT, traits={"email": "ada@x.test"})) == []


def test_a_profile_keeps_its_ten_newest_devices() -> None:
    profile = ADA
    for place in range(12):
        event = replace(SAID, id=UUID(int=place), context={"device": {"token": f"t{place}"}})
        profile = rules.apply(profile, event, seq=place)

    assert profile.devices == tuple(f"t{place}" for place in range(2, 12))
    assert profile.device == "t11"


def test_the_language_is_that_of_the_trait_then_of_the_device_then_english() -> None:
    assert ADA.language == "en"
    assert replace(ADA, locale="de").language == "de"
    assert replace(ADA, locale="de", traits={"locale": "fr"}).language == "fr"
    assert replace(ADA, traits={"locale": 7, "email": 7, "phone": ""}).language == "en"
    assert replace(ADA, traits={"email": 7, "phone": ""}).email is None
