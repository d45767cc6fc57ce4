"""What a customer answered is theirs: they are given it, and it is forgotten with them."""

from typing import Any

import orjson

from hub.database import Database
from hub.kit import ids
from hub.privacy.service import Privacy
from hub.questions import service
from hub.questions.service import Said
from hub.settings import Settings
from runtime.wiring import DOCUMENTS
from tests.intake.inflow import NOW, identify, route_all, said
from tests.privacy.person import found, of_user

QUESTION = "{question: allergies, texts: {en: Which?}, answers: [{answer: hazel-4711, texts: {en: Hazelnuts}}]}"


async def test_an_answer_is_in_the_file_of_who_gave_it_and_is_erased_with_them(
    settings: Settings, database: Database
) -> None:
    await service.publish(QUESTION, by="test", key="k", now=NOW)
    await said(identify(userId="ada"))
    await route_all()
    ada = await of_user("ada")
    await service.answer(ada.id, Said("allergies", 1, ["hazel-4711"]), cause=ids.new_id(), now=NOW)
    await route_all()
    holding = await found(database, ["hazel-4711"])

    file = b"".join([part async for part in await Privacy(settings, DOCUMENTS).export(ada.id, now=NOW)])
    await Privacy(settings, DOCUMENTS).erase(ada.id, now=NOW)

    told: dict[str, Any] = orjson.loads(file)["rows"]
    assert told["profiles"][0]["traits"]["answers"]["allergies"]["value"] == "hazel-4711"
    assert [it["properties"]["answers"] for it in told["events"] if it["name"] == "Question Answered"] == [
        ["hazel-4711"]
    ]
    assert set(holding) == {"profiles", "events", "question_versions"}
    assert set(await found(database, ["hazel-4711"])) == {"question_versions"}
