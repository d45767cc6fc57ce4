"""Sign in by a message: ask for one, and come back with its code or link on the same device."""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.access import allowance, challenges, signin, tokens
from hub.access.allowance import Asked, Asker
from hub.access.names import Names
from hub.access.signin import (
    AlreadyUsed,
    BadAddress,
    Challenge,
    Expired,
    OtherDevice,
    SignIns,
    TooManyTries,
    WrongCode,
)
from hub.kit import ids
from hub.messaging import store
from hub.messaging.model import HIGHEST_PRIORITY, Message, MessageClass
from hub.profiles import identifier_store, rules
from hub.profiles import store as profiles_store
from hub.profiles.model import Channel, Identifier, IdentifierKind, Owned, Profile
from hub.settings import Settings
from hub.wording import built_in

_CHANNELS: Final[Mapping[IdentifierKind, Channel]] = {
    IdentifierKind.EMAIL: Channel.EMAIL,
    IdentifierKind.PHONE: Channel.SMS,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants to sign in: an address as it was written, and the secret of the device it was written on."""

    kind: IdentifierKind
    address: str
    device: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody comes back with: a challenge, how they know of it, and the secret of their device.

    `code` is None where they came by the link, whose signature was read already.
    """

    challenge_id: UUID
    device: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A customer who is signed in, with their token and until when it is valid."""

    profile_id: UUID
    token: str
    until: datetime


async def ask(wish: Wish, asker: Asker, names: Names, *, cause: UUID, now: datetime) -> Challenge:
    """Send a code and a link to an address, if somebody may sign in by it; if not, do what looks the same.

    They may whose verified address it is, and anybody by an address that nobody has. An address that somebody only
    claims to have opens nothing: neither their profile to its owner, nor the other way round.

    Args:
        wish: who wants to sign in.
        asker: by which way they ask.
        names: under which it is counted how often they do.
        cause: the key of the request: repeating it asks once.
        now: when it is asked.

    Raises:
        BadAddress: it is no address, or the secret of the device is none.
        TooManyRequests: codes were asked for too often, see `allowance`.
    """
    value = rules.lookup_form(wish.kind, wish.address)
    if not value:
        raise BadAddress("This is no e-mail address, or no phone number with the code of its country.")
    device = signin.device_hash(wish.device)
    taken = await allowance.take(asker, Asked(wish.kind, value, device), names, now=now)
    owned, head = await _owner(Identifier(wish.kind, value))
    decoy = owned is not None and (head is None or not owned.verified)
    challenge = await challenges.store(
        Challenge(
            id=cause,
            profile_id=head.id if head and not decoy else ids.new_id(),
            kind=wish.kind,
            value=value,
            device=device,
            language=wish.language,
            asked_at=now,
            expires_at=now + signin.LASTS,
            decoy=decoy,
            taken=taken,
        )
    )
    message = Message(
        id=ids.key_of("message", "sign in", challenge.id),
        profile_id=challenge.profile_id,
        template=built_in.SIGN_IN,
        channels=(_CHANNELS[wish.kind],),
        created_at=challenge.asked_at,
        about=challenge.id,
        topic=built_in.TOPICS[built_in.SIGN_IN],
        message_class=MessageClass.MUST_ARRIVE,
        priority=HIGHEST_PRIORITY,
    )
    await store.queue([message])
    return challenge


async def complete(proof: Proof, sign_ins: SignIns, names: Names, *, cause: UUID, now: datetime) -> Challenge:
    """Sign in: use the challenge up, let the address be the customer's own, and know the device from now on.

    Args:
        proof: what somebody comes back with.
        sign_ins: compares the code.
        names: under which the device is known.
        cause: the key of the request: repeating it signs in once, another one is refused.
        now: when they come.

    Raises:
        SignInRefused: see its leaves.
    """
    challenge = await judge(proof.challenge_id, signin.device_hash(proof.device), cause=cause, now=now)
    if proof.code is not None:
        left = await challenges.count_try(challenge.id)
        if left is None:
            raise TooManyTries
        if not sign_ins.is_code(challenge.id, proof.code) or challenge.decoy:
            raise WrongCode(left)
    used = await challenges.use(challenge, cause, now=now)
    if used is None:
        raise AlreadyUsed
    signed_in = replace(used, profile_id=await _identified(used))
    await allowance.know(Asked(used.kind, used.value, used.device), signed_in.profile_id, names, now=now)
    await allowance.give_back(await challenges.take_out(used.id))
    return signed_in


async def judge(challenge_id: UUID, device: str, *, cause: UUID | None = None, now: datetime) -> Challenge:
    """Tell whether one could sign in by a challenge now, changing nothing.

    Args:
        challenge_id: what was asked.
        device: the hash of the secret of the device that comes back.
        cause: the key of a request which may have used it up already.
        now: when it comes.

    Raises:
        Expired: it does not hold any more.
        OtherDevice: it was asked for elsewhere.
        AlreadyUsed: another request has used it up.
    """
    challenge = (await challenges.load([challenge_id])).get(challenge_id)
    if challenge is None:
        raise Expired
    if not hmac.compare_digest(device, challenge.device):
        raise OtherDevice
    if challenge.used_by is not None:
        if challenge.used_by != cause:
            raise AlreadyUsed
    elif not challenge.holds(now):
        raise Expired
    return challenge


async def session(challenge_id: UUID, settings: Settings, *, now: datetime) -> Session:
    """Make the token of a sign-in that is complete: the same one as long as the challenge lasts.

    Raises:
        AlreadyUsed: the challenge is over, and so is the chance to hear its answer again.
    """
    challenge = (await challenges.load([challenge_id])).get(challenge_id)
    if challenge is None or challenge.used_at is None or now >= challenge.expires_at:
        raise AlreadyUsed
    _, head = await _owner(Identifier(IdentifierKind(challenge.kind), challenge.value))
    if head is None:
        raise AlreadyUsed
    token = tokens.issue_to_profile(settings, head.id, token_id=challenge.id.hex, now=challenge.used_at)
    return Session(head.id, token, challenge.used_at + tokens.LIFETIME)


async def wishes(messages: Collection[Message], *, now: datetime) -> dict[UUID, Challenge | None]:
    """Read what the sign-in messages among these are about. None where there is nothing to sign in by (any more)."""
    mine = {it.id: it.about for it in messages if it.template == built_in.SIGN_IN and it.about is not None}
    found = await challenges.load(set(mine.values()))
    sendable = {id_: it for id_, it in found.items() if it.holds(now) and not it.decoy}
    return {message_id: sendable.get(challenge_id) for message_id, challenge_id in mine.items()}


def addressed(profile: Profile, challenge: Challenge) -> Profile:
    """Give a profile that is reached at the address that was asked for, whatever its traits say."""
    traits = {**profile.traits, challenge.kind: challenge.value}
    if "locale" not in traits and profile.locale is None and challenge.language:
        traits["locale"] = challenge.language
    return replace(profile, traits=traits)


async def _owner(identifier: Identifier) -> tuple[Owned | None, Profile | None]:
    owned = (await identifier_store.owners([identifier])).get(identifier)
    if owned is None:
        return None, None
    return owned, (await profiles_store.heads([owned.profile_id])).get(owned.profile_id)


async def _identified(challenge: Challenge) -> UUID:
    """Let the address be its owner's, verified; make the profile of somebody who had none.

    Raises:
        Expired: meanwhile somebody else has claimed the address without proving that it is theirs.
    """
    identifier = Identifier(IdentifierKind(challenge.kind), challenge.value)
    at = challenge.used_at or challenge.asked_at
    await identifier_store.claim([Owned(identifier, challenge.profile_id, verified=True)], at=at)
    owned, head = await _owner(identifier)
    if owned and owned.profile_id == challenge.profile_id and head is None:
        new = Profile(
            id=challenge.profile_id,
            traits={challenge.kind: challenge.value},
            verified=frozenset({challenge.kind}),
            locale=challenge.language,
            first_seen_at=at,
            last_seen_at=at,
        )
        await profiles_store.save([new], token=ids.new_id())
        return new.id
    if owned is None or head is None or not owned.verified:
        raise Expired
    return head.id
