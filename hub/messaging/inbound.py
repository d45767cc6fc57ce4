"""SMS that customers send: STOP holds before the provider is answered, START takes it back, the others are announced.

STOP is about the number. Nobody writes to it any more, of no brand, whoever has it in their profile; and whose it is
has withdrawn their consent to SMS. Their other channels stay as they are. What carriers and providers answer to STOP,
START and HELP, they answer themselves: the hub says nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.events.announcing import Announcement, announce
from hub.kit import ids
from hub.messaging import handled
from hub.profiles import addresses, consent, consents, identifier_store, keywords
from hub.profiles import store as profiles_store
from hub.profiles.consent import ALL, DEFAULT_BRAND, ConsentState, How, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.keywords import Keyword
from hub.profiles.model import Channel, Identifier, IdentifierKind, Profile
from hub.profiles.suppression import SuppressionReason, Suppressions
from hub.profiles.topics import MARKETING

RECEIVED: Final = "Sms Received"
MOST_WORDS: Final = 3
LONGEST_KEYWORD: Final = 32

_EVERY_SMS: Final = Subject(ALL, ALL, Channel.SMS)
_USUAL: Final = Subject(DEFAULT_BRAND, MARKETING, Channel.SMS)


@dataclass(frozen=True, slots=True)
class InboundSms:
    """An SMS that came in.

    Attributes:
        provider: who brings it.
        id: the provider's own id of it: the same when it is brought again.
        sender: the number that it came from. The network vouches for it.
        number: our number, that it was sent to.
        text: what it says. It is not stored as it is.
        said: what the provider takes it for, where it says so: words that somebody has taught it.
    """

    provider: str
    id: str
    sender: str
    number: str
    text: str
    said: Keyword | None = None


async def receive(sms: InboundSms, suppressions: Suppressions, *, now: datetime) -> Keyword | None:
    """Do what an SMS asks for, before this returns, and tell what that was.

    An older STOP that is brought again after a START changes nothing, nor does the other way round.
    """
    id_ = ids.key_of("inbound sms", sms.provider, sms.id)
    keyword = keywords.keyword_of(sms.text) or sms.said
    if await handled.among([id_]):
        return keyword
    profile = await _whose(sms.sender)
    if keyword is Keyword.STOP:
        # First of all, and also where nobody is known: whoever comes to have this number later is not written to.
        await suppressions.suppress((Channel.SMS, sms.sender), SuppressionReason.REQUESTED, now=now)
    elif keyword is Keyword.START:
        await _lift(sms.sender, suppressions)
    if profile is not None:
        await consents.say(profile, _words(profile, keyword), by=Speaker(sms.provider, How.SMS), cause=id_, now=now)
        await announce([_announcement(sms, keyword, profile, id_, now)], now=now)
    await handled.note([id_], now=now)
    return keyword


async def _whose(sender: str) -> Profile | None:
    number = addresses.phone_form(sender, "")
    if number is None:
        return None
    identifier = Identifier(IdentifierKind.PHONE, number)
    owned = (await identifier_store.owners([identifier])).get(identifier)
    return (await profiles_store.heads([owned.profile_id])).get(owned.profile_id) if owned else None


async def _lift(sender: str, suppressions: Suppressions) -> None:
    """Take back what STOP has done to a number. One that bounced or complained stays: START does not mend that."""
    address = (Channel.SMS, sender)
    bans = (await suppressions.among([address])).get(address, {})
    if bans.get(ALL) is SuppressionReason.REQUESTED:
        await suppressions.lift(address)


def _words(profile: Profile, keyword: Keyword | None) -> list[Word]:
    """Say what a keyword means for consent: STOP of everything by SMS, START of what was allowed before it.

    Where nothing was, START allows what is usual: it was sent to be written to.
    """
    if keyword is Keyword.STOP:
        return [Word(_EVERY_SMS, ConsentState.WITHDRAWN)]
    if keyword is not Keyword.START:
        return []
    before = [
        subject
        for subject, standing in consent.entries(profile.consents)
        if subject.channel == Channel.SMS and standing.state is ConsentState.GRANTED
    ]
    return [Word(subject, ConsentState.GRANTED) for subject in before or [_USUAL]]


def _announcement(sms: InboundSms, keyword: Keyword | None, profile: Profile, id_: UUID, now: datetime) -> Announcement:
    text = keywords.normalised(sms.text)
    is_short = 0 < len(text) <= LONGEST_KEYWORD and len(text.split()) <= MOST_WORDS
    properties = {
        "number": sms.number,
        "means": keyword.value if keyword else None,
        "keyword": text if is_short else None,
    }
    return Announcement(
        RECEIVED, profile.id, str(id_), now, {name: value for name, value in properties.items() if value is not None}
    )
