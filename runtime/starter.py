"""The keys of a hub that runs on one machine: made at its first start, kept in its data folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

import hub.database
from hub.access import keys, tokens
from hub.access.grants import KeyKind
from hub.access.keyring import Keyring
from hub.access.model import Caller
from hub.events.model import Source, Trust
from hub.intake.accept import accept
from hub.settings import Settings
from runtime import wiring

DEMO_CUSTOMER = "ada"


@dataclass(frozen=True, slots=True)
class StarterKeys:
    """What a newcomer needs to send events and to ask. The token is that of the made-up customer Ada."""

    write_key: str
    server_key: str
    admin_key: str
    customer_token: str


async def starter_keys(settings: Settings, data: Path) -> StarterKeys:
    """Give the keys of a data folder, made anew where they are missing or the database does not know them.

    Ada is introduced by an event of the server source, as any customer is.
    """
    async with hub.database.connect(settings) as client:
        await hub.database.use(client, wiring.DOCUMENTS)
        held = _read(data / "keys.json")
        if held is None or not await _known(held):
            held = await _make(settings)
            _write(data / "keys.json", held)
        await _introduce_ada()
    token = tokens.issue(settings, DEMO_CUSTOMER, now=wiring.clock())
    return StarterKeys(held["write_key"], held["server_key"], held["admin_key"], token)


def _read(file: Path) -> dict[str, str] | None:
    if not file.exists():
        return None
    held: dict[str, str] = orjson.loads(file.read_bytes())
    return held


async def _known(held: Mapping[str, str]) -> bool:
    ring = Keyring(wiring.clock)
    callers: list[Caller | None] = [await ring.caller(key) for key in held.values()]
    return all(callers)


async def _make(settings: Settings) -> dict[str, str]:
    wanted = {
        "write_key": (KeyKind.CLIENT, "web"),
        "server_key": (KeyKind.SERVER, "server"),
        "admin_key": (KeyKind.STAFF, "admin"),
    }
    return {
        name: await keys.create(kind, source, env=settings.env, now=wiring.clock())
        for name, (kind, source) in wanted.items()
    }


def _write(file: Path, held: dict[str, str]) -> None:
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_bytes(orjson.dumps(held, option=orjson.OPT_INDENT_2))


async def _introduce_ada() -> None:
    call = {
        "type": "identify",
        "messageId": "introduces-ada",
        "userId": DEMO_CUSTOMER,
        "traits": {"firstName": "Ada", "email": "ada@example.com", "country": "GB"},
    }
    await accept(Source("server", Trust.SERVER), [orjson.dumps(call)], now=wiring.clock())
