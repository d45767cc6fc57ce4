"""The gate: whether a person may be told something now, by their consents and by the list of suppressed addresses.

It is opened twice for every message: when it is decided, and again after the claim, right before the call.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from hub.decisions.model import Reason
from hub.messaging.model import Message
from hub.profiles import consent_store, preferences
from hub.profiles.consent import ALL, Consents, Subject
from hub.profiles.model import Channel
from hub.profiles.suppression import Address, Bans, Suppressions
from hub.profiles.topics import Catalogue, TopicClass, Topics
from hub.settings import ConsentPolicy, Settings


@dataclass(frozen=True, slots=True)
class Gate:
    """What is allowed at one moment, to some people at some addresses.

    Attributes:
        policies: what holds on a channel while a person has said nothing.
        topics: what messages are about.
        consents: what each of these people has said; who is not there is refused.
        suppressed: those of these addresses that must not be written to.
    """

    policies: Mapping[Channel, ConsentPolicy]
    topics: Catalogue
    consents: Mapping[UUID, Consents]
    suppressed: Mapping[Address, Bans]

    def refuses(self, message: Message, channel: Channel, address: str) -> Reason | None:
        """Tell why a message must not go to an address on a channel. None where it may."""
        topic_class = self.topics.topic(message.brand, message.topic).topic_class
        if topic_class is TopicClass.NECESSARY:
            return None
        banned = self.suppressed.get((channel, address), {})
        if ALL in banned or message.brand in banned:
            return Reason.SUPPRESSED
        consents = self.consents.get(message.profile_id)
        if consents is None:
            return Reason.UNREACHABLE  # the person was erased since
        subject = Subject(message.brand, message.topic, channel)
        if topic_class is TopicClass.TRANSACTIONAL or preferences.allows(consents, subject, self.policies):
            return None
        return Reason.NO_CONSENT


class Gatekeeper:
    """Opens gates for one process."""

    def __init__(self, settings: Settings) -> None:
        self._policies = preferences.policies(settings)
        self._suppressions = Suppressions(settings)
        self._topics = Topics()

    async def given(self, consents: Mapping[UUID, Consents], addresses: Collection[Address]) -> Gate:
        """Open a gate by consents that were just read."""
        suppressed = await self._suppressions.among(addresses)
        return Gate(self._policies, await self._topics.current(), consents, suppressed)

    async def at_last(self, profile_ids: Collection[UUID], addresses: Collection[Address]) -> Gate:
        """Open a gate by what the primary holds now."""
        return await self.given(await consent_store.now_holding(profile_ids), addresses)
