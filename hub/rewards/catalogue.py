"""The published rewards as a process knows them: parsed once, asked for anew with every request."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.definitions import Version
from hub.rewards import language, store
from hub.rewards.model import NoSuchReward, Reward
from hub.rewards.store import Mark


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A snapshot: the newest version of every reward, by name."""

    rewards: Mapping[str, Reward] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)

    def named(self, name: str) -> Reward:
        """Give one reward.

        Raises:
            NoSuchReward: there is none of this name.
        """
        if (reward := self.rewards.get(name)) is None:
            raise NoSuchReward(name, self.rewards.keys())
        return reward


class Catalogues:
    """Keeps the newest snapshot of this process.

    Those who ask at the same time share one look. It begins after each of them asked: who has just published sees it.
    """

    def __init__(self) -> None:
        self._mark: Mark = None
        self._current = Catalogue()
        self._running: asyncio.Task[Catalogue] | None = None
        self._next: asyncio.Task[Catalogue] | None = None

    async def current(self) -> Catalogue:
        """Give the snapshot as of now: one small read, and the rewards if one was published since."""
        if self._next is None:
            self._next = asyncio.create_task(self._look_after(self._running))
        return await asyncio.shield(self._next)

    async def _look_after(self, running: "asyncio.Task[Catalogue] | None") -> Catalogue:
        if running is not None and not running.done():
            await asyncio.wait([running])
        self._running, self._next = self._next, None  # who comes from now on needs another look
        return await self._look()

    async def _look(self) -> Catalogue:
        mark = await store.mark()
        if mark != self._mark:
            live = await store.DEFINITIONS.live()
            rewards = {it.name: language.read(it.source, None) for it in live}
            self._current, self._mark = Catalogue(rewards, {it.name: it.version for it in live}), mark
        return self._current
