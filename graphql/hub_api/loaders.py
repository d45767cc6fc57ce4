"""Loaders: what many objects of one answer ask for, each for itself, is read in one command."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, TypeAlias, TypeVar

from strawberry.dataloader import DataLoader

from hub.database import Owner
from hub.kit.pages import MOST, Page, Span

K = TypeVar("K")
T = TypeVar("T")

ByKey: TypeAlias = Callable[[Collection[K]], Awaitable[Mapping[K, T]]]
"""A read of a store: from keys to what they name. What does not exist is left out."""

PagesOf: TypeAlias = Callable[[Collection[Owner], Span], Awaitable[Mapping[Owner, Page[T]]]]
"""A read of a store: the same page of every one of these, such as profiles, each with those it absorbed."""


class Loaders:
    """The loaders of one request, one for each read: what it has read once it does not read again."""

    def __init__(self) -> None:
        self._made: dict[object, DataLoader[Any, Any]] = {}

    async def one(self, read: ByKey[K, T], key: K) -> T | None:
        """Load what a key names, together with the others of this answer. None where there is no such thing."""

        async def load(keys: list[K]) -> list[T | None]:
            found = await read(keys)
            return [found.get(key) for key in keys]

        return await self._loader(read, load).load(key)

    async def page(self, read: PagesOf[Owner, T], own_ids: Owner, wanted: Span) -> Page[T]:
        """Load a page of something that a profile has, together with those of the other profiles of this answer."""

        async def load(owners: list[Owner]) -> list[Page[T]]:
            found = await read(owners, wanted)
            return [found[owner] for owner in owners]

        return await self._loader((read, wanted), load).load(own_ids)

    def _loader(self, name: object, load: Callable[[list[K]], Awaitable[list[T]]]) -> DataLoader[K, T]:
        if name not in self._made:
            self._made[name] = DataLoader(load_fn=load, max_batch_size=MOST)
        return self._made[name]
