"""All personal fields pass one gate: with one up that really seals, no word of hers can be read in MongoDB."""

from typing import Any

import bson
import orjson

from hub import seal
from hub.database import CODEC, Database
from hub.events import store as events
from hub.kit import pages
from hub.privacy.service import Privacy
from hub.profiles import identifier_store
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import NOW
from tests.privacy.person import ADA, EMAIL, NAME, PHONE, found, lives
from tests.privacy.test_erase import forget


class Scrambled:
    """A gate that really seals: a value becomes bytes that show none of its letters."""

    def shut(self, value: Any) -> bytes:
        return bytes(byte ^ 0xA5 for byte in bson.encode({"it": value}, codec_options=CODEC))

    def open(self, value: bytes) -> Any:
        return bson.decode(bytes(byte ^ 0xA5 for byte in value), codec_options=CODEC)["it"]


async def test_all_personal_fields_pass_the_one_gate(settings: Settings, database: Database) -> None:
    with seal.standing(Scrambled()):
        ada = await lives(settings)

        assert await found(database) == {}
        assert (ada.traits["name"], ada.email, ada.phone, ada.device) == (
            NAME,
            EMAIL.title(),
            "+49 30 12345678",
            "ada-token-0816",
        )
        owned = (await identifier_store.by_profile(ada.own_ids)).values()
        names = {it.identifier.value for them in owned for it in them}
        assert names == {ADA, EMAIL, PHONE, "ada-device-0815"}
        timeline = (await events.timelines([ada.own_ids], pages.span(10, None, None, None)))[ada.own_ids]
        assert {event.properties["name"] for _, event in timeline.rows if event.name == "Checkout Started"} == {NAME}
        assert await database["inbox"].count_documents({}) == 4


async def test_erasing_and_exporting_work_behind_the_gate(settings: Settings, database: Database) -> None:
    with seal.standing(Scrambled()):
        ada = await lives(settings)
        parts = [part async for part in await Privacy(settings, DOCUMENTS).export(ada.id, now=NOW)]
        rows = orjson.loads(b"".join(parts))["rows"]
        assert rows["profiles"][0]["traits"]["name"] == NAME

        assert (await forget(settings, ada)).counts["profiles"] == 2

    assert await found(database) == {}
    assert await database["identifiers"].count_documents({"profile_id": ada.id}) == 0
