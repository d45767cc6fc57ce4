"""The description of the till's REST says what the routes do, and the routes do what it says."""

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from hub.database import Database
from hub.kit.errors import HubError
from hub.tills.closing import DayClosed
from hub.tills.model import Visit
from hub.tills.vouchers import VoucherShown
from integrations.pos import openapi, routes, wire
from tests.earning.shop import activate
from tests.intake.inflow import route_all
from tests.tills.schemas import faults
from tests.tills.test_pos_refusals import BAD
from tests.tills.tilling import Till
from tests.vouchers.stage import COFFEE, Stage

FILE: Final = Path(openapi.__file__).with_name("openapi.yaml")
DOCUMENT: Final[Mapping[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
EXAMPLES: Final = [
    (path, name, example["value"])
    for path, item in DOCUMENT["paths"].items()
    for name, example in item["post"]["requestBody"]["content"]["application/json"]["examples"].items()
]
READ: Final[Mapping[str, Any]] = {
    **routes.MESSAGES,
    **dict.fromkeys((routes.USE, routes.RESERVE, routes.RELEASE), VoucherShown),
    routes.DAYS: DayClosed,
}
"""What each address reads, but for the batch, whose messages are read one by one."""
ODD: Final = (
    None,
    True,
    1,
    -1,
    1.5,
    "",
    "x" * 256,
    "19.90",
    "-1",
    "0.3505",
    "ab",
    "AB",
    "de",
    [],
    {},
    {"minor": 1},
    {"minor": "1"},
)
"""What may stand where something else belongs."""


def schema_of(path: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return found


def answers(path: str, status: int) -> Mapping[str, Any]:
    """Give the schema of an answer. One of another status than the description names fails the test."""
    found: Mapping[str, Any] = DOCUMENT["paths"][path]["post"]["responses"][str(status)]["content"]["application/json"]
    schema: Mapping[str, Any] = found["schema"]
    return schema


async def test_the_description_is_served_as_it_is_committed(till: Till) -> None:
    answer = await till.web.get(routes.OPENAPI)

    assert (answer.status_code, answer.text) == (200, FILE.read_text(encoding="utf-8"))


def test_every_address_is_described_and_nothing_else() -> None:
    assert DOCUMENT["paths"].keys() == {*READ, routes.BATCH}


@pytest.mark.parametrize(("path", "name", "example"), EXAMPLES, ids=lambda it: it if isinstance(it, str) else "")
async def test_every_example_is_as_described_and_taken_and_its_answer_is_as_described(
    till: Till, ada: Stage, path: str, name: str, example: Any
) -> None:
    del name
    if "code" in example:
        await ada.publish(COFFEE)
        await ada.earn(100)
        example = {**example, "code": (await ada.redeem()).code}
    if "join" in example:
        await activate()
    answer = await till.post(path.removeprefix("/pos/v1/"), example)

    assert faults(example, schema_of(path), DOCUMENT) == []
    assert answer.status_code == 200, answer.text
    assert faults(answer.json(), answers(path, 200), DOCUMENT) == []


async def test_the_examples_sent_one_after_the_other_lead_to_what_they_say(till: Till, database: Database) -> None:
    await activate()
    for path, _, example in (it for it in EXAMPLES if it[0] in {*routes.MESSAGES, routes.BATCH}):
        answer = await till.post(path.rpartition("/")[2], example)
        told = answer.json()
        assert all("id" in it for it in told.get("results", [told])), told
    await route_all()

    assert await database["dead_letters"].count_documents({}) == 0
    sold = await database["orders"].find_one({"source": "pos/berlin-1", "order_id": "4711"})
    assert sold is not None
    assert (sold["gross"], sorted(it["amount"] for it in sold["refunds"])) == (4180, [1000, 1745 + 490])


@pytest.mark.parametrize("bad", BAD, ids=[f"{it[0]} {it[3]}" for it in BAD])
async def test_every_refusal_is_as_described(till: Till, bad: tuple[str, Any, str, str]) -> None:
    what, message, code, place = bad
    answer = await till.post(what, message)
    in_batch = {"type": what[:-1], **message} if isinstance(message, dict) else message
    several = await till.post("batch", {"messages": [in_batch]})

    assert faults(answer.json(), answers(f"/pos/v1/{what}", answer.status_code), DOCUMENT) == []
    assert faults(several.json(), answers(routes.BATCH, several.status_code), DOCUMENT) == []
    (refused,) = several.json()["results"]
    assert (refused["code"], refused["path"]) == (code, place)


async def test_who_is_refused_is_told_as_described(till: Till) -> None:
    for path in DOCUMENT["paths"]:
        for key, body in (("hub_dev_x_y", b"{}"), (till.key, b"{")):
            answer = await till.web.post(path, content=body, headers={"Authorization": f"Bearer {key}"})
            assert faults(answer.json(), answers(path, answer.status_code), DOCUMENT) == []


@pytest.mark.parametrize("path", READ)
def test_what_the_description_allows_is_read_and_what_it_forbids_is_not(path: str) -> None:
    verdicts = set()
    for _, _, example in (it for it in EXAMPLES if it[0] == path):
        for message in changed(example):
            allowed = not faults(message, schema_of(path), DOCUMENT)
            assert is_read(path, message) == allowed, (message, faults(message, schema_of(path), DOCUMENT))
            verdicts.add(allowed)

    assert verdicts == {True, False}


def changed(message: Any) -> Iterator[Any]:
    """Give a message with something odd in one place, in each place."""
    places = [("unknown",), *_places(message), *((name,) for name in Visit.__struct_fields__)]
    for *way, last in places:
        for odd in ODD:
            copied = copy.deepcopy(message)
            inner = copied
            for step in way:
                inner = inner[step]
            inner[last] = odd
            yield copied


def _places(message: Any) -> Iterator[tuple[Any, ...]]:
    inside = message.items() if isinstance(message, dict) else enumerate(message) if isinstance(message, list) else ()
    for name, value in inside:
        yield (name,)
        yield from ((name, *rest) for rest in _places(value))


def is_read(path: str, message: Any) -> bool:
    try:
        wire.read(json.dumps(message).encode(), READ[path])
    except HubError:
        return False
    return True
