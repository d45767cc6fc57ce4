"""Vouching: somebody has shown that an address is theirs, by a link or a code sent to it, or by a token."""

from datetime import datetime
from uuid import UUID

from hub import seal
from hub.profiles import clashes, identifier_store, store
from hub.profiles.clashes import Clash
from hub.profiles.model import CONTACTS, Identifier, Owned
from hub.profiles.rules import lookup_form
from hub.profiles.store import ProfileDocument


async def vouch(profile_id: UUID, identifier: Identifier, *, by: str, now: datetime) -> bool:
    """Note that an identifier is verified as this profile's. It may be repeated.

    It is won from whoever has it and was never vouched for. Where it is verified as another's, both are known people:
    nothing changes, and the clash is listed.

    Args:
        profile_id: whose it is, or one that they absorbed.
        identifier: in its look-up form.
        by: who says so, in a word, such as `sign-in`.
        now: the time.

    Returns:
        False where it stays another's.
    """
    while True:
        found = (await identifier_store.owners([identifier])).get(identifier)
        asked = {profile_id} if found is None else {profile_id, found.profile_id}
        heads = await store.heads(asked)
        if (head := heads.get(profile_id)) is None:
            return False  # erased since
        if found is None:
            if await identifier_store.claim([Owned(identifier, head.id, verified=True)], at=now):
                break
        elif (other := heads.get(found.profile_id)) is not None and other.id == head.id:
            await identifier_store.verify([identifier])
            break
        elif not found.verified:
            if await identifier_store.win({identifier: head.id}):
                break
        else:
            await clashes.record([Clash(found.profile_id, head.id, identifier, source=by, at=now)])
            return False
    await _guard(head.id, identifier)
    return True


async def _guard(profile_id: UUID, identifier: Identifier) -> None:
    """Have no client source change where somebody is reached who has shown that they are."""
    kind, written = identifier.kind, False
    while kind in CONTACTS and not written:
        head = (await store.heads([profile_id])).get(profile_id)
        if head is None or kind in head.verified:
            return
        said = head.traits.get(kind)
        if isinstance(said, str) and lookup_form(kind, said) != identifier.value:
            return  # they are reached at another address, which nobody has vouched for
        traits = seal.shut(ProfileDocument, {"traits": {**head.traits, kind.value: said or identifier.value}})
        update = {"$set": traits, "$addToSet": {"verified": kind.value}, "$inc": {"rev": 1}}
        found = await ProfileDocument.get_pymongo_collection().update_one({"_id": head.id, "rev": head.rev}, update)
        written = found.matched_count == 1
