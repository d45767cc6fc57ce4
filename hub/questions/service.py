"""Use cases of questions: publish one, and answer one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.definitions import Published
from hub.events.announcing import Announcement, announce
from hub.profiles import answers
from hub.questions import language, store
from hub.questions.model import NoSuchQuestion, NoSuchVersion


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer says to a question, in the version that they were shown."""

    question: str
    version: int
    answers: Sequence[str]


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a question and let it be asked.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    return await store.DEFINITIONS.publish(source, read=lambda _: language.read(source).name, by=by, key=key, now=now)


async def answer(profile_id: UUID, said: Said, *, cause: UUID, now: datetime) -> None:
    """Announce what a customer answers, durable before this returns. Under the same cause it is one event.

    Any published version can be answered: a customer says something to what they were shown, be it an hour ago, and
    the answer says to which version.

    Args:
        profile_id: who answers.
        said: what they say.
        cause: what makes it repeatable.
        now: the time.

    Raises:
        AnswerRefused: there is no such question, version or answer, or there are several where one is taken.
    """
    question = await store.version(said.question, said.version)
    if question is None:
        live = {it.name: it.number for it in await store.DEFINITIONS.live()}
        if said.question not in live:
            raise NoSuchQuestion(said.question, live)
        raise NoSuchVersion(said.question, said.version, live[said.question])
    given = question.checked(said.answers)
    properties = answers.properties_of(question.name, said.version, given, several=question.several)
    await announce([Announcement(answers.ANSWERED, profile_id, str(cause), now, properties)], now=now)
