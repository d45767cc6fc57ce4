"""Members: the code that a customer shows at a till or to a kiosk, typed or as a QR code.

It is an identifier like any other, so that it is found through merges. It is made when it is first asked for and then
stays. It tells who somebody is and proves nothing: whoever has seen it once can show it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hub.kit import ids
from hub.profiles import identifier_store
from hub.profiles.codes import code_of
from hub.profiles.model import Identifier, IdentifierKind, Owned


async def own_code(own_ids: Sequence[UUID], *, now: datetime) -> str:
    """Give the code of a profile and of those it absorbed: its own, where there are several. It is made if needed."""
    found = await identifier_store.by_profile(own_ids)
    names = (it.identifier for own_id in own_ids for it in found.get(own_id, ()))
    codes = (it.value for it in names if it.kind is IdentifierKind.MEMBER)
    return next(codes, None) or await new_code(own_ids[0], now=now)


async def new_code(profile_id: UUID, *, now: datetime) -> str:
    """Make the code of a profile that has none. It follows from its id: two who make it at once make the same."""
    attempt = 0
    while True:
        identifier = Identifier(IdentifierKind.MEMBER, code_of(ids.key_of("member code", profile_id, attempt)))
        if await identifier_store.claim([Owned(identifier, profile_id, verified=True)], at=now):
            return identifier.value
        owned = (await identifier_store.owners([identifier])).get(identifier)
        if owned is not None and owned.profile_id == profile_id:
            return identifier.value
        attempt += 1  # a stranger's code, by chance
