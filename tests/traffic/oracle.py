"""Which customer must get which message: the demo's abandoned cart, worked out by hand from the messages of a day.

Imports nothing of the hub, and works the other way round: the hub asks at every event what is now to be done, this asks
at the end of the day what must have happened.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.traffic.day import SECOND_WAIT, WAIT, Message

REMINDER = ("cart-reminder", ("email", "push", "sms"))
VIP_OFFER = ("cart-vip-offer", ("email", "sms"))
LAST_CALL = ("cart-last-call", ("email",))


@dataclass(frozen=True, order=True, slots=True)
class Told:
    """One message that one address must receive."""

    template: str
    order_id: str
    channel: str
    to: str


class TwoCustomersBecomeOne(Exception):
    """A sign-in joins two people who were known before: this day needs rules for merging, which are not told here."""


def expected(messages: Iterable[Message]) -> dict[str, list[Told]]:
    """Tell for each customer what they must get, in order of time; a copy of a message counts once.

    A customer is named by the first id they were heard under.
    """
    return {name: list(_told(heard)) for name, heard in by_customer(messages).items()}


def by_customer(messages: Iterable[Message]) -> dict[str, list[Message]]:
    """Sort a day by customer and time, joining what was heard under an anonymous id with the user it became.

    Raises:
        TwoCustomersBecomeOne: both ids of a message were already known, as two customers.
    """
    owners: dict[str, str] = {}
    heard: dict[str, list[Message]] = {}
    first_copies = {message["messageId"]: message for message in messages}
    for message in sorted(first_copies.values(), key=_at):
        ids = [f"{kind} {message[kind]}" for kind in ("anonymousId", "userId") if message.get(kind)]
        known = {owners[id_] for id_ in ids if id_ in owners}
        if len(known) > 1:
            raise TwoCustomersBecomeOne(sorted(known))
        owner = known.pop() if known else ids[0]
        owners.update(dict.fromkeys(ids, owner))
        heard.setdefault(owner, []).append(message)
    return heard


def addresses(heard: Sequence[Message], until: datetime) -> dict[str, str]:
    """Collect what is known by `until`: channel to address, the latest of each."""
    known: dict[str, str] = {}
    for message in heard:
        if _at(message) <= until:
            traits = message.get("traits", {})
            device = message.get("context", {}).get("device", {})
            told = {"email": traits.get("email"), "sms": traits.get("phone"), "push": device.get("token")}
            known |= {channel: address for channel, address in told.items() if address}
    return known


def _told(heard: Sequence[Message]) -> Iterator[Told]:
    """Follow each checkout to its end. A checkout that starts again while its run lives is the same run."""
    lives_until: dict[str, datetime] = {}
    for start in heard:
        properties = start.get("properties", {})
        if start.get("event") != "Checkout Started" or properties["value"] <= 0:
            continue
        order_id, began = properties["order_id"], _at(start)
        if order_id in lives_until and began <= lives_until[order_id]:
            continue
        reminded, decided = began + WAIT, began + WAIT + SECOND_WAIT
        bought = _bought_at(heard, order_id, after=began)
        lives_until[order_id] = min(decided, bought or decided)
        if bought is None or bought > reminded:
            yield from _sent(heard, REMINDER, order_id, reminded)
        if bought is None or bought > decided:
            yield from _sent(heard, VIP_OFFER if _is_vip(heard, decided) else LAST_CALL, order_id, decided)


def _sent(heard: Sequence[Message], send: tuple[str, tuple[str, ...]], order_id: str, now: datetime) -> Iterator[Told]:
    template, channels = send
    known = addresses(heard, now)
    for channel in channels:
        if channel in known:
            yield Told(template=template, order_id=order_id, channel=channel, to=known[channel])
            return


def _bought_at(heard: Sequence[Message], order_id: str, *, after: datetime) -> datetime | None:
    orders = (message for message in heard if message.get("event") == "Order Completed" and _at(message) > after)
    return next((_at(order) for order in orders if order["properties"]["order_id"] == order_id), None)


def _is_vip(heard: Sequence[Message], now: datetime) -> bool:
    said: list[Any] = [message["traits"]["vip"] for message in heard if _says_vip(message) and _at(message) <= now]
    return bool(said) and said[-1] is True


def _says_vip(message: Message) -> bool:
    return "vip" in message.get("traits", {})


def _at(message: Message) -> datetime:
    return datetime.fromisoformat(message["timestamp"])
