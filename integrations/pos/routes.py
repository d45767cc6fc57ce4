"""`/pos/v1/…`: a till tells of customers, orders and refunds; each message is durable before the answer, and kept once.

A message is known by its idempotency key, or by the document itself. It may come late, twice, and in any sequence.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.access.model import Caller
from hub.access.names import Names
from hub.access.service import Callers
from hub.settings import Settings
from hub.tills import days, service, vouchers
from hub.tills.closing import DayClosed
from hub.tills.model import LONGEST_KEY, Message, MessageRefused, Refund, Sale, Taken, Visit
from hub.tills.service import Tills
from hub.tills.vouchers import VoucherShown
from integrations.pos import asking, discount, report, wire

KEY: Final = "Idempotency-Key"
BATCH: Final = "/pos/v1/batch"
USE: Final = "/pos/v1/vouchers/use"
RESERVE: Final = "/pos/v1/vouchers/reserve"
RELEASE: Final = "/pos/v1/vouchers/release"
DAYS: Final = "/pos/v1/days"
OPENAPI: Final = "/pos/v1/openapi.yaml"
MESSAGES: Final[Mapping[str, type[Visit] | type[Sale] | type[Refund]]] = {
    "/pos/v1/customers": Visit,
    "/pos/v1/orders": Sale,
    "/pos/v1/refunds": Refund,
}
"""What each address takes."""

_DOCUMENT: Final = Path(__file__).with_name("openapi.yaml")


def routes(callers: Callers, settings: Settings, clock: Callable[[], datetime]) -> list[Route]:
    """Give the routes of the till's REST."""
    tills, used = _Messages(settings, clock), _Vouchers(clock)
    answers: Mapping[str, asking.Answer] = {
        **dict.fromkeys(MESSAGES, tills.one),
        BATCH: tills.several,
        USE: used.use,
        RESERVE: used.reserve,
        RELEASE: used.release,
        DAYS: _close_day,
    }
    return [*(asking.route(path, callers, it) for path, it in answers.items()), Route(OPENAPI, _document)]


class _Messages:
    """Takes what is told of customers, orders and refunds."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._tills = Tills(Names(settings), region=settings.phone_region)
        self._clock = clock

    async def one(self, request: Request, caller: Caller) -> Mapping[str, Any]:
        """Take one message; its address says what it is."""
        message = _named(wire.read(await request.body(), MESSAGES[request.url.path]), request)
        (result,) = await _waited(request, await self._tills.take(caller, [message], now=self._clock()))
        if isinstance(result, MessageRefused):
            raise result
        return _shown(result)

    async def several(self, request: Request, caller: Caller) -> Mapping[str, Any]:
        """Take a batch, and tell of each message what became of it."""
        read = [_tried(it) for it in wire.read(await request.body(), wire.Batch).messages]
        messages = [it for it in read if not isinstance(it, MessageRefused)]
        taken = iter(await self._tills.take(caller, messages, now=self._clock()))
        results = [it if isinstance(it, MessageRefused) else next(taken) for it in read]
        return {"results": [_shown(it) for it in await _waited(request, results)]}


class _Vouchers:
    """Tells what a voucher gives to a receipt."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def use(self, request: Request, caller: Caller) -> Mapping[str, Any]:
        """Use it, for good."""
        shown, now = wire.read(await request.body(), VoucherShown), self._clock()
        return discount.of(await vouchers.use(caller, shown, now=now), language=shown.language, now=now)

    async def reserve(self, request: Request, caller: Caller) -> Mapping[str, Any]:
        """Keep it while the receipt is paid."""
        shown, now = wire.read(await request.body(), VoucherShown), self._clock()
        return discount.of(await vouchers.reserve(caller, shown, now=now), language=shown.language, now=now)

    async def release(self, request: Request, caller: Caller) -> Mapping[str, Any]:
        """Let go of it."""
        shown, now = wire.read(await request.body(), VoucherShown), self._clock()
        return {"state": (await vouchers.release(caller, shown, now=now)).state_at(now)}


async def _close_day(request: Request, caller: Caller) -> Mapping[str, Any]:
    return report.of(await days.close(caller, wire.read(await request.body(), DayClosed)))


async def _document(_request: Request) -> Response:
    return Response(_DOCUMENT.read_bytes(), media_type="application/yaml")


def _named(message: Message, request: Request) -> Message:
    """Give a message the key that its request names it by.

    Raises:
        MessageRefused: that cannot be a key, or the message has another one.
    """
    given = request.headers.get(KEY)
    if given is None:
        return message
    if not 1 <= len(given) <= LONGEST_KEY:
        raise MessageRefused("idempotency_key", f"`{KEY}` has 1 to {LONGEST_KEY} characters.")
    if message.idempotency_key not in {None, given}:
        raise MessageRefused("idempotency_key", f"`idempotency_key` is another one than the header `{KEY}` has.")
    return msgspec.structs.replace(message, idempotency_key=given)


def _tried(body: msgspec.Raw) -> Message | MessageRefused:
    try:
        return wire.read_any(body)
    except MessageRefused as error:
        return error


async def _waited(request: Request, results: Sequence[Taken | MessageRefused]) -> Sequence[Taken | MessageRefused]:
    """Wait until all that follows is done, if the till prefers that, and say of which messages it is."""
    event_ids = [event_id for it in results if isinstance(it, Taken) for event_id in it.events]
    seconds = asking.preferred_wait(request)
    if seconds is None or not event_ids:
        return results
    done = await service.applied(event_ids, seconds=seconds)
    return [Taken(it.events, done >= {*it.events}) if isinstance(it, Taken) else it for it in results]


def _shown(result: Taken | MessageRefused) -> dict[str, Any]:
    if isinstance(result, MessageRefused):
        return asking.shown(result)
    shown: dict[str, Any] = msgspec.to_builtins(report.Kept(result.id, result.applied))
    return shown
