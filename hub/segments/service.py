"""Use cases of segments: publish one, find one, delete one, and tell what a rule may speak of."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from hub.conditions.kinds import Scope
from hub.conditions.model import asked, segments_in
from hub.definitions import Published
from hub.kit.errors import HubError
from hub.kit.problems import InvalidDefinition, Problem, did_you_mean
from hub.questions import asking as answers
from hub.rankings import keeping as rankings
from hub.rollups.catalogue import Catalogues
from hub.segments import language, query, scope, store, tallying
from hub.segments.language import NOTHING_ASKED, Other
from hub.segments.model import Segment
from hub.segments.query import Query
from hub.segments.store import SegmentDocument


async def publish(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a segment and have everybody sorted by it: who is new at once, the others as the back-fill comes to them.

    Args:
        source: the document, YAML or JSON.
        by: who publishes, the scope of `key`.
        key: repeating it with the same document answers the same, as long as no other version was published since.
        now: when it is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    rollups, answered = await Catalogues().current(), await answers.current()
    await _rank(source, now=now)

    def name(live: Mapping[str, SegmentDocument]) -> str:
        segment = language.read(source, scope.of(rollups, live, answered), _others(live.values()))
        if grown := sorted(it for it, other in _others(live.values(), segment).items() if other.is_too_large):
            message = f"With this rule, {', '.join(grown)} would ask too much. {language.TOO_LARGE}"
            raise InvalidDefinition([Problem(1, 1, "too_large", message)])
        others = [it for it in live.values() if it.name != segment.name]
        tallying.check_room(segment, others)
        return segment.name

    published = await store.DEFINITIONS.publish(source, read=name, by=by, key=key, now=now)
    await tallying.settle(now=now)
    return published


class NoSuchSegment(HubError):
    """A name that no live segment has."""

    code = "NOT_FOUND"

    def __init__(self, name: str, known: Collection[str]) -> None:
        super().__init__(f"There is no segment `{name}`.{did_you_mean(name, known)}")
        self.name = name


class SegmentInUse(HubError):
    """Somebody asks for a segment, so that it cannot be deleted. `users` names them."""

    code = "IN_USE"

    def __init__(self, name: str, users: Sequence[str]) -> None:
        super().__init__(f"`{name}` is asked for by {', '.join(users)}. Publish those without it first.")
        self.users = users


async def delete(name: str, *, used_by: Sequence[str], by: str, key: str, now: datetime) -> Published:
    """Take a segment away. Who was in is in no longer; nothing is announced, for nothing has happened to them.

    Args:
        name: the segment.
        used_by: who asks for it beside other segments, such as journeys.
        by: who deletes it, the scope of `key`.
        key: repeating it answers the same.
        now: when it is deleted.

    Raises:
        NoSuchSegment: there is no such segment.
        SegmentInUse: somebody asks for it.
    """

    def check(live: Collection[SegmentDocument]) -> None:
        if users := [*_asking(name, live), *used_by]:
            raise SegmentInUse(name, users)

    deleted = await store.DEFINITIONS.delete(name, check=check, by=by, key=key, now=now)
    if deleted is None:
        raise NoSuchSegment(name, await names())
    await tallying.settle(now=now)
    return deleted


async def live(name: str) -> SegmentDocument:
    """Give the newest version of a segment.

    Raises:
        NoSuchSegment: there is no such segment.
    """
    if found := await store.DEFINITIONS.live([name]):
        return found[0]
    raise NoSuchSegment(name, await names())


async def users_of(name: str) -> list[str]:
    """Name the segments that ask for one."""
    return _asking(name, await store.DEFINITIONS.live())


def _asking(name: str, live: Iterable[SegmentDocument]) -> list[str]:
    return [f"segment {it.name}" for it in live if name in segments_in(language.read_published(it.source).when)]


async def read(source: str) -> Segment:
    """Read a segment that somebody may publish, beside those that are published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    live = await store.DEFINITIONS.live()
    return language.read(source, await _scope(live), _others(live))


async def rules() -> Scope:
    """Give what a rule may speak of as of now. Of events it is what some segment has counted."""
    return await _scope(await store.DEFINITIONS.live(), counted=True)


async def found_by(rule: str, *, now: datetime) -> Query:
    """Make the query that finds whom a rule picks now.

    Raises:
        BadRule: every fault with its place in the text.
    """
    found = query.parsed(rule, await rules())
    return query.of(found, now=now, boundaries=await rankings.boundaries(scope.ranked_in(asked(found))))


async def _rank(source: str, *, now: datetime) -> None:
    """Have the rankings kept by which a segment sorts, before anybody is sorted."""
    try:
        await rankings.begin((await read(source)).ranked, now=now)
    except rankings.TooManyRankings as error:
        raise InvalidDefinition([Problem(1, 1, "too_large", error.message)]) from None


async def windows() -> dict[str, dict[int, list[str]]]:
    """Tell which windows of which rollups the live segments ask for, and which segments do."""
    found: dict[str, dict[int, list[str]]] = {}
    for it in await store.DEFINITIONS.live():
        for rollup, days in language.read_published(it.source).windows:
            if days is not None:
                found.setdefault(rollup, {}).setdefault(days, []).append(f"segment {it.name}")
    return found


async def names() -> list[str]:
    """List the live segments."""
    return [it.name for it in await store.DEFINITIONS.live()]


async def _scope(live: Iterable[SegmentDocument], *, counted: bool = False) -> Scope:
    names = [it.name for it in live]
    return scope.of(await Catalogues().current(), names, await answers.current(), counted=counted)


def _others(live: Iterable[SegmentDocument], new: Segment | None = None) -> dict[str, Other]:
    """Tell of each segment which ones it asks for, itself or by those it asks for, and how much it asks in all.

    If there is a `new` version of one, with that.
    """
    rules = {it.name: language.read_published(it.source).when for it in live}
    if new is not None:
        rules[new.name] = new.when
    found: dict[str, Other] = {}

    def of(name: str) -> Other:
        if name not in found:
            found[name] = NOTHING_ASKED  # where they went round after all
            found[name] = language.whole(rules[name], {it: of(it) for it in segments_in(rules[name]) & rules.keys()})
        return found[name]

    return {name: of(name) for name in rules}
