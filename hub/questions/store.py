"""Questions in MongoDB. A version, once stored, never changes, and can be answered for ever."""

from typing import ClassVar, Final

from pymongo import IndexModel

from hub import definitions
from hub.definitions import DefinitionDocument, Definitions, Version
from hub.questions import language
from hub.questions.model import Question


class QuestionDocument(DefinitionDocument):
    """A published version of a question."""

    class Settings:
        """Where questions lie and how they are found."""

        name = "question_versions"
        personal = None
        indexes: ClassVar[list[IndexModel]] = [*definitions.INDEXES]


DEFINITIONS: Final = Definitions(QuestionDocument, "question")


async def version(name: str, number: int) -> Question | None:
    """Read a question in one of its versions."""
    found = await QuestionDocument.find_one({"_id": Version(name, number).id})
    return language.read(found.source) if found else None


async def versions() -> list[Question]:
    """Read all questions in all their versions, each question's oldest first."""
    return [language.read(it.source) async for it in QuestionDocument.find().sort("name", "number")]
