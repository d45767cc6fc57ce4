"""Questions to customers: how they are shown, and the mutations `publishQuestion` and `answerQuestion`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.definitions import Published
from hub.kit import ids
from hub.kit.languages import LAST_RESORT
from hub.profiles import store as profiles_store
from hub.questions import language as documents_of_questions
from hub.questions import model, service, store
from hub.questions.model import AnswerRefused
from hub.questions.service import Said
from hub.questions.store import QuestionDocument
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.publishing import Publication, publish
from hub_api.subjects import meant

Language = Annotated[
    str | None, strawberry.argument(description="Such as `de-AT`. Left out, it is the asking customer's, else English.")
]


@strawberry.type
class PossibleAnswer:
    """Something that may be answered to a question."""

    name: str = strawberry.field(description="Its name, which never changes.")
    text: str = strawberry.field(description="What it says, in the nearest language.")


@strawberry.type
class Question:
    """A question to customers."""

    name: str = strawberry.field(description="Its name, which never changes.")
    version: int = strawberry.field(description="The newest version: `answerQuestion` says which one was answered.")
    text: str = strawberry.field(description="What it asks, in the nearest language.")
    several: bool = strawberry.field(description="Whether more than one answer may be given.")
    answers: list[PossibleAnswer] = strawberry.field(description="What may be answered, in the order to be shown.")
    source: str = strawberry.field(description="The document as it was written, YAML or JSON.")
    published_at: datetime = strawberry.field(description="When this version was published.")

    @classmethod
    def of(cls, version: QuestionDocument, language: str) -> Self:
        """Show a question by its newest version, in the nearest language."""
        question = documents_of_questions.read(version.source)
        return cls(
            name=version.name,
            version=version.number,
            text=question.text_in(language),
            several=question.several,
            answers=[PossibleAnswer(name=it.name, text=it.text_in(language)) for it in question.answers],
            source=version.source,
            published_at=version.published_at,
        )


@strawberry.type
class QuestionQueries:
    """How questions are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ, or_self=True)])
    async def questions(self, info: Info, language: Language = None) -> list[Question]:
        """The questions in their newest versions, by name."""
        wished = await _language(info, language)
        return [Question.of(it, wished) for it in await store.DEFINITIONS.live()]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ, or_self=True)])
    async def question(self, info: Info, name: str, language: Language = None) -> Question | None:
        """One question in its newest version."""
        wished = await _language(info, language)
        return next((Question.of(it, wished) for it in await store.DEFINITIONS.live([name])), None)


@strawberry.input
class PublishQuestionInput:
    """A question to ask from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class PublishQuestionPayload:
    """It can be answered from now on; so can the versions before it."""

    question: Question = strawberry.field(description="The question with its newest version.")
    version: int = strawberry.field(description="The version of this document; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


PublishQuestionResult: TypeAlias = Annotated[
    PublishQuestionPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishQuestionResult", description="What became of `publishQuestion`."),
]


@strawberry.input
class AnswerQuestionInput:
    """What a customer says to a question."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose answer; a customer leaves it out, and means themself."
    )
    question: str = strawberry.field(description="The question.")
    version: int = strawberry.field(description="The version that the customer was shown.")
    answers: list[str] = strawberry.field(description="One of its answers, or several where it takes them.")


@strawberry.type
class AnswerQuestionPayload:
    """The answer is kept; it takes the place of an earlier one, and segments go by it within seconds."""

    question: str = strawberry.field(description="The question.")
    version: int = strawberry.field(description="The version that was answered.")


@strawberry.type
class AnswerNotTaken(UserError):
    """There is no such question, version or answer, or there are several where one is taken: see the code."""

    @classmethod
    def of(cls, error: model.AnswerRefused) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", error.part])


AnswerQuestionResult: TypeAlias = Annotated[
    AnswerQuestionPayload | AnswerNotTaken | IdempotencyKeyReused,
    strawberry.union("AnswerQuestionResult", description="What became of `answerQuestion`."),
]


@strawberry.type
class QuestionMutations:
    """What changes questions, and answers them."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_question(
        self,
        info: Info,
        input: PublishQuestionInput,  # noqa: A002 - its name on the wire
    ) -> PublishQuestionResult:
        """Check a question and let it be asked."""
        context = info.context

        async def do() -> Published:
            return await service.publish(
                input.source,
                by=context.caller.subject,
                key=input.idempotency_key,
                now=context.clock(),
            )

        done = await publish(context, "question", input, do)
        if not isinstance(done, Publication):
            return done
        (live,) = await store.DEFINITIONS.live([done.name])
        shown = Question.of(live, LAST_RESORT)
        return PublishQuestionPayload(question=shown, version=done.version, is_new=done.is_new)

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE, or_self=True)])
    async def answer_question(
        self,
        info: Info,
        input: AnswerQuestionInput,  # noqa: A002 - its name on the wire
    ) -> AnswerQuestionResult:
        """Say what a customer answers to a question. It is an event, `Question Answered`."""
        try:
            await info.context.once("answerQuestion", input, lambda: _answer(info, input))
        except AnswerRefused as error:
            return AnswerNotTaken.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return AnswerQuestionPayload(question=input.question, version=input.version)


async def _answer(info: Info, wanted: AnswerQuestionInput) -> Done:
    context = info.context
    profile = await meant(info, wanted.id, Scope.PROFILE_WRITE)
    caller = context.caller
    cause = ids.key_of("answerQuestion", caller.kind, caller.subject, wanted.idempotency_key)
    said = Said(wanted.question, wanted.version, wanted.answers)
    await service.answer(profile.id, said, cause=cause, now=context.clock())
    # What they answered is theirs: what outlives them says only that they did.
    change = Change("answer question", str(profile.id), None, {"question": wanted.question, "version": wanted.version})
    return Done({}, change)


async def _language(info: Info, wished: str | None) -> str:
    own_id = None if wished else await info.context.own_profile_id()
    head = await info.context.loaders.one(profiles_store.heads, own_id) if own_id else None
    return wished or (head.language if head else LAST_RESORT)
