"""Row 23: a link and a code sign in once, until they expire, on the device that asked for them."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.access import allowance, challenges, signin, tokens
from hub.access.allowance import Asker
from hub.access.names import Names
from hub.access.signin import (
    AlreadyUsed,
    BadAddress,
    Challenge,
    Expired,
    OtherDevice,
    SignIns,
    TooManyTries,
    WrongCode,
)
from hub.database import Database
from hub.kit import ids
from hub.messaging import signing_in
from hub.messaging.signing_in import Proof, Wish
from hub.profiles import identifier_store, store
from hub.profiles.model import Identifier, IdentifierKind, Owned, Profile
from hub.settings import Settings
from tests.conftest import SECRET

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PHONE, TABLET = "the secret of a phone", "the secret of a tablet"
ADA = "ada@example.com"
HOME = Asker("anonymous app", "1.1.1.1")
NAMES = Names(Settings(secret_key=SECRET))


@pytest.fixture
def sign_ins(settings: Settings) -> SignIns:
    return SignIns(settings)


async def ask(address: str = ADA, device: str = PHONE, *, now: datetime = NOON, cause: UUID | None = None) -> Challenge:
    wish = Wish(IdentifierKind.EMAIL, address, device)
    return await signing_in.ask(wish, HOME, NAMES, cause=cause or ids.new_id(), now=now)


async def come_back(
    sign_ins: SignIns,
    challenge: Challenge,
    code: str | None = None,
    *,
    device: str = PHONE,
    now: datetime = NOON,
    cause: UUID | None = None,
) -> UUID:
    proof = Proof(challenge.id, device, code or sign_ins.code(challenge.id))
    return (await signing_in.complete(proof, sign_ins, NAMES, cause=cause or ids.new_id(), now=now)).profile_id


async def known(address: str = ADA, *, verified: bool) -> UUID:
    profile = Profile(id=ids.new_id(), traits={"email": address}, first_seen_at=NOON, last_seen_at=NOON)
    await store.save([profile], token=ids.new_id())
    await identifier_store.claim(
        [Owned(Identifier(IdentifierKind.EMAIL, address), profile.id, verified=verified)], at=NOON
    )
    return profile.id


def wrong(sign_ins: SignIns, challenge: Challenge) -> str:
    return f"{(int(sign_ins.code(challenge.id)) + 1) % 10**6:06}"


async def test_a_code_signs_in_whose_verified_address_it_was_sent_to(sign_ins: SignIns) -> None:
    ada = await known(verified=True)

    assert await come_back(sign_ins, await ask("Ada@Example.com")) == ada


async def test_a_link_signs_in_without_a_code(sign_ins: SignIns) -> None:
    ada = await known(verified=True)
    challenge = await ask()
    token = sign_ins.link(challenge).rpartition("/")[2]

    assert sign_ins.challenge_of(token, now=NOON) == challenge.id
    used = await signing_in.complete(Proof(challenge.id, PHONE), sign_ins, NAMES, cause=ids.new_id(), now=NOON)
    assert used.profile_id == ada


async def test_somebody_new_gets_a_profile_whose_address_is_verified(sign_ins: SignIns, database: Database) -> None:
    challenge = await ask()
    assert await database["profiles"].count_documents({}) == 0

    profile_id = await come_back(sign_ins, challenge)

    profile = (await store.load([profile_id]))[profile_id]
    assert (profile.traits, profile.verified, profile.first_seen_at) == ({"email": ADA}, {"email"}, NOON)
    identifier = Identifier(IdentifierKind.EMAIL, ADA)
    assert await identifier_store.owners([identifier]) == {identifier: Owned(identifier, profile_id, verified=True)}
    assert await come_back(sign_ins, await ask(device=TABLET), device=TABLET) == profile_id


async def test_it_works_once_and_a_replay_is_an_error_and_not_a_session(sign_ins: SignIns) -> None:
    challenge = await ask()

    outcomes = await asyncio.gather(*(come_back(sign_ins, challenge) for _ in range(4)), return_exceptions=True)

    assert Counter(type(it) for it in outcomes) == {UUID: 1, AlreadyUsed: 3}
    with pytest.raises(AlreadyUsed):
        await come_back(sign_ins, challenge)


async def test_the_same_request_again_is_the_same_sign_in(sign_ins: SignIns, settings: Settings) -> None:
    challenge, cause, now = await ask(now=datetime.now(UTC)), ids.new_id(), datetime.now(UTC)

    first = await come_back(sign_ins, challenge, cause=cause, now=now)
    one = await signing_in.session(challenge.id, settings, now=now)
    again = await come_back(sign_ins, challenge, cause=cause, now=now + timedelta(minutes=1))
    other = await signing_in.session(challenge.id, settings, now=now + timedelta(minutes=1))

    assert first == again
    assert one == other
    caller = tokens.verified(settings, one.token)
    assert caller
    assert (caller.caller.profile_id, caller.caller.token_id) == (first, challenge.id.hex)
    with pytest.raises(AlreadyUsed):
        await signing_in.session(challenge.id, settings, now=challenge.expires_at)


async def test_it_expires_after_fifteen_minutes(sign_ins: SignIns) -> None:
    challenge = await ask()
    token = sign_ins.link(challenge).rpartition("/")[2]

    assert sign_ins.challenge_of(token, now=NOON + signin.LASTS) is None
    with pytest.raises(Expired):
        await come_back(sign_ins, challenge, now=NOON + signin.LASTS)
    assert await come_back(sign_ins, challenge, now=NOON + signin.LASTS - timedelta(milliseconds=1))


async def test_on_another_device_than_asked_it_is_worth_nothing_and_uses_nothing_up(sign_ins: SignIns) -> None:
    challenge = await ask()

    for _ in range(signin.MOST_TRIES + 1):
        with pytest.raises(OtherDevice):
            await come_back(sign_ins, challenge, device=TABLET)

    assert await come_back(sign_ins, challenge)


async def test_a_changed_link_is_of_no_challenge(sign_ins: SignIns) -> None:
    token = sign_ins.link(await ask()).rpartition("/")[2]

    assert sign_ins.challenge_of(token[:-2] + "AA", now=NOON) is None
    assert sign_ins.challenge_of("x", now=NOON) is None


async def test_five_wrong_codes_are_told_apart_and_then_even_the_right_one_is_refused(sign_ins: SignIns) -> None:
    challenge = await ask()

    left = []
    for _ in range(5):
        with pytest.raises(WrongCode) as refused:
            await come_back(sign_ins, challenge, wrong(sign_ins, challenge))
        left.append(refused.value.tries_left)

    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(TooManyTries):
        await come_back(sign_ins, challenge)


async def test_codes_tried_at_once_are_counted_each(sign_ins: SignIns) -> None:
    challenge = await ask()
    tried = (come_back(sign_ins, challenge, wrong(sign_ins, challenge)) for _ in range(12))

    outcomes = await asyncio.gather(*tried, return_exceptions=True)

    assert Counter(type(it) for it in outcomes) == {WrongCode: 5, TooManyTries: 7}


async def test_a_newer_request_of_the_same_device_ends_the_older_one(sign_ins: SignIns) -> None:
    older, elsewhere = await ask(), await ask(device=TABLET)
    newer = await ask(now=NOON + timedelta(minutes=1))

    with pytest.raises(Expired):
        await come_back(sign_ins, older)
    assert await come_back(sign_ins, newer) == await come_back(sign_ins, elsewhere, device=TABLET)


async def test_requests_of_a_device_at_once_leave_one_live(database: Database) -> None:
    await asyncio.gather(*(ask() for _ in range(allowance.OF_NETWORK_FOR_ADDRESS)))

    assert await database["sign_ins"].count_documents({}) == allowance.OF_NETWORK_FOR_ADDRESS
    assert await database["sign_ins"].count_documents({"live": True}) == 1


async def test_a_request_that_is_repeated_asks_once(database: Database) -> None:
    cause = ids.new_id()

    assert (await ask(cause=cause)).id == (await ask(cause=cause, now=NOON + timedelta(seconds=5))).id == cause

    assert await database["sign_ins"].count_documents({}) == 1
    assert await database["messages"].count_documents({}) == 1


async def test_an_address_that_somebody_only_claims_opens_no_profile_and_looks_like_any_other(
    sign_ins: SignIns, database: Database
) -> None:
    mallory = await known(verified=False)
    challenge = await ask()

    assert challenge.profile_id != mallory
    with pytest.raises(WrongCode) as refused:
        await come_back(sign_ins, challenge)
    assert refused.value.tries_left == 4
    assert await database["messages"].count_documents({}) == 1
    assert (await identifier_store.owners([Identifier(IdentifierKind.EMAIL, ADA)])).popitem()[1].verified is False


async def test_an_address_that_was_claimed_meanwhile_signs_nobody_in(sign_ins: SignIns) -> None:
    challenge = await ask()
    await known(verified=False)

    with pytest.raises(Expired):
        await come_back(sign_ins, challenge)


@pytest.mark.parametrize(
    ("kind", "address", "device"),
    [
        (IdentifierKind.EMAIL, "nobody", PHONE),
        (IdentifierKind.PHONE, "0170 1234567", PHONE),
        (IdentifierKind.EMAIL, ADA, "short"),
        (IdentifierKind.EMAIL, ADA, "x" * 256),
    ],
)
async def test_what_is_no_address_or_no_secret_is_refused(kind: IdentifierKind, address: str, device: str) -> None:
    with pytest.raises(BadAddress):
        await signing_in.ask(Wish(kind, address, device), HOME, NAMES, cause=ids.new_id(), now=NOON)


async def test_neither_code_nor_link_nor_the_secret_of_the_device_is_stored(
    sign_ins: SignIns, database: Database
) -> None:
    challenge = await ask()

    stored = str([await database[name].find().to_list() for name in await database.list_collection_names()])
    for secret in (sign_ins.code(challenge.id), sign_ins.link(challenge).rpartition("/")[2], PHONE):
        assert secret not in stored


async def test_a_change_of_secret_leaves_codes_and_links_valid(settings: Settings) -> None:
    challenge = await ask()
    before = SignIns(settings)
    code, token = before.code(challenge.id), before.link(challenge).rpartition("/")[2]
    new = {"secret_key": "another secret key for the tests of the hub", "secret_key_previous": settings.secret_key}

    after = SignIns(Settings.model_validate({**settings.model_dump(), **new}))

    assert after.is_code(challenge.id, code)
    assert after.is_code(challenge.id, f" {code[:3]} {code[3:]} ")
    assert after.challenge_of(token, now=NOON) == challenge.id


async def test_a_challenge_is_forgotten_after_a_day(database: Database) -> None:
    await ask()

    (row,) = await database["sign_ins"].find().to_list()
    assert row["gone_at"] == NOON + challenges.KEPT
    assert (await database["sign_ins"].index_information())["expiry"]["expireAfterSeconds"] == 0
