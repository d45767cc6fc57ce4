"""What a template says before it is said to customers: shown to its author, or sent to a colleague.

A test is nobody's message: no customer's profile, consent or cap is asked, it is in no numbers, and it goes to
addresses of the staff only.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.kit.errors import HubError
from hub.messaging import member_cards
from hub.messaging.ports import Accepted, CanFind, Email, EmailSender
from hub.profiles import devices
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.settings import Settings
from hub.wording import gsm, samples, templates
from hub.wording.parts import NoSuchPart
from hub.wording.templates import RenderContext, Rendered, Template

MARK: Final = "[Test] "
"""What the subject of a test begins with, so that nobody takes it for a customer's mail."""


class NotStaff(HubError):
    """A test was to go to an address that is none of the staff's. The sentence does not repeat it."""

    code = "NOT_STAFF"

    def __init__(self) -> None:
        super().__init__("Tests go to the staff only: HUB_STAFF_ADDRESSES names neither this address nor its @domain.")


class NoSuchProfile(HubError):
    """A preview was asked for somebody who is not there."""

    code = "NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no profile with this id.")


class NobodySends(HubError):
    """No sender of e-mails is set up."""

    code = "NOBODY_SENDS"

    def __init__(self) -> None:
        super().__init__("Nobody sends e-mails here: HUB_EMAIL_PROVIDER is none.")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a template says on a channel, and in which of its languages; `sms` is what an SMS takes."""

    language: str
    rendered: Rendered
    sms: gsm.Size | None = None


def preview(template: Template, channel: Channel, *, language: str | None, context: RenderContext) -> Preview:
    """Render a template as it would be for one customer.

    Raises:
        NoSuchPart: no language has what the channel needs.
        RenderingFailed: it meets a value that it cannot work with, or a limit.
    """
    spoken = templates.spoken_language(template, channel, language)
    if spoken is None:
        raise NoSuchPart(template.name, channel)
    rendered = templates.render(template, channel, language=spoken, context=context)
    return Preview(spoken, rendered, gsm.size_of(rendered.text) if channel is Channel.SMS else None)


async def customer(
    profile_id: UUID, event: str | None = None, *, brand: str = DEFAULT_BRAND, now: datetime
) -> tuple[RenderContext, str | None]:
    """Give what a template would read of a real customer, and their language. The event is made up.

    Their member card is of the first program of the brand.

    Raises:
        NoSuchProfile: there is none with this id.
    """
    profile = (await devices.heads({profile_id})).get(profile_id)
    if profile is None:
        raise NoSuchProfile
    card = await member_cards.of_brand(profile, brand, now=now)
    return replace(samples.somebody(event), profile=profile.traits, card=card), profile.language


async def send(
    sender: EmailSender | None, template: Template, *, to: str, key: UUID, language: str | None, settings: Settings
) -> Accepted:
    """Send what a template says to a made-up customer, to one of the staff.

    Args:
        sender: the one that customers' mails go through.
        template: what is tried.
        to: an address that `HUB_STAFF_ADDRESSES` names.
        key: repeating it sends no second one, where the sender can be asked.
        language: the one wished for.
        settings: whom mails are from, and who is of the staff.

    Raises:
        NotStaff: `to` is none of theirs.
        NobodySends: there is no sender.
        NoSuchPart: the template says nothing by e-mail.
        RenderingFailed: it cannot be rendered.
        SendFailed: the sender's three answers.
    """
    if not is_staff(to, settings.staff_addresses):
        raise NotStaff
    if sender is None:
        raise NobodySends
    said = preview(template, Channel.EMAIL, language=language, context=samples.somebody()).rendered
    if isinstance(sender, CanFind) and (found := await sender.find(key)):
        return found
    return await sender.send(Email(key, to, settings.email_from, MARK + said.subject, said.text, html=said.html))


def is_staff(address: str, known: str) -> bool:
    """Tell whether an address is one of those that are known, or in one of the domains."""
    local, _, domain = address.strip().casefold().rpartition("@")
    names = {it.strip().casefold() for it in known.split(",")} - {""}
    return bool(local and domain) and (f"{local}@{domain}" in names or f"@{domain}" in names)
