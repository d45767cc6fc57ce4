from typing import Any

import msgspec
import pytest

from hub.database import Database
from hub.intake.accept import accept
from tests.intake.inflow import NOW, SHOP, people, route_all

GOOD = b'{"type":"identify","userId":"ada","messageId":"%s","traits":{"%s":1}}'


def event(properties: str, **fields: str) -> bytes:
    more = "".join(f',"{name}":{value}' for name, value in fields.items())
    return f'{{"type":"track","event":"X","userId":"odd","properties":{properties}{more}}}'.encode()


REFUSED: dict[str, tuple[bytes, str]] = {
    "a zero byte in a name": (event(r'{"a\u0000b": 1}'), "not_storable"),
    "a whole number of 65 bits": (event('{"x": 36893488147419103232}'), "not_storable"),
    "a number of 5,000 digits": (event('{"x": ' + "9" * 5_000 + "}"), "invalid"),
    "a number beyond all floats": (event('{"x": 1e999}'), "invalid"),
    "51 levels": (event('{"x":' + "[" * 50 + "]" * 50 + "}"), "too_deep"),
    "10,000 levels": (event('{"x":' + "[" * 10_000 + "]" * 10_000 + "}"), "invalid"),
    "a name that MongoDB keeps for itself": (event('{"x": [{"y": {"$ref": 1}}]}'), "not_storable"),
    "NaN": (event('{"x": NaN}'), "invalid"),
    "half a character": (event(r'{"x": "\ud83d"}'), "invalid"),
    "bytes that are not UTF-8": (event('{"x": "?"}').replace(b"?", b"\xff"), "invalid"),
    "properties that are a list": (event("[]"), "invalid"),
    "a bad time": (event("{}", timestamp='"yesterday"'), "invalid"),
    "a time before all times": (event("{}", timestamp='"0001-01-01T00:00:00+14:00"'), "not_storable"),
    "an empty user id": (b'{"type":"track","event":"X","userId":""}', "invalid"),
    "a user id that is a list": (b'{"type":"track","event":"X","userId":["ada"]}', "invalid"),
    "a message id that is a number": (event("{}", messageId="7"), "invalid"),
    "an empty name of an event": (b'{"type":"track","event":"","userId":"odd"}', "invalid"),
    "no name of an event": (b'{"type":"track","userId":"odd"}', "missing_event"),
    "alias without previousId": (b'{"type":"alias","userId":"odd"}', "missing_previous_id"),
    "nobody": (b'{"type":"track","event":"X"}', "missing_identity"),
    "a phone number without digits": (b'{"type":"identify","traits":{"phone":"none"}}', "missing_identity"),
    "an unknown call": (b'{"type":"purchase","userId":"odd"}', "invalid"),
    "nothing": (b"{}", "invalid"),
    "null": (b"null", "invalid"),
    "text": (b'"track"', "invalid"),
    "no JSON": (b"{", "invalid"),
}


@pytest.mark.parametrize(("body", "code"), REFUSED.values(), ids=REFUSED)
async def test_an_odd_call_is_refused_alone_and_kept(body: bytes, code: str, database: Database) -> None:
    receipt = await accept(SHOP, [GOOD % (b"m1", b"before"), body, GOOD % (b"m2", b"after")], now=NOW)
    await route_all()

    assert [(it.index, it.code) for it in receipt.refused] == [(1, code)]
    letters = [row async for row in database["dead_letters"].find()]
    assert [(row["code"], row["body"]) for row in letters] == [(code, body)]
    assert (await people(database))["user:ada"]["traits"] == {"before": 1, "after": 1}


KEPT: dict[str, str] = {
    "dollars and dots in names": '{"$set":{"a.b":1},"a.b.$c":2,"":3}',
    "$ref as a text": '{"x":"$ref"}',
    "50 levels": '{"x":' + "[" * 49 + "]" * 49 + "}",
    "the greatest number": '{"x":9223372036854775807}',
    "a zero byte in a text": r'{"x":"a\u0000b"}',
    "a whole character in halves": r'{"x":"\ud83d\ude00"}',
    "a name twice": '{"x":1,"x":2}',
}


@pytest.mark.parametrize("traits", KEPT.values(), ids=KEPT)
async def test_what_looks_odd_and_is_fine_reaches_the_profile_as_it_came(traits: str, database: Database) -> None:
    body = f'{{"type":"identify","userId":"ada","traits":{traits},"properties":{traits},"context":{traits}}}'

    receipt = await accept(SHOP, [body.encode()], now=NOW)
    await route_all()

    assert receipt.refused == []
    told: dict[str, Any] = msgspec.json.decode(traits)
    event_row = await database["events"].find_one({})
    assert event_row is not None
    assert (event_row["routed"], event_row["properties"], event_row["context"]) == (True, told, told)
    assert (await people(database))["user:ada"]["traits"] == told


async def test_ids_that_are_numbers_are_the_same_as_their_texts(database: Database) -> None:
    await accept(
        SHOP,
        [b'{"type":"identify","userId":7,"anonymousId":0}', b'{"type":"track","event":"X","userId":"7"}'],
        now=NOW,
    )
    await route_all()

    assert {name: row["events"] for name, row in (await people(database)).items()} == {"anonymous:0 user:7": 2}
