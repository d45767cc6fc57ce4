import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.access import keys
from hub.access.grants import BadGrant, Grant, KeyKind
from hub.access.keyring import FRESH_SECONDS, Keyring
from hub.access.keys import NoSuchKey, TwoSecretsLive
from hub.access.model import Caller, CallerKind, Role, Scope
from hub.access.permissions import KINDS, ROLES
from hub.database import Database
from hub.events.model import Source, Trust
from hub.settings import Environment

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def create(kind: KeyKind, source: str = "shop") -> str:
    return await keys.create(kind, source, env=Environment.DEV, now=NOW)


async def make(grant: Grant) -> str:
    key = await keys.make(grant, key_id=keys.new_id(), env=Environment.DEV, now=NOW)
    assert key is not None
    return key


def clock() -> datetime:
    return NOW


def partner() -> Grant:
    scopes = frozenset({Scope.COMMERCE_READ})
    return Grant(KeyKind.PARTNER, "adnet", scopes=scopes, brands=frozenset({"alpha"}))


def id_of(key: str) -> str:
    return key.split("_")[2]


async def test_a_key_says_who_is_asking_and_how_far_it_is_believed(database: Database) -> None:
    del database
    client, server, staff = [await create(kind) for kind in (KeyKind.CLIENT, KeyKind.SERVER, KeyKind.STAFF)]
    ring = Keyring(clock)

    assert await ring.caller(client) == Caller(
        CallerKind.ANONYMOUS,
        id_of(client),
        frozenset({Scope.CONTENT_READ, Scope.EVENTS_WRITE}),
        Source("shop", Trust.CLIENT),
    )
    assert await ring.caller(server) == Caller(
        CallerKind.SERVER, id_of(server), KINDS[CallerKind.SERVER], Source("shop", Trust.SERVER)
    )
    assert await ring.caller(staff) == Caller(
        CallerKind.STAFF,
        id_of(staff),
        frozenset(Scope) - {Scope.PROFILE_SELF},
        Source("shop", Trust.SERVER),
        roles=frozenset({Role.ADMIN}),
    )


async def test_a_personal_key_is_its_persons_with_their_roles_brands_and_stores(database: Database) -> None:
    del database
    key = await make(
        Grant(
            KeyKind.STAFF,
            "office",
            person="grace",
            roles=frozenset({Role.SERVICE, Role.STORE}),
            brands=frozenset({"alpha"}),
            stores=frozenset({"S-1", "S-2"}),
        )
    )

    assert await Keyring(clock).caller(key) == Caller(
        CallerKind.STAFF,
        "grace",
        ROLES[Role.SERVICE] | ROLES[Role.STORE],
        Source("office", Trust.SERVER),
        roles=frozenset({Role.SERVICE, Role.STORE}),
        brands=frozenset({"alpha"}),
        stores=frozenset({"S-1", "S-2"}),
    )


async def test_a_partner_has_the_scopes_its_key_names_for_its_brand_and_is_not_believed(database: Database) -> None:
    del database
    key = await make(partner())

    assert await Keyring(clock).caller(key) == Caller(
        CallerKind.PARTNER,
        id_of(key),
        frozenset({Scope.COMMERCE_READ}),
        Source("adnet", Trust.CLIENT),
        brands=frozenset({"alpha"}),
    )


async def test_a_device_belongs_to_its_store_and_is_not_believed(database: Database) -> None:
    del database
    key = await make(Grant(KeyKind.DEVICE, "kiosk-1", stores=frozenset({"S-1"})))

    assert await Keyring(clock).caller(key) == Caller(
        CallerKind.DEVICE,
        id_of(key),
        KINDS[CallerKind.DEVICE],
        Source("kiosk-1", Trust.CLIENT),
        stores=frozenset({"S-1"}),
    )


async def test_a_device_that_is_a_till_may_say_so_and_a_kiosk_may_not(database: Database) -> None:
    del database
    kiosk = Grant(KeyKind.DEVICE, "till", stores=frozenset({"S-1"}))
    till = replace(kiosk, scopes=frozenset({Scope.TILLS_WRITE}))

    assert till.allowed - kiosk.allowed == {Scope.TILLS_WRITE}
    till_caller = await Keyring(clock).caller(await make(till))
    assert till_caller is not None
    assert till_caller.scopes == till.allowed


@pytest.mark.parametrize(
    "grant",
    [
        Grant(KeyKind.SERVER, ""),
        Grant(KeyKind.SERVER, "x" * 256),
        Grant(KeyKind.SERVER, "hub"),
        Grant(KeyKind.SERVER, "import"),
        Grant(KeyKind.SERVER, "shop", person="grace"),
        Grant(KeyKind.SERVER, "shop", roles=frozenset({Role.ADMIN})),
        Grant(KeyKind.SERVER, "shop", scopes=frozenset({Scope.EVENTS_WRITE})),
        Grant(KeyKind.SERVER, "shop", brands=frozenset({""})),
        Grant(KeyKind.SERVER, "shop", expires_at=NOW),
        Grant(KeyKind.STAFF, "office", person="grace"),
        Grant(KeyKind.STAFF, "office", person="grace@example.com", roles=frozenset({Role.STORE})),
        replace(partner(), scopes=frozenset()),
        replace(partner(), scopes=frozenset({Scope.PROFILE_READ})),
        replace(partner(), brands=frozenset()),
        Grant(KeyKind.SERVER, "pos/S-1"),
        Grant(KeyKind.DEVICE, "kiosk"),
        Grant(KeyKind.DEVICE, "kiosk", scopes=frozenset({Scope.PROFILE_READ}), stores=frozenset({"S-1"})),
        Grant(KeyKind.DEVICE, "kiosk", stores=frozenset({"S-1", "S-2"})),
    ],
    ids=repr,
)
async def test_a_key_that_breaks_the_rules_of_its_kind_is_not_made(database: Database, grant: Grant) -> None:
    with pytest.raises(BadGrant):
        await make(grant)

    assert await database["keys"].count_documents({}) == 0


async def test_a_key_is_over_when_it_says(database: Database) -> None:
    del database
    end = NOW + timedelta(days=1)
    key = await make(replace(partner(), expires_at=end))

    assert await Keyring(lambda: end - timedelta(seconds=1)).caller(key) is not None
    assert await Keyring(lambda: end).caller(key) is None


async def test_a_key_with_an_id_that_is_taken_is_shown_to_nobody(database: Database) -> None:
    first = await keys.make(partner(), key_id="k1", env=Environment.DEV, now=NOW)
    again = await keys.make(partner(), key_id="k1", env=Environment.DEV, now=NOW)

    assert again is None
    assert await Keyring(clock).caller(first or "") is not None
    assert await database["keys"].count_documents({}) == 1


async def rotate(key: str, cause: str = "c1", overlap: timedelta | None = None, now: datetime = NOW) -> str | None:
    return await keys.rotate(id_of(key), cause=cause, env=Environment.DEV, now=now, overlap=overlap)


async def test_while_a_key_is_rotated_two_secrets_of_one_source_live(database: Database) -> None:
    del database
    old = await create(KeyKind.SERVER)
    new = await rotate(old) or ""

    assert id_of(new) == id_of(old)
    assert new != old
    assert await Keyring(clock).caller(new) == await Keyring(clock).caller(old) is not None

    assert await keys.revoke_older(id_of(old))
    assert await Keyring(clock).caller(old) is None
    assert await Keyring(clock).caller(new) is not None


async def test_the_older_secret_ends_with_its_overlap(database: Database) -> None:
    del database
    old = await create(KeyKind.SERVER)
    new = await rotate(old, overlap=timedelta(hours=1)) or ""
    later = NOW + timedelta(hours=1)

    assert await Keyring(lambda: later - timedelta(seconds=1)).caller(old) is not None
    assert await Keyring(lambda: later).caller(old) is None
    assert await Keyring(lambda: later).caller(new) is not None
    assert await rotate(old, "c2", now=later) is not None


async def test_a_rotation_repeated_changes_nothing_and_shows_nothing(database: Database) -> None:
    old = await create(KeyKind.SERVER)
    new = await rotate(old) or ""
    before = await database["keys"].find_one({})

    assert await rotate(old) is None
    with pytest.raises(TwoSecretsLive):
        await rotate(old, "c2")
    with pytest.raises(BadGrant):
        await rotate(old, "c3", overlap=timedelta(seconds=-1))

    assert await database["keys"].find_one({}) == before
    assert await Keyring(clock).caller(new) is not None


async def test_a_key_that_is_revoked_or_unknown_is_not_rotated(database: Database) -> None:
    del database
    old = await create(KeyKind.SERVER)
    new = await rotate(old) or ""
    await keys.revoke(id_of(old), now=NOW)

    assert [await Keyring(clock).caller(key) for key in (old, new)] == [None, None]
    for key in (old, "hub_dev_000000000000_x"):
        with pytest.raises(NoSuchKey):
            await rotate(key, "c2")


async def test_the_day_of_the_last_use_is_kept(database: Database) -> None:
    key = await create(KeyKind.SERVER)
    days = [NOW, NOW + timedelta(hours=1), NOW + timedelta(days=2), NOW + timedelta(days=1)]

    kept = []
    for day in days:
        assert await Keyring(lambda day=day: day).caller(key) is not None
        row = await database["keys"].find_one({})
        assert row is not None
        kept.append(row["used_on"])

    assert kept == ["2026-11-20", "2026-11-20", "2026-11-22", "2026-11-22"]


async def test_a_key_of_staff_from_before_there_were_roles_is_an_admins(database: Database) -> None:
    key = await create(KeyKind.STAFF)
    newer = ("person", "roles", "scopes", "brands", "stores", "older", "rotation", "expires_at", "used_on")
    await database["keys"].update_one({}, {"$unset": dict.fromkeys(newer, "")})

    caller = await Keyring(clock).caller(key)

    assert caller is not None
    assert caller.roles == {Role.ADMIN}


async def test_a_key_is_kept_as_a_hash_only(database: Database) -> None:
    key = await create(KeyKind.SERVER)
    secret = key.split("_", 3)[3]

    row = await database["keys"].find_one({})

    assert key.startswith(f"hub_dev_{id_of(key)}_")
    assert row is not None
    assert row["_id"] == id_of(key)
    assert row["last4"] == secret[-4:]
    assert secret not in str(row)


async def test_a_wrong_key_is_nobodys(database: Database) -> None:
    del database
    key = await create(KeyKind.SERVER)
    other = await create(KeyKind.SERVER)
    ring = Keyring(clock)
    head, secret = key[: key.index(id_of(key))], key.split("_", 3)[3]

    for wrong in (
        "",
        "hub",
        "hub_dev",
        f"{head}{id_of(key)}",
        f"{head}{id_of(key)}_",
        f"{head}{id_of(other)}_{secret}",
        f"{head}{id_of(key)}_{secret}x",
        f"{head}000000000000_{secret}",
        f"{head}{id_of(key)}_{secret.swapcase()}",
        f"{head}a\0b_{secret}",
        f"{head}\U0001f600_é",
    ):
        assert await ring.caller(wrong) is None, wrong
    assert await ring.caller(key) is not None


async def test_a_revoked_key_is_refused_within_a_second(database: Database) -> None:
    del database
    key = await create(KeyKind.SERVER)
    ring = Keyring(clock)
    assert await ring.caller(key) is not None

    assert await keys.revoke(id_of(key), now=NOW)
    await asyncio.sleep(FRESH_SECONDS)

    assert await ring.caller(key) is None
    assert await Keyring(clock).caller(key) is None


async def test_a_key_revoked_twice_was_revoked_the_first_time(database: Database) -> None:
    key = await create(KeyKind.SERVER)

    assert await keys.revoke(id_of(key), now=NOW)
    assert await keys.revoke(id_of(key), now=NOW.replace(year=2027))

    row = await database["keys"].find_one({})
    assert row is not None
    assert row["revoked_at"] == NOW
    assert not await keys.revoke("000000000000", now=NOW)


@pytest.mark.parametrize("revoked", [True, False])
async def test_a_key_that_was_read_a_moment_ago_is_not_read_again(revoked: bool, database: Database) -> None:  # noqa: FBT001  a parameter of the test
    key = await create(KeyKind.CLIENT)
    if revoked:
        await keys.revoke(id_of(key), now=NOW)
    ring = Keyring(clock)
    before = await ring.caller(key)

    await database["keys"].delete_many({})

    assert await ring.caller(key) == before
    assert (before is None) == revoked
