"""`node` and `nodes`: any object by its id."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import strawberry

from hub.access.model import Caller, Scope, require
from hub.broadcasts import store as broadcasts
from hub.commerce import orders, products, stores
from hub.commerce.of_stores import OfStores
from hub.decisions import store as decisions
from hub.events import store as events
from hub.journeys import runs
from hub.journeys import store as journeys
from hub.messaging import inbox_store
from hub.messaging import store as messages
from hub.profiles import clashes
from hub.profiles import store as profiles
from hub.reviews import store as reviews
from hub_api import nodes
from hub_api.broadcasts import Broadcast
from hub_api.context import Info
from hub_api.decisions import Decision
from hub_api.events import Event, seen
from hub_api.inbox import InboxMessage
from hub_api.journeys import Journey
from hub_api.merging import Clash
from hub_api.messages import Message
from hub_api.needs import Needs
from hub_api.nodes import BadId, Node, TooManyIds
from hub_api.orders import Order
from hub_api.products import Product
from hub_api.profiles import Profile
from hub_api.reviews import Review
from hub_api.runs import Run
from hub_api.stores import Store


@dataclass(frozen=True, slots=True)
class _Way:
    """How objects of one type are read by their own ids, and shown. `seen` is what a caller may see of one, or None."""

    read: Callable[[Collection[Any]], Awaitable[Mapping[Any, Any]]]
    show: Callable[[Any], Node]
    key_of: Callable[[str], Any] = nodes.uuid_of
    scope: Scope = Scope.PROFILE_READ
    seen: Callable[[Caller, Any], Any] = lambda caller, it: it  # noqa: ARG005 - most are the same to everybody


_WAYS: Final[Mapping[str, _Way]] = {
    "Broadcast": _Way(broadcasts.load, Broadcast.of, scope=Scope.JOURNEYS_READ),
    "Clash": _Way(clashes.load, Clash.of, scope=Scope.PROFILE_MERGE),
    "Decision": _Way(decisions.standing, Decision.of),
    "Event": _Way(events.load, Event.of, seen=seen),
    "InboxMessage": _Way(inbox_store.load, InboxMessage.of),
    "Journey": _Way(journeys.live_versions, Journey.of, key_of=str, scope=Scope.JOURNEYS_READ),
    "Message": _Way(messages.load, Message.of),
    "Order": _Way(orders.load, Order.of, seen=lambda caller, it: it if OfStores(caller.stores).hold(it) else None),
    "Product": _Way(products.under, Product.of, scope=Scope.COMMERCE_READ),
    "Profile": _Way(profiles.heads, Profile.of),
    "Review": _Way(reviews.load, Review.of),
    "Run": _Way(runs.load, Run.of),
    "Store": _Way(stores.under, Store.of, scope=Scope.COMMERCE_READ),
}


@strawberry.type
class NodeQueries:
    """How an object is found by its id."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002 - its name on the wire
        """Any object by its id; none where there is none."""
        return (await _found(info, [id]))[0]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """Objects by their ids, at most 100, in the same order; none in place of those that there are not."""
        if len(ids) > nodes.MOST:
            raise TooManyIds
        return await _found(info, ids)


async def _found(info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
    """Read objects of any types, one command for each type.

    Raises:
        BadId: one of the ids is none.
        Forbidden: the caller lacks the scope of one of the types.
    """
    wanted = [nodes.parsed(id_) for id_ in ids]
    keys: defaultdict[str, list[Any]] = defaultdict(list)
    for type_name, own_id in wanted:
        if type_name not in _WAYS:
            raise BadId
        keys[type_name].append(_WAYS[type_name].key_of(own_id))
    shown: dict[tuple[str, str], Node] = {}
    for type_name, own_ids in keys.items():
        way = _WAYS[type_name]
        require(info.context.caller, way.scope)
        found = {key: way.seen(info.context.caller, it) for key, it in (await way.read(own_ids)).items()}
        shown |= {(type_name, str(own_id)): way.show(it) for own_id, it in found.items() if it is not None}
    return [shown.get((type_name, str(_WAYS[type_name].key_of(own_id)))) for type_name, own_id in wanted]
