"""What tests of answers publish, answer and look at."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from hub.database import Database
from hub.kit import ids
from hub.profiles.model import Profile
from hub.questions import service
from hub.questions.service import Said
from hub.segments import service as segments
from tests.rollups.stage import Shop

MATTERS: Final = """\
question: matters-most
texts: {en: What matters most to you?}
answers:
  - {answer: price, texts: {en: Price}}
  - {answer: taste, texts: {en: Taste}}
"""
BREWS: Final = """\
question: brews
texts: {en: How do you brew?}
several: true
answers:
  - {answer: filter, texts: {en: Filter}}
  - {answer: press, texts: {en: French press}}
  - {answer: moka, texts: {en: Moka}}
"""
THRIFTY: Final = "segment: thrifty\nwhen: profile.answers.matters-most.value = 'price'\n"
LATELY: Final = "segment: asked-lately\nwhen: within(profile.answers.matters-most.at, 30d)\n"
PRESS: Final = "segment: press\nwhen: profile.answers.brews.value contains 'press'\n"


async def publish(shop: Shop, *sources: str) -> None:
    for source in sources:
        if source.startswith("question"):
            await service.publish(source, by="test", key=source, now=shop.now)
        else:
            await segments.publish(source, by="test", key=source, now=shop.now)


async def answer(
    shop: Shop, *answers: str, question: str = "matters-most", version: int = 1, user: str = "ada", key: str = ""
) -> None:
    """Answer without routing what follows."""
    shop.now += timedelta(seconds=1)
    cause = ids.key_of("test", key or str(shop.now))
    profile = await shop.profile(user)
    await service.answer(profile.id, Said(question, version, answers), cause=cause, now=shop.now)


def names(profile: Profile) -> set[str]:
    return {it["name"] for it in profile.segments.get("in", ())}


def answers_of(profile: Profile) -> Mapping[str, Any]:
    held: Mapping[str, Any] = profile.traits.get("answers", {})
    return {name: it["value"] for name, it in held.items()}


async def said(database: Database) -> list[Mapping[str, Any]]:
    rows = database["events"].find({"name": "Question Answered"}).sort([("accepted_at", 1), ("place", 1)])
    return [row["properties"] async for row in rows]
