"""Use case of surfaces: list everything that is live on each."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from hub.broadcasts import store as broadcasts
from hub.broadcasts.model import Broadcast
from hub.content import service as contents
from hub.content.model import Content
from hub.definitions import Version as ContentVersion
from hub.journeys import language, runs, store
from hub.journeys.definition import Definition, Send
from hub.journeys.model import Version
from hub.messaging import built_in, surfaces, templates
from hub.messaging.library import Library
from hub.messaging.surfaces import Surface
from hub.messaging.templates import Template
from hub.profiles import topics
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.profiles.topics import Catalogue
from hub.surfaces.model import LiveMessage


async def live() -> dict[Surface, list[LiveMessage]]:
    """List on every surface what is live there, be it nothing: a few reads, however many journeys there are.

    That are the messages of journeys, in each version that people enter or are still in, by name, version and step, and
    those that the hub sends of its own accord, by template; broadcasts that have not ended, the oldest first; and what
    is shown, by name.
    """
    catalogue = await topics.load()
    stored = await Library().load(built_in.TOPICS)
    found: dict[Surface, list[LiveMessage]] = {surface: [] for surface in Surface}
    listed = chain(
        _of_journeys(await _definitions(), catalogue),
        _of_the_hub(stored, catalogue),
        _of_broadcasts(await broadcasts.unfinished(), catalogue),
        _shown(await contents.live()),
    )
    for it in listed:
        found[it.surface].append(it)
    return found


async def _definitions() -> Mapping[Version, Definition]:
    entered = {Version(journey, number) for journey, number in (await store.live()).items()}
    in_use = entered | set(await runs.versions_waited_in())
    sources = await store.sources(())
    return {it: language.read_published(sources[it]) for it in sorted(in_use & sources.keys(), key=_order)}


def _order(version: Version) -> tuple[str, int]:
    return version.journey, version.number


def _of_journeys(definitions: Mapping[Version, Definition], catalogue: Catalogue) -> Iterator[LiveMessage]:
    for version, definition in definitions.items():
        for step in definition.steps.values():
            if isinstance(step, Send):
                for surface in _surfaces_of(step.channels, step.brand, step.topic, catalogue):
                    yield LiveMessage(
                        surface,
                        template=step.template,
                        brand=step.brand,
                        topic=step.topic,
                        journey=version.journey,
                        version=version.number,
                        step=step.id,
                    )


def _surfaces_of(channels: Iterable[Channel], brand: str, topic: str, catalogue: Catalogue) -> list[Surface]:
    topic_class = catalogue.topic(brand, topic).topic_class
    return [surfaces.of_message(channel, topic_class) for channel in channels]


def _of_the_hub(stored: Mapping[str, Template], catalogue: Catalogue) -> Iterator[LiveMessage]:
    for name, topic in built_in.TOPICS.items():
        if template := stored.get(name) or built_in.template(name):
            for surface in _surfaces_of(templates.channels_of(template), DEFAULT_BRAND, topic, catalogue):
                yield LiveMessage(surface, name, DEFAULT_BRAND, topic)


def _of_broadcasts(unfinished: Iterable[Broadcast], catalogue: Catalogue) -> Iterator[LiveMessage]:
    for it in (broadcast.definition for broadcast in unfinished):
        for surface in _surfaces_of(it.channels, it.brand, it.topic, catalogue):
            yield LiveMessage(surface, it.template, it.brand, it.topic, broadcast=it.name)


def _shown(found: Mapping[ContentVersion, Content]) -> Iterator[LiveMessage]:
    for version, it in found.items():
        yield LiveMessage(it.surface, content=it.name, version=version.number)
