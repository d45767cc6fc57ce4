"""Text to join: who sends the word of a poster joins its program, by the number that they write from.

The network vouches for the number. Whoever has it is somebody from then on; the joining itself, the consent to SMS and
the reply follow from the event of the SMS, and so happen once.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.commerce import posters_store
from hub.commerce.posters import Poster, PosterRefused, Purpose
from hub.events.announcing import HUB
from hub.events.model import Event
from hub.kit import ids
from hub.membership import service
from hub.membership.model import Joined, Joining, Way
from hub.messaging import inbound
from hub.messaging import store as messages
from hub.messaging.inbound import InboundSms
from hub.messaging.model import Message
from hub.profiles import addresses, consents, identifier_store, keywords
from hub.profiles import store as profiles_store
from hub.profiles.consent import ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.keywords import Keyword
from hub.profiles.model import Channel, Identifier, IdentifierKind, Owned, Profile
from hub.profiles.suppression import Suppressions
from hub.profiles.topics import MARKETING
from hub.wording import built_in


@dataclass(frozen=True, slots=True)
class _Texted:
    """Somebody who has sent the word of a poster."""

    profile: Profile
    event: Event
    poster: Poster


async def receive(sms: InboundSms, suppressions: Suppressions, *, now: datetime) -> Keyword | None:
    """Do what an SMS asks for, before this returns: see `inbound.receive`.

    Whoever sends the word of a poster in use, and whose number was nobody's or not verified, is somebody from now on.
    """
    if sms.said is None and keywords.keyword_of(sms.text) is None and await _poster(sms.text, now) is not None:
        await _met(sms, now=now)
    return await inbound.receive(sms, suppressions, now=now)


async def joined_by(event: Event, profile: Profile, *, now: datetime) -> None:
    """Let somebody join who has sent the word of a poster in use; of any other event nothing follows."""
    word = event.properties.get("keyword")
    if event.source != HUB.id or event.name != inbound.RECEIVED or "means" in event.properties or not word:
        return
    poster = await _poster(word, now)
    if poster is not None:
        await _join(_Texted(profile, event, poster), now=now)


async def _poster(text: str, now: datetime) -> Poster | None:
    poster = await posters_store.with_word(text)
    try:
        return poster.check(Purpose.JOIN, now=now) if poster else None
    except PosterRefused:
        return None


async def _join(texted: _Texted, *, now: datetime) -> None:
    about, event = texted.poster.about, texted.event
    joining = Joining(Way.KEYWORD, about.store_id, about.campaign, consent_version=about.consent_version)
    joined = await service.join(texted.profile, about.program, joining, cause=event.id, at=event.at, now=now)
    if joined.is_new:
        word = Word(Subject(about.brand, MARKETING, Channel.SMS), ConsentState.GRANTED, about.consent_version)
        by = Speaker(f"poster {texted.poster.code}", How.SMS)
        await consents.say(texted.profile, [word], by=by, cause=event.id, now=now)
    await messages.queue([_reply(texted, joined, now)])


def _reply(texted: _Texted, joined: Joined, now: datetime) -> Message:
    template = built_in.PROGRAM_JOINED if joined.is_new else built_in.ALREADY_A_MEMBER
    return Message(
        id=ids.key_of("message", "text to join", texted.event.id),
        profile_id=texted.profile.id,
        template=template,
        channels=(Channel.SMS,),
        created_at=now,
        event_id=service.announcement(joined.enrolment).id,
        brand=texted.poster.about.brand,
        topic=built_in.TOPICS[template],
    )


async def _met(sms: InboundSms, *, now: datetime) -> None:
    """Have a profile with a verified number: it is won from whoever only claims to have it."""
    number = addresses.phone_form(sms.sender, "")
    if number is None:
        return
    identifier = Identifier(IdentifierKind.PHONE, number)
    new_id = ids.key_of("texted", sms.provider, sms.id)
    while True:
        owned = (await identifier_store.owners([identifier])).get(identifier)
        if owned is not None and owned.verified:
            await _made(owned.profile_id, number, now)
            return
        if owned is None:
            await identifier_store.claim([Owned(identifier, new_id, verified=True)], at=now)
        else:
            await identifier_store.win({identifier: new_id})


async def _made(profile_id: UUID, number: str, now: datetime) -> None:
    """Have the profile of a number, where whoever claimed the number has died before making it."""
    if await profiles_store.heads([profile_id]):
        return
    new = Profile(
        id=profile_id,
        traits={"phone": number},
        verified=frozenset({IdentifierKind.PHONE.value}),
        first_seen_at=now,
        last_seen_at=now,
    )
    await profiles_store.save([new], token=ids.new_id())
