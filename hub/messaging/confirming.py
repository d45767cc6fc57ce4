"""Double opt-in: a consent that waits for the person to confirm it, from a message to the very address it is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.kit import ids
from hub.kit.errors import HubError
from hub.messaging import delivery, store
from hub.messaging.model import HIGHEST_PRIORITY, Message, MessageClass
from hub.profiles import consent, consent_store, consents, identifier_store, identifiers
from hub.profiles import store as profiles_store
from hub.profiles.addresses import region_of
from hub.profiles.consent import Consent, ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.model import Channel, Identifier, IdentifierKind, Profile
from hub.profiles.rules import lookup_form
from hub.profiles.suppression import Suppressions
from hub.wording import built_in

_KINDS: Final[Mapping[Channel, IdentifierKind]] = {
    Channel.EMAIL: IdentifierKind.EMAIL,
    Channel.SMS: IdentifierKind.PHONE,
}


class NothingToConfirm(HubError):
    """A confirmation was asked for, and there is no address to send it to."""

    code = "UNREACHABLE"

    def __init__(self, channel: str) -> None:
        super().__init__(f"A consent for {channel} cannot be confirmed: the customer has no address there.")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A consent that a link asks to confirm, the person, and whether it is confirmed already."""

    asked: Consent
    profile: Profile
    done: bool


async def ask(
    profile: Profile,
    subject: Subject,
    *,
    version: str | None,
    by: Speaker,
    cause: str,
    now: datetime,
    hashed: Suppressions,
) -> Consent:
    """Write a consent down as pending and send one message with the link that confirms it.

    Raises:
        NothingToConfirm: the customer has no address on the channel, or it is push, which has none to confirm.
        BadConsent: the subject is not one brand, topic and channel.
    """
    consent.checked(subject, ConsentState.PENDING)
    channel = Channel(subject.channel)
    address = delivery.address_of(profile, channel)
    if not address or channel not in _KINDS:
        raise NothingToConfirm(channel)
    address_key = await hashed.hash_of((channel, address))
    word = Word(subject, ConsentState.PENDING, version, address_key)
    [asked] = await consents.say(profile, [word], by=by, cause=cause, now=now)
    confirmation = Message(
        id=ids.key_of("message", "confirm consent", asked.id),
        profile_id=profile.id,
        template=built_in.CONFIRM_CONSENT,
        channels=(channel,),
        created_at=now,
        about=asked.id,
        brand=subject.brand,
        topic=built_in.TOPICS[built_in.CONFIRM_CONSENT],
        message_class=MessageClass.MUST_ARRIVE,
        priority=HIGHEST_PRIORITY,
    )
    await store.queue([confirmation])
    return asked


async def find(consent_id: UUID, hashed: Suppressions) -> Confirmation | None:
    """Tell what a link asks to confirm.

    None where it confirms nothing any more: the person was erased, has said something else since, be it only to be
    asked anew, or has another address now.
    """
    asked = (await consent_store.load([consent_id])).get(consent_id)
    if asked is None:
        return None
    profile = (await profiles_store.heads([asked.profile_id])).get(asked.profile_id)
    if profile is None:
        return None
    channel = Channel(asked.subject.channel)
    address = delivery.address_of(profile, channel)
    if not address or await hashed.hash_of((channel, address)) != asked.address_key:
        return None
    standing = consent.standing_of(profile.consents, asked.subject)
    if standing is None or standing.state is ConsentState.WITHDRAWN:
        return None
    if standing.state is ConsentState.PENDING and await _is_over(asked, profile):
        return None
    return Confirmation(asked, profile, done=standing.state is ConsentState.GRANTED)


async def _is_over(asked: Consent, profile: Profile) -> bool:
    """Tell whether a person has said yes or no since they were asked: then only a newer message can be confirmed."""
    return any(
        it.standing.at > asked.standing.at
        and it.standing.state is not ConsentState.PENDING
        and it.subject.covers(asked.subject)
        for it in await consent_store.said_by(profile.own_ids)
    )


async def confirm(confirmation: Confirmation, *, now: datetime) -> None:
    """Let a consent hold, and note that the address is the customer's own. Repeating it changes nothing.

    Of somebody who has a user id it is not noted. An app may have named the address before anybody vouched for that
    user: who reads it shows that they may be written to there, and not that they are this user, who signs in by it.
    """
    asked, profile = confirmation.asked, confirmation.profile
    if not confirmation.done:
        word = Word(asked.subject, ConsentState.GRANTED, asked.standing.version, asked.address_key)
        by = Speaker(asked.standing.source, How.DOUBLE_OPT_IN)
        await consents.say(profile, [word], by=by, cause=f"confirmed {asked.id}", now=now)
    identifier = _identifier(profile, Channel(asked.subject.channel))
    known = await identifier_store.known(profile.own_ids)
    if identifier is not None and not any(IdentifierKind.USER in by for by in known.values()):
        await identifiers.vouch(profile.id, identifier, by="double opt-in", now=now)


async def needed(profile: Profile, subject: Subject) -> bool:
    """Tell whether a customer's address on the subject's channel is unverified: they may have mistyped it."""
    identifier = _identifier(profile, Channel(subject.channel))
    if identifier is None:
        return False
    owned = (await identifier_store.owners([identifier])).get(identifier)
    return owned is None or not owned.verified or owned.profile_id not in profile.own_ids


def _identifier(profile: Profile, channel: Channel) -> Identifier | None:
    """Give the identifier that a customer's address on a channel is. None where it is none, as a device."""
    address, kind = delivery.address_of(profile, channel), _KINDS.get(channel)
    if not address or kind is None:
        return None
    value = lookup_form(kind, address, region=region_of(profile.language))
    return Identifier(kind, value) if value else None
