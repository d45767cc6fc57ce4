"""Topics: what messages are about, and the mutation `saveTopic`."""

from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Forbidden, Scope
from hub.profiles import topics
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.topics import TopicClass
from hub.surfaces import publishing
from hub.surfaces.publishing import NoWayOut
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs


@strawberry.type
class LocalText:
    """A text in one language."""

    language: str = strawberry.field(description="Such as `de` or `de-AT`.")
    text: str = strawberry.field(description="The text.")


@strawberry.input
class LocalTextInput:
    """A text in one language."""

    language: str = strawberry.field(description="Such as `de` or `de-AT`.")
    text: str = strawberry.field(description="The text.")


@strawberry.type
class Topic:
    """What messages of one brand are about."""

    brand: str = strawberry.field(description="Of whom.")
    name: str = strawberry.field(description="Its name, which never changes.")
    topic_class: TopicClass = strawberry.field(description="Whether it needs consent, and reaches who is suppressed.")
    names: list[LocalText] = strawberry.field(description="Its name for people.")
    descriptions: list[LocalText] = strawberry.field(description="What it is, for people.")

    @classmethod
    def of(cls, topic: topics.Topic) -> Self:
        """Show a topic."""
        return cls(
            brand=topic.brand,
            name=topic.name,
            topic_class=topic.topic_class,
            names=[LocalText(language=language, text=text) for language, text in sorted(topic.names.items())],
            descriptions=[
                LocalText(language=language, text=text) for language, text in sorted(topic.descriptions.items())
            ],
        )


@strawberry.type
class TopicQueries:
    """How topics are found."""

    @strawberry.field(name="topics", extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def all_topics(self) -> list[Topic]:
        """All topics, by brand and name; those that every brand has are listed for the brand `default`."""
        stored = (await topics.load()).stored
        built_in = {it.id: it for it in topics.BUILT_IN.values()}
        return [Topic.of(it) for _, it in sorted({**built_in, **stored}.items())]


@strawberry.input
class SaveTopicInput:
    """A topic as it is from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="Lower case, digits, `-` and `_`.")
    brand: str = strawberry.field(default=DEFAULT_BRAND, description="Of whom.")
    topic_class: TopicClass = strawberry.field(description="Whether it needs consent, and reaches who is suppressed.")
    names: list[LocalTextInput] = strawberry.field(description="Its name for people, in one language at least.")
    descriptions: list[LocalTextInput] = strawberry.field(default_factory=list, description="What it is, for people.")

    @property
    def topic(self) -> topics.Topic:
        """The input in the words of topics."""
        names = {it.language: it.text for it in self.names}
        descriptions = {it.language: it.text for it in self.descriptions}
        return topics.Topic(self.brand, self.name, self.topic_class, names, descriptions)


@strawberry.type
class SaveTopicPayload:
    """The topic is stored; a second later every process goes by it."""

    topic: Topic = strawberry.field(description="The topic as it is stored now.")


@strawberry.type
class TopicRefused(UserError):
    """It was to be advertising, and a live e-mail about it shows no way out."""

    @classmethod
    def of(cls, error: NoWayOut) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "topicClass"])


SaveTopicResult: TypeAlias = Annotated[
    SaveTopicPayload | TopicRefused | IdempotencyKeyReused,
    strawberry.union("SaveTopicResult", description="What became of `saveTopic`."),
]


@strawberry.type
class TopicMutations:
    """What changes topics."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE)])
    async def save_topic(self, info: Info, input: SaveTopicInput) -> SaveTopicResult:  # noqa: A002 - the argument's name on the wire
        """Make a topic, or change what it is."""
        context = info.context

        async def do() -> Done:
            if not context.caller.reaches([input.brand], context.caller.stores):
                raise Forbidden(Scope.DEFINITIONS_WRITE)
            await publishing.check_topic(input.topic)
            before = await topics.save(input.topic, now=context.clock())
            told = (_told(before) if before else None, _told(input.topic))
            change = Change("save topic", input.topic.id, *told, brands=frozenset({input.brand}))
            return Done({"topic": input.topic.id}, change)

        try:
            answer = await context.once("saveTopic", input, do)
        except NoWayOut as error:
            return TopicRefused.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return SaveTopicPayload(topic=Topic.of((await topics.load()).stored[answer["topic"]]))


def _told(topic: topics.Topic) -> dict[str, object]:
    return {"class": topic.topic_class.value, "names": dict(topic.names)}
