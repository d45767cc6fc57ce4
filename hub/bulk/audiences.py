"""Audiences: the members of a segment who may be looked for on an advertising platform, and by which addresses.

A platform is shown an address only where its owner has said yes to the topic `advertising`: on the channel `email` for
the e-mail address, on `sms` for the phone number. Who has said nothing has not said yes, whatever HUB_CONSENT_* allows
of messages. Who has a suppressed address is left out altogether.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub import vault
from hub.bulk import members
from hub.kit.errors import HubError
from hub.profiles import addresses, identifier_store, preferences, rules, suppression, topics
from hub.profiles.consent import ALL, Subject
from hub.profiles.model import Channel, Identifier, IdentifierKind, Owned, Profile
from hub.profiles.suppression import Address, Bans, Suppressions
from hub.profiles.topics import ADVERTISING
from hub.settings import ConsentPolicy, Settings

_KINDS: Final[Mapping[Channel, IdentifierKind]] = {
    Channel.EMAIL: IdentifierKind.EMAIL,
    Channel.SMS: IdentifierKind.PHONE,
}
_SILENCE_IS_NO: Final = dict.fromkeys(Channel, ConsentPolicy.OPT_IN)


class NoAdvertisingTopic(HubError):
    """Customers cannot say yes or no to advertising elsewhere, so that nobody has."""

    code = "NO_ADVERTISING_TOPIC"

    def __init__(self, brand: str) -> None:
        super().__init__(
            f"The brand `{brand}` has no topic `{ADVERTISING}` of the class marketing: make it with `saveTopic`, so "
            "that customers can say yes and no to it."
        )
        self.brand = brand


@dataclass(frozen=True, slots=True)
class Reached:
    """By what one customer may be looked for: an e-mail address in lower case, a phone number in E.164, or both."""

    email: str | None
    phone: str | None


async def check(brand: str, settings: Settings) -> None:
    """Let a brand pass whose customers are asked about advertising elsewhere.

    Raises:
        NoAdvertisingTopic: the preference page does not offer it, so that a yes could not be taken back there.
        NoSecret: HUB_SECRET_KEY is not set, without which nobody knows who is suppressed.
    """
    if f"{brand}/{ADVERTISING}" not in {it.id for it in (await topics.load()).offered}:
        raise NoAdvertisingTopic(brand)
    await vault.open_key(suppression.KEY, settings)


async def reached(segment: str, brand: str, settings: Settings) -> AsyncIterator[Reached]:
    """Give every member of a segment who may be looked for, as consents and suppressions are when they are read."""
    suppressions = Suppressions(settings)
    async for batch in members.batches(segment):
        found = {it.id: _addresses(it, settings.phone_region) for it in batch}
        bans = await suppressions.among([said for listed in found.values() for it in listed for said in it.spellings])
        allowed = {
            it.id: _allowed(it, found[it.id], brand)
            for it in batch
            if not any(_is_banned(bans.get(said, {}), brand) for one in found[it.id] for said in one.spellings)
        }
        owners = await identifier_store.owners([it for names in allowed.values() for it in names])
        for profile in batch:
            mine = {it.kind: it.value for it in allowed.get(profile.id, ()) if _is_theirs(profile, owners.get(it))}
            if mine:
                yield Reached(mine.get(IdentifierKind.EMAIL), mine.get(IdentifierKind.PHONE))


@dataclass(frozen=True, slots=True)
class _Address:
    """Where a customer is reached, as they wrote it, and in its look-up form; None where it cannot be an address."""

    channel: Channel
    text: str
    name: Identifier | None

    @property
    def spellings(self) -> Sequence[Address]:
        """How it may have been suppressed: whoever did may have known the country that this text does not say."""
        return [(self.channel, self.text), *([(self.channel, self.name.value)] if self.name else [])]


def _addresses(profile: Profile, region: str) -> list[_Address]:
    region = region or addresses.region_of(profile.locale)
    found = []
    for channel, text in ((Channel.EMAIL, profile.email), (Channel.SMS, profile.phone)):
        if text:
            form = rules.lookup_form(_KINDS[channel], text, region=region)
            found.append(_Address(channel, text, Identifier(_KINDS[channel], form) if form else None))
    return found


def _allowed(profile: Profile, listed: Sequence[_Address], brand: str) -> list[Identifier]:
    """List the addresses that a customer has allowed to be shown."""
    return [
        it.name
        for it in listed
        if it.name and preferences.allows(profile.consents, Subject(brand, ADVERTISING, it.channel), _SILENCE_IS_NO)
    ]


def _is_banned(bans: Bans, brand: str) -> bool:
    return ALL in bans or brand in bans


def _is_theirs(profile: Profile, owned: Owned | None) -> bool:
    """Tell whether an address is nobody else's: another one's yes is not theirs to say."""
    return owned is None or owned.profile_id in profile.own_ids
