"""Taking what tills say: each message is one event under its own key, durable before the answer, or refused whole."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from hub.access.model import Caller, CallerKind
from hub.access.names import Names
from hub.events import store as events
from hub.events.model import Event, Source
from hub.intake.accept import accept
from hub.tills import calls
from hub.tills.calls import Told
from hub.tills.model import KeyReused, Message, MessageRefused, OtherStore, Taken, UnknownMember

LONGEST_WAIT_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05


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
        results: list[Taken | MessageRefused] = []
        ready: dict[int, tuple[Told, dict[str, Any]]] = {}
        for place, message in enumerate(messages):
            try:
                told = Told(message, store_of(caller, message.store), caller.subject)
                call = calls.call_of(told, holder=await self._holder(told), region=self._region)
                calls.check_order(told, call)
                ready[place] = told, call
                results.append(Taken(told.event_id, applied=False))
            except MessageRefused as error:
                results.append(error)
        for place, refused in (await _accepted(ready, now)).items():
            results[place] = refused
        kept = await events.load([told.event_id for told, _ in ready.values()])
        applied = await events.routed_as(kept.keys())
        for place, (told, _) in ready.items():
            if isinstance(results[place], Taken):
                same = _says(kept[told.event_id], told)
                results[place] = Taken(told.event_id, told.event_id in applied) if same else KeyReused(told.key_path)
        return results

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


async def applied(ids: Sequence[UUID], *, seconds: float) -> set[UUID]:
    """Wait until all that follows from these messages is done, for so many seconds at most, and tell of which it is."""
    ends = asyncio.get_running_loop().time() + min(seconds, LONGEST_WAIT_SECONDS)
    while True:
        done = set(await events.routed_as(ids))
        if len(done) == len(set(ids)) or asyncio.get_running_loop().time() >= ends:
            return done
        await asyncio.sleep(_LOOK_SECONDS)


async def _accepted(ready: Mapping[int, tuple[Told, dict[str, Any]]], now: datetime) -> dict[int, MessageRefused]:
    """Accept calls, those of one store at once, and tell which were refused, by their places."""
    refused: dict[int, MessageRefused] = {}
    by_source: dict[Source, list[int]] = {}
    for place, (told, _) in ready.items():
        by_source.setdefault(told.source, []).append(place)
    for source, places in by_source.items():
        receipt = await accept(source, [msgspec.json.encode(ready[it][1]) for it in places], now=now)
        for it in receipt.refused:
            found = UnknownMember() if it.code == "unknown_member" else MessageRefused("", it.message)
            refused[places[it.index]] = found
    return refused


def _says(event: Event, told: Told) -> bool:
    """Tell whether an event was made of this message. One of somebody who was erased says nothing any more."""
    till = event.context.get("till") if event.context else None
    return not isinstance(till, Mapping) or till.get("digest") == told.digest
