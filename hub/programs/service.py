"""Use cases of programs: make a draft, activate a version, plan and apply files."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.conditions.model import segments_in
from hub.definitions import Published, Version, digest_of
from hub.kit import ids
from hub.kit.errors import HubError
from hub.kit.problems import InvalidDefinition, Problem, did_you_mean
from hub.programs import language, store
from hub.programs.catalogue import Catalogue, Catalogues
from hub.programs.model import Program
from hub.programs.store import Activation, ProgramDocument
from hub.segments import service as segments

_catalogues: Final = Catalogues()


class NoSuchProgram(HubError):
    """A name that no program has, or a version that was never made."""

    code = "NOT_FOUND"

    def __init__(self, version: Version, known: Collection[str]) -> None:
        if version.name in known:
            super().__init__(f"`{version.name}` has no version {version.number}.")
        else:
            super().__init__(f"There is no program `{version.name[:64]}`.{did_you_mean(version.name, known)}")
        self.version = version


@dataclass(frozen=True, slots=True)
class Activated:
    """The activation that counts from now on; `new` is False where this version was active already."""

    activation: Activation
    new: bool


class State(StrEnum):
    """What applying a file would do."""

    NEW = "new"
    CHANGED = "changed"
    DRAFT = "draft"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Planned:
    """What applying a file does to a program: `number` is the version that would be active then."""

    name: str
    state: State
    number: int


async def current() -> Catalogue:
    """Give the programs that are active, and those that were."""
    return await _catalogues.current()


async def read(source: str) -> Program:
    """Read a program that somebody may make, beside what is published.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    return language.read(source, await segments.rules())


async def draft(source: str, *, by: str, key: str, now: datetime) -> Published:
    """Check a program and keep it as its newest version. Nothing earns by it before it is activated.

    Args:
        source: the document, YAML or JSON.
        by: who makes it, the scope of `key`.
        key: repeating it with the same document answers the same.
        now: when it is made.

    Raises:
        InvalidDefinition: with every problem of the document.
    """
    scope = await segments.rules()
    return await store.DEFINITIONS.publish(
        source, read=lambda _: language.read(source, scope).name, by=by, key=key, now=now
    )


async def activate(version: Version, *, by: str, key: str, now: datetime) -> Activated:
    """Let a program be a version from now on: orders that are completed from now on earn by it.

    An older version may be activated again. What was earned before stays as the version of then says.

    Args:
        version: a draft, or one that was active before.
        by: who activates, the scope of `key`.
        key: repeating it answers the same.
        now: from when on.

    Raises:
        NoSuchProgram: there is no such version.
        InvalidDefinition: what it asks for is no longer there, or it lacks a wallet in which members have points.
    """
    key_id = ids.key_of("activate program", by, key)
    found = await store.load({version})
    if not found:
        raise NoSuchProgram(version, [it.name for it in await store.DEFINITIONS.live()])
    scope = await segments.rules()
    program = language.read(found[0].source, scope)
    while True:
        if standing := await store.activated_under(key_id):
            return Activated(standing, new=True)
        known = await current()
        last = known.newest(version.name)
        if last == version:
            return Activated(next(it for it in reversed(known.activations) if it.version == last), new=False)
        if last and (problems := list(_taken_away(known.programs[last], program))):
            raise InvalidDefinition(problems)
        # Of two clocks the one behind must not put a version before one that is active already.
        at = max([now, *(it.at for it in known.activations[-1:])])
        activation = Activation(version, at, known.edition + 1)
        if await store.insert(activation, digest=found[0].digest, key=key_id, by=by):
            return Activated(activation, new=True)


async def plan(sources: Sequence[str]) -> list[Planned]:
    """Say what applying these documents would do, in their order.

    Raises:
        InvalidDefinition: with every problem of the first document that has one.
    """
    scope = await segments.rules()
    live = {it.name: it for it in await store.DEFINITIONS.live()}
    known = await current()
    planned = []
    for source in sources:
        program = language.read(source, scope)
        last = known.newest(program.name)
        if last and (problems := list(_taken_away(known.programs[last], program))):
            raise InvalidDefinition(problems)
        planned.append(_planned(program.name, source, live, known))
    return planned


async def users_of(segment: str) -> list[str]:
    """Name the active programs whose rules ask for a segment."""
    known = await current()
    newest = {it.version.name: it.version for it in known.activations}
    return [f"program {name}" for name, it in sorted(newest.items()) if segment in _segments(known.programs[it])]


def _planned(name: str, source: str, live: dict[str, ProgramDocument], known: Catalogue) -> Planned:
    standing, active = live.get(name), known.newest(name)
    if standing is None:
        return Planned(name, State.NEW, 1)
    if standing.digest != digest_of(source):
        return Planned(name, State.CHANGED, standing.number + 1)
    return Planned(name, State.UNCHANGED if active == standing.version else State.DRAFT, standing.number)


def _taken_away(before: Program, after: Program) -> Iterator[Problem]:
    """Name what members have and a new version would not know any more."""
    for name, wallet in before.wallets.items():
        if name not in after.wallets:
            yield Problem(1, 1, "wallet_in_use", f"Members have points in the wallet `{name}`: it has to stay.")
        elif after.wallets[name].kind is not wallet.kind:
            yield Problem(1, 1, "wallet_in_use", f"The wallet `{name}` stays {wallet.kind}: members have points in it.")


def _segments(program: Program) -> frozenset[str]:
    conditions = [it.where for it in program.rules.values()] + [it.where for it in program.multipliers.values()]
    return frozenset(name for it in conditions if it is not None for name in segments_in(it))
