"""Taking what tills say: each message is one event under its own key, durable before the answer, or refused whole.

Who comes to a till and joins a program there is two events: who they are, then that they join.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from hub.access.model import Caller, CallerKind
from hub.access.names import Names
from hub.events import store as events
from hub.events.model import Event, Source
from hub.intake.accept import accept
from hub.kit import ids
from hub.membership import service as membership
from hub.programs.service import NoSuchProgram
from hub.tills import calls
from hub.tills.calls import Told
from hub.tills.model import KeyReused, Message, MessageRefused, OtherStore, Taken, UnknownMember, UnknownProgram, Visit

LONGEST_WAIT_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message that can be used, and the calls that it becomes."""

    told: Told
    call: dict[str, Any]
    join: dict[str, Any] | None

    @property
    def event_ids(self) -> tuple[UUID, ...]:
        """The events that it becomes."""
        source = self.told.source.id
        made = [it for it in (self.call, self.join) if it is not None]
        return tuple(ids.key_of("event", source, it["messageId"]) for it in made)


class Tills:
    """Takes the messages of tills, for one process.

    Args:
        names: makes the names of receipts that nobody is named on.
        region: the country that phone numbers without a country's code are of.
    """

    def __init__(self, names: Names, *, region: str) -> None:
        self._names = names
        self._region = region

    async def take(self, caller: Caller, messages: Sequence[Message], *, now: datetime) -> list[Taken | MessageRefused]:
        """Keep messages, each once, and tell of each what became of it, in their order.

        One that is refused does not harm its neighbours. A repeat is answered as the first was.
        """
        refused: dict[int, MessageRefused] = {}
        ready: dict[int, _Ready] = {}
        for place, message in enumerate(messages):
            try:
                ready[place] = await self._ready(caller, message)
            except MessageRefused as error:
                refused[place] = error
        refused |= await _accepted({place: (it.told.source, it.call) for place, it in ready.items()}, now)
        kept = await events.load([it.told.event_id for it in ready.values()])
        for place in ready.keys() - refused.keys():
            if not _says(kept[ready[place].told.event_id], ready[place].told):
                refused[place] = KeyReused(ready[place].told.key_path)
        taken = {place: it for place, it in ready.items() if place not in refused}
        # Only now: what is refused for its key must not let anybody join.
        await _accepted({place: (it.told.source, it.join) for place, it in taken.items() if it.join}, now)
        done = await events.routed_as([event_id for it in taken.values() for event_id in it.event_ids])
        return [
            refused[place]
            if place in refused
            else Taken(taken[place].event_ids, done.keys() >= {*taken[place].event_ids})
            for place in range(len(messages))
        ]

    async def _ready(self, caller: Caller, message: Message) -> _Ready:
        told = Told(message, store_of(caller, message.store), caller.subject)
        call = calls.call_of(told, holder=await self._holder(told), region=self._region)
        calls.check_order(told, call)
        if isinstance(message, Visit) and message.join is not None:
            try:
                await membership.program_of(message.join.program)
            except NoSuchProgram:
                raise UnknownProgram from None
        return _Ready(told, call, calls.join_of(told, call))

    async def _holder(self, told: Told) -> str | None:
        """Name who stands for the customer of a receipt. It is a secret: whoever names it has what was bought."""
        if told.sold is None:
            return None
        return f"order:{await self._names.of('holder of an order', *told.sold)}"


def store_of(caller: Caller, named: str | None) -> str:
    """Tell in which store something happened: a device's own, else the one that is named.

    Raises:
        OtherStore: it is not one of the caller's.
        MessageRefused: none is named.
    """
    if named is None and caller.kind is CallerKind.DEVICE:
        (named,) = caller.stores
    if named is None:
        raise MessageRefused("store", "`store` is missing: your key is for several.")
    if not caller.sees_store(named):
        raise OtherStore
    return named


async def applied(event_ids: Collection[UUID], *, seconds: float) -> set[UUID]:
    """Wait until all that follows from these events is done, for so many seconds at most, and tell of which it is."""
    ends = asyncio.get_running_loop().time() + min(seconds, LONGEST_WAIT_SECONDS)
    while True:
        done = set(await events.routed_as(event_ids))
        if done >= {*event_ids} or asyncio.get_running_loop().time() >= ends:
            return done
        await asyncio.sleep(_LOOK_SECONDS)


async def _accepted(said: Mapping[int, tuple[Source, Mapping[str, Any]]], now: datetime) -> dict[int, MessageRefused]:
    """Accept calls, those of one store at once, and tell which were refused, by their places."""
    refused: dict[int, MessageRefused] = {}
    by_source: dict[Source, list[int]] = {}
    for place, (source, _) in said.items():
        by_source.setdefault(source, []).append(place)
    for source, places in by_source.items():
        receipt = await accept(source, [msgspec.json.encode(said[it][1]) for it in places], now=now)
        for it in receipt.refused:
            found = UnknownMember() if it.code == "unknown_member" else MessageRefused("", it.message)
            refused[places[it.index]] = found
    return refused


def _says(event: Event, told: Told) -> bool:
    """Tell whether an event was made of this message. One of somebody who was erased says nothing any more."""
    till = event.context.get("till") if event.context else None
    return not isinstance(till, Mapping) or till.get("digest") == told.digest
