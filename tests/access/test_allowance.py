"""Codes to sign in by are asked for a bounded number of times, and nobody uses up an owner's own by asking for them."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from hub.access import allowance, challenges
from hub.access.allowance import Asker, network_of
from hub.access.names import Names
from hub.access.signin import Challenge, SignIns, TooManyRequests
from hub.database import Database
from hub.kit import ids
from hub.messaging import signing_in
from hub.messaging.signing_in import Proof, Wish
from hub.profiles.model import IdentifierKind
from hub.settings import Settings
from tests.conftest import SECRET

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
APP = "anonymous app"
ADA, BOB, HOME = "ada@example.com", "bob@example.com", "1.1.1.1"
PHONE = "the secret of a phone"
NAMES = Names(Settings(secret_key=SECRET))


def device(number: int) -> str:
    return f"a device with number {number}"


async def ask(
    address: str = ADA, device: str = PHONE, network: str | None = HOME, *, now: datetime = NOON, caller: str = APP
) -> Challenge:
    wish = Wish(IdentifierKind.EMAIL, address, device)
    return await signing_in.ask(wish, Asker(caller, network), NAMES, cause=ids.new_id(), now=now)


async def refused(*args: str, now: datetime = NOON, **given: str) -> int:
    """Ask what must be refused, and tell in how many seconds it may be asked again."""
    with pytest.raises(TooManyRequests) as error:
        await ask(*args, now=now, **given)
    assert error.value.code == "RATE_LIMITED"
    return error.value.retry_after


async def sign_in(settings: Settings, asked: Challenge) -> None:
    proof = Proof(asked.id, PHONE, SignIns(settings).code(asked.id))
    await signing_in.complete(proof, SignIns(settings), NAMES, cause=ids.new_id(), now=NOON)


async def pump(times: int, **given: str) -> Counter[type]:
    """Ask for codes to one address, each time on another device from another network."""
    asking = (ask(device=device(n), network=f"8.8.{n}.8", **given) for n in range(times))
    return Counter(type(it) for it in await asyncio.gather(*asking, return_exceptions=True))


async def test_one_network_gets_five_codes_an_hour_for_an_address_on_whatever_devices() -> None:
    asking = (ask(device=device(n)) for n in range(8))
    outcomes = await asyncio.gather(*asking, return_exceptions=True)

    assert Counter(type(it) for it in outcomes) == {Challenge: 5, TooManyRequests: 3}
    assert await refused(now=NOON + timedelta(minutes=20)) == 40 * 60
    assert await ask(BOB)
    assert await ask(now=NOON + timedelta(hours=1))


async def test_who_asks_from_one_network_in_an_owners_name_leaves_the_owner_codes_on_a_new_device() -> None:
    for n in range(20):
        if n < 5:
            await ask(device=device(n), network="8.8.8.8")
        else:
            await refused(ADA, device(n), "8.8.8.8")

    assert [await ask(network=HOME) for _ in range(5)]
    await refused()


async def test_an_address_gets_at_most_ten_codes_an_hour_from_devices_that_it_never_signed_in_on() -> None:
    assert await pump(15) == {Challenge: 10, TooManyRequests: 5}


async def test_on_a_device_that_has_signed_in_an_owner_gets_codes_however_much_others_pump(
    settings: Settings,
) -> None:
    await sign_in(settings, await ask())
    await pump(15)

    asked = [await ask() for _ in range(5)]

    assert len({it.id for it in asked}) == 5
    assert [await refused(), await refused(ADA, device(1), "9.9.9.9")] == [3600, 3600]


async def test_a_device_is_known_for_the_address_it_signed_in_by_and_for_no_other(settings: Settings) -> None:
    await sign_in(settings, await ask())
    await pump(15, address=BOB)

    assert await refused(BOB, PHONE, "9.9.9.9") == 3600


async def test_a_device_gets_ten_codes_an_hour_for_whatever_addresses() -> None:
    for n in range(10):
        await ask(f"n{n}@example.com", network=f"8.8.{n}.8")

    assert await refused("n10@example.com", network="9.9.9.9") == 3600


async def test_a_network_gets_thirty_codes_an_hour_for_whatever_addresses_and_devices() -> None:
    for n in range(30):
        await ask(f"n{n}@example.com", device(n))

    await refused(BOB, PHONE)
    assert await ask(BOB, PHONE, "9.9.9.9")


async def test_a_key_gets_no_more_codes_than_a_busy_shop_has_unanswered(database: Database) -> None:
    await ask()
    await database["rates"].update_many({}, {"$max": {"times": 5}})
    key = await NAMES.of("codes", "caller", APP, "email")
    await database["rates"].update_one({"_id": key}, {"$set": {"times": allowance.OF_CALLER}})

    await refused(BOB, device(1), "9.9.9.9")
    assert await ask(BOB, device(1), "9.9.9.9", caller="anonymous another")


async def test_what_one_is_refused_is_not_counted_for_the_address() -> None:
    for n in range(40):
        if n < 30:
            await ask(f"n{n}@example.com", device(n), "9.9.9.9")
        else:
            await refused(ADA, device(n), "9.9.9.9")

    assert await pump(10) == {Challenge: 10}


async def test_a_sign_in_gives_back_what_it_took_of_network_device_and_key_once(settings: Settings) -> None:
    asked = await ask()
    proof, cause = Proof(asked.id, PHONE, SignIns(settings).code(asked.id)), ids.new_id()
    for _ in range(2):
        await signing_in.complete(proof, SignIns(settings), NAMES, cause=cause, now=NOON)

    for n in range(30):
        await ask(f"n{n}@example.com", device(n))

    assert await refused(BOB, PHONE) == 3600


async def test_a_network_without_a_name_is_not_counted() -> None:
    asked = [await ask(f"n{n}@example.com", device(n), None) for n in range(40)]

    assert len({it.id for it in asked}) == 40


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("1.1.1.1", "1.1.1.1"),
        ("2606:4700:1:2:3:4:5:6", "2606:4700:1:2::/64"),
        ("::ffff:1.1.1.1", "1.1.1.1"),
        ("10.1.2.3", None),
        ("127.0.0.1", None),
        ("fd00::1", None),
        ("a pipe", None),
        ("", None),
        (None, None),
    ],
)
def test_a_network_is_an_address_of_the_internet_or_what_one_customer_has_of_it(
    host: str | None, network: str | None
) -> None:
    assert network_of(host) == network


async def test_neither_an_address_nor_a_network_stands_among_what_is_counted(
    settings: Settings, database: Database
) -> None:
    await sign_in(settings, await ask())

    stored = str([await database[name].find().to_list() for name in ("rates", "known_devices")])
    assert not [it for it in (ADA, HOME, APP, PHONE, str(ids.key_of("sign-in rate", "email", ADA))) if it in stored]


async def test_a_known_device_is_forgotten_after_ninety_days_without_a_sign_in(
    settings: Settings, database: Database
) -> None:
    await sign_in(settings, await ask())

    [row] = await database["known_devices"].find().to_list()
    assert row["gone_at"] == NOON + allowance.KNOWN
    assert (await database["known_devices"].index_information())["expiry"]["expireAfterSeconds"] == 0


async def test_what_a_challenge_took_is_given_out_once() -> None:
    asked = await ask()

    assert len(asked.taken) == 3
    assert await challenges.take_out(asked.id) == asked.taken
    assert await challenges.take_out(asked.id) == ()
