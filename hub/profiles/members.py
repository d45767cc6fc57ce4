"""Members: the code that a customer shows at a till or to a kiosk, typed or as a QR code.

It is an identifier like any other, so that it is found through merges. It is made when it is first asked for and then
stays. It tells who somebody is and proves nothing: whoever has seen it once can show it.
"""

from datetime import datetime
from uuid import UUID

from hub.kit import ids
from hub.profiles import identifier_store
from hub.profiles.codes import code_of
from hub.profiles.model import Identifier, IdentifierKind, Owned


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
