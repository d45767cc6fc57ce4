"""Preferences: what a person may choose, as switches, each of a topic on a channel that reaches them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hub.profiles import consent
from hub.profiles.consent import Consents, ConsentState, Subject
from hub.profiles.model import Channel, Profile
from hub.profiles.topics import Catalogue, Topic, TopicClass
from hub.settings import ConsentPolicy, Settings


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether a person is told of a topic on a channel. `pending` says that they were asked to confirm it."""

    topic: Topic
    channel: Channel
    on: bool
    pending: bool

    @property
    def subject(self) -> Subject:
        """What a consent that turns it is about."""
        return Subject(self.topic.brand, self.topic.name, self.channel)


def policies(settings: Settings) -> Mapping[Channel, ConsentPolicy]:
    """Tell what holds on each channel while a person has said nothing."""
    return {
        Channel.EMAIL: settings.consent_email,
        Channel.PUSH: settings.consent_push,
        Channel.SMS: settings.consent_sms,
        Channel.INBOX: settings.consent_inbox,
    }


def allows(consents: Consents, subject: Subject, unsaid: Mapping[Channel, ConsentPolicy]) -> bool:
    """Tell whether a person may be told of something that needs consent; `unsaid` holds where they said nothing."""
    standing = consent.standing_of(consents, subject)
    if standing is None:
        return unsaid[Channel(subject.channel)] is ConsentPolicy.OPT_OUT
    return standing.state is ConsentState.GRANTED


def switches(
    profile: Profile, catalogue: Catalogue, unsaid: Mapping[Channel, ConsentPolicy], brands: Collection[str] = ()
) -> list[Switch]:
    """List what a person may choose, by brand, topic and channel; of all brands, if none is named.

    That is what the catalogue offers, and what they have named although nobody has described it: whatever was allowed
    can be taken back.
    """
    reached = {
        Channel.EMAIL: bool(profile.email),
        Channel.PUSH: bool(profile.device),
        Channel.SMS: bool(profile.phone),
        Channel.INBOX: _may_have_inbox(profile.consents, unsaid),
    }
    return [
        _switch(profile.consents, topic, channel, unsaid)
        for topic in _choices(profile.consents, catalogue)
        if not brands or topic.brand in brands
        for channel in Channel
        if reached[channel]
    ]


def _may_have_inbox(consents: Consents, unsaid: Mapping[Channel, ConsentPolicy]) -> bool:
    """Tell whether something may come into somebody's inbox: a shop without an app offers no switches for one."""
    return unsaid[Channel.INBOX] is ConsentPolicy.OPT_OUT or any(
        subject.channel == Channel.INBOX for subject, _ in consent.entries(consents)
    )


def _choices(consents: Consents, catalogue: Catalogue) -> list[Topic]:
    named = (catalogue.topic(it.brand, it.topic) for it, _ in consent.entries(consents) if it.is_one)
    listed = {it.id: it for it in named if it.topic_class is TopicClass.MARKETING}
    listed |= {it.id: it for it in catalogue.offered}
    return [it for _, it in sorted(listed.items())]


def _switch(consents: Consents, topic: Topic, channel: Channel, unsaid: Mapping[Channel, ConsentPolicy]) -> Switch:
    subject = Subject(topic.brand, topic.name, channel)
    standing = consent.standing_of(consents, subject)
    pending = standing is not None and standing.state is ConsentState.PENDING
    return Switch(topic, channel, allows(consents, subject, unsaid), pending)
