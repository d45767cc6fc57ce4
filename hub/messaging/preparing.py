"""Decide and render: which channel a message goes out on, and what it says there. What cannot go out is settled."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from hub.access.signin import SignIns
from hub.contact.model import Then
from hub.contact.service import Wish
from hub.decisions.model import Reason
from hub.events import store as events_store
from hub.messaging import delivery, member_cards, short_links, signing_in
from hub.messaging.gate import Gate, Gatekeeper
from hub.messaging.model import Message
from hub.messaging.ports import Email, InboxItem, Outgoing, Push, Sms
from hub.messaging.short_links import ShortLink
from hub.messaging.timing import Timekeeper, Timing, is_advertising
from hub.messaging.tracking import Tracking
from hub.profiles import devices
from hub.profiles import store as profiles_store
from hub.profiles.consent import Subject
from hub.profiles.links import Links, MadeWhenAsked
from hub.profiles.model import Channel, Profile
from hub.settings import Settings
from hub.wording import built_in, templates
from hub.wording.brand_store import Kits
from hub.wording.brands import Kit
from hub.wording.library import Library
from hub.wording.parts import NoSuchPart, RenderingFailed
from hub.wording.templates import RenderContext, Rendered, Template

log = structlog.get_logger(__name__)

_SHORTENED: Final = frozenset({Channel.SMS, Channel.PUSH})


class NoSuchTemplate(RenderingFailed):
    """A message names a template that is not stored."""

    code = "NO_SUCH_TEMPLATE"

    def __init__(self, name: str) -> None:
        super().__init__(name, "everywhere", "it is not stored")


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that is decided and rendered: it can be claimed and sent.

    Advertising needs a place under the caps: the one of its `wish`, which is None where there were no caps. `short` are
    the links in it that are stored.
    """

    message: Message
    outgoing: Outgoing
    advertises: bool = False
    wish: Wish | None = None
    short: tuple[ShortLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that will not be sent: as it was read, by which it is claimed, and as it is settled."""

    message: Message
    settled: Message


class Preparer:
    """Prepares messages for one process.

    Args:
        channels: those that somebody sends on; the others reach nobody.
        settings: whom e-mails are from, and what links are made of.
    """

    def __init__(
        self,
        channels: Collection[Channel],
        library: Library,
        gatekeeper: Gatekeeper,
        timekeeper: Timekeeper,
        settings: Settings,
    ) -> None:
        self._channels = channels
        self._library = library
        self._gatekeeper = gatekeeper
        self._timekeeper = timekeeper
        self._region = settings.phone_region
        self._links = Links(settings)
        self._sign_ins = SignIns(settings)
        self._tracking = Tracking(settings)
        self._email_from = settings.email_from
        self._kits = Kits()

    async def prepare(self, messages: Sequence[Message], *, now: datetime) -> list[Ready | Unsent]:
        """Decide and render each message by what is stored now, in a few reads for all of them."""
        profiles = await profiles_store.addressees({it.profile_id for it in messages})
        if any(Channel.PUSH in it.channels for it in messages):
            profiles = await devices.with_devices(profiles)
        properties = await events_store.properties_of({it.event_id for it in messages if it.event_id is not None})
        library = await self._library.load({it.template for it in messages})
        gate = await self._gate(messages, profiles)
        timing = await self._timekeeper.of(messages, profiles, gate.topics, now)
        cards = await member_cards.of(messages, library, properties, now=now)
        challenges = await signing_in.wishes(messages, now=now)
        kits = await self._kits.current()
        prepared: list[Ready | Unsent] = []
        # Where there is room for one only, it is the one with the highest priority.
        for message in sorted(messages, key=lambda it: -it.priority):
            profile = profiles.get(message.profile_id) or Profile(id=message.profile_id)
            event = properties.get(message.event_id, {}) if message.event_id else {}
            kit = kits.get(message.brand)
            context = RenderContext(
                profile=profile.traits, event=event, brand=kit.shown() if kit else {}, card=cards.get(message.id, {})
            )
            if message.id in challenges:
                challenge = challenges[message.id]
                if challenge is None:
                    prepared.append(Unsent(message, delivery.failed(message, "expired")))
                    continue
                profile = signing_in.addressed(profile, challenge)
                context = replace(context, signin=self._sign_ins.shown(challenge))
            try:
                template = library.get(message.template) or built_in.template(message.template)
                prepared.append(self._prepared(message, profile, template, context, gate=gate, timing=timing, kit=kit))
            except (NoSuchPart, RenderingFailed) as error:
                log.warning("not_rendered", message_id=str(message.id), reason=error.message)
                prepared.append(Unsent(message, delivery.failed(message, error.code.lower())))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a message must touch no neighbour
                log.warning("not_rendered", message_id=str(message.id), reason=type(error).__name__)
                prepared.append(Unsent(message, delivery.failed(message, RenderingFailed.code.lower())))
        await short_links.keep([link for it in prepared if isinstance(it, Ready) for link in it.short])
        return prepared

    async def _gate(self, messages: Sequence[Message], profiles: Mapping[UUID, Profile]) -> Gate:
        channels = {channel for message in messages for channel in message.channels}
        reached = {
            (channel, address)
            for profile in profiles.values()
            for channel in channels
            if (address := delivery.address_of(profile, channel, region=self._region))
        }
        return await self._gatekeeper.given({id_: it.consents for id_, it in profiles.items()}, reached)

    def _prepared(
        self,
        message: Message,
        profile: Profile,
        template: Template | None,
        context: RenderContext,
        *,
        gate: Gate,
        timing: Timing,
        kit: Kit | None,
    ) -> Ready | Unsent:
        if template is None:
            raise NoSuchTemplate(message.template)
        silent: NoSuchPart | None = None
        refused: Reason | None = None
        advertises = is_advertising(message, gate.topics)
        for place in delivery.reachable(message, profile, self._channels):
            on_channel = message.at(place)
            to = delivery.address_of(profile, on_channel.channel, region=self._region) or ""
            if reason := gate.refuses(message, on_channel.channel, to):
                refused = refused or reason
                continue
            if advertises and (met := timing.hinders(on_channel, profile)):
                if met.then is not Then.NEXT:
                    return Unsent(message, timing.decided(on_channel, met))
                refused = refused or met.reason
                continue
            links = self._links_of(on_channel, gate, timing.now)
            linked = replace(context, links=links)
            try:
                rendered = templates.render(template, on_channel.channel, language=profile.language, context=linked)
            except NoSuchPart as error:
                silent = error  # the template has nothing to say on this channel; perhaps it has on the next
                continue
            short: Sequence[ShortLink] = ()
            if advertises:
                rendered, short = self._tracked(rendered, on_channel, kit, timing.now)
            wish = timing.wish(on_channel, profile) if advertises and timing.policy.caps else None
            sender = kit.sender_of(self._email_from) if kit else self._email_from
            unsubscribe = links.get("unsubscribe") if on_channel.channel is Channel.EMAIL else None
            outgoing = _outgoing(on_channel, to, rendered, sender, unsubscribe)
            worded = replace(on_channel, snippets=rendered.snippets) if template.snippets else on_channel
            return Ready(worded, outgoing, advertises, wish, tuple(short))
        if refused:
            return Unsent(message, delivery.skipped(message, refused))
        if silent:
            raise silent
        return Unsent(message, delivery.skipped(message, Reason.UNREACHABLE))

    def _tracked(
        self, rendered: Rendered, message: Message, kit: Kit | None, now: datetime
    ) -> tuple[Rendered, Sequence[ShortLink]]:
        """Give advertising with its links led through the hub, and the links that are to be stored for that."""
        if message.channel is Channel.EMAIL:
            return self._tracking.tracked(rendered, message, now=now), ()
        if kit is not None and kit.track and message.channel in _SHORTENED:
            return self._tracking.shortened(rendered, message, now=now)
        return rendered, ()

    def _links_of(self, message: Message, gate: Gate, now: datetime) -> Mapping[str, str]:
        """Give the links a template may show: only of what one can be rid of there is a link that does it."""
        links: dict[str, Callable[[], str]] = {
            "preferences": partial(self._links.preferences, message.profile_id, now=now)
        }
        if message.about is not None and message.template == built_in.CONFIRM_CONSENT:
            links["confirm"] = partial(self._links.confirm, message.about, asked_at=message.created_at)
        if is_advertising(message, gate.topics):
            subject = Subject(message.brand, message.topic, message.channel)
            links["unsubscribe"] = partial(self._links.unsubscribe, message.profile_id, subject, now=now)
        return MadeWhenAsked(links)


def _outgoing(message: Message, to: str, rendered: Rendered, email_from: str, unsubscribe: str | None) -> Outgoing:
    match message.channel:
        case Channel.EMAIL:
            return Email(message.id, to, email_from, rendered.subject, rendered.text, unsubscribe, rendered.html)
        case Channel.PUSH:
            return Push(message.id, to, rendered.subject, rendered.text, rendered.link)
        case Channel.SMS:
            return Sms(message.id, to, rendered.text)
        case Channel.INBOX:
            return InboxItem(message.id, to, rendered.subject, rendered.text, rendered.link)
