"""Use case of surfaces: list everything that is live on each."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from hub.broadcasts import model as broadcasting
from hub.broadcasts import store as broadcasts
from hub.content import service as contents
from hub.content.model import Content
from hub.definitions import Version as ContentVersion
from hub.journeys import language, runs, store
from hub.journeys.definition import Definition, Send
from hub.journeys.model import Version
from hub.messaging import surfaces
from hub.messaging.surfaces import Surface
from hub.profiles import topics
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.topics import Catalogue
from hub.surfaces.model import LiveMessage
from hub.wording import built_in, templates
from hub.wording.library import Library
from hub.wording.templates import Template


async def live() -> dict[Surface, list[LiveMessage]]:
    """List on every surface what is live there, be it nothing: a few reads, however many journeys there are.

    That are the messages of journeys, in each version that people enter or are still in, by name, version and step,
    those of broadcasts that are not over, the oldest first, and those that the hub sends of its own accord, by
    template; and what is shown, by name.
    """
    catalogue = await topics.load()
    stored = await Library().load(built_in.TOPICS)
    found: dict[Surface, list[LiveMessage]] = {surface: [] for surface in Surface}
    of_journeys = _of_journeys(await _definitions(), catalogue)
    of_broadcasts = _of_broadcasts(await broadcasts.unfinished(), catalogue)
    shown = _shown(await contents.live())
    for it in chain(of_journeys, of_broadcasts, _of_the_hub(stored, catalogue), shown):
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
                for surface in _surfaces_of(step, catalogue):
                    told = step.template, step.brand, step.topic
                    yield LiveMessage(surface, *told, version.journey, version.number, step.id)


def _of_broadcasts(unfinished: Iterable[broadcasting.Broadcast], catalogue: Catalogue) -> Iterator[LiveMessage]:
    for it in unfinished:
        said = it.definition
        for surface in _surfaces_of(said, catalogue):
            yield LiveMessage(surface, said.template, said.brand, said.topic, broadcast=said.name)


def _surfaces_of(said: Send | broadcasting.Definition, catalogue: Catalogue) -> Iterable[Surface]:
    topic_class = catalogue.topic(said.brand, said.topic).topic_class
    return [surfaces.of_message(channel, topic_class) for channel in said.channels]


def _of_the_hub(stored: Mapping[str, Template], catalogue: Catalogue) -> Iterator[LiveMessage]:
    for name, topic in built_in.TOPICS.items():
        topic_class = catalogue.topic(DEFAULT_BRAND, topic).topic_class
        if template := stored.get(name) or built_in.template(name):
            for channel in templates.channels_of(template):
                yield LiveMessage(surfaces.of_message(channel, topic_class), name, DEFAULT_BRAND, topic)


def _shown(found: Mapping[ContentVersion, Content]) -> Iterator[LiveMessage]:
    for version, it in found.items():
        yield LiveMessage(it.surface, content=it.name, version=version.number)
