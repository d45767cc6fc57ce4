"""Member codes: what a customer shows at a till or to a kiosk."""

import asyncio

from hub.database import OwnIds
from hub.profiles import identifier_store, members
from hub.profiles.model import IdentifierKind
from hub_api.context import Info


async def code_of(own_ids: OwnIds, info: Info) -> str:
    """Give the member code of a profile; where it was merged and has several, its own. It is made when first asked."""
    loaders = info.context.loaders
    found = await asyncio.gather(*(loaders.one(identifier_store.by_profile, it) for it in own_ids))
    names = [it.identifier for owned in found for it in owned or ()]
    codes = (it.value for it in names if it.kind is IdentifierKind.MEMBER)
    return next(codes, None) or await members.new_code(own_ids[0], now=info.context.clock())
