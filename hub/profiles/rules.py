"""What an event says about who sent it, and what it changes in a profile."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from hub.events.model import Event, Kind, Properties, Trust
from hub.profiles import addresses, answers, codes, fields
from hub.profiles.model import Identifier, IdentifierKind, Profile

CONTACT_TRAITS: Final = frozenset({"email", "phone"})
"""Traits by which a customer is reached: they are worth stealing, so a client source never changes a verified one."""

OWN_TRAITS: Final = frozenset({answers.TRAIT, fields.PLANS})
"""Traits that only the hub itself writes: no source is believed in them, for it could pretend what nobody has said."""

MOST_DEVICES: Final = 10
SEQ_PER_MILLISECOND: Final = 1024


def identifiers_of(event: Event, region: str = "") -> list[Identifier]:
    """List the identifiers an event carries, strongest first.

    E-mail and phone identify only where an event says who the customer is (`identify`), or has nothing stronger. What
    `alias` calls the customer's previous name is one of a device; if it is a user's as well, see `previous_user`. What
    the hub itself announces is about a profile and carries none. Who shows a member code is that member and nobody
    else: the other names are those of the kiosk, which many people use.

    Args:
        event: what happened.
        region: the country that phone numbers without a country's code are of, where the event does not say it.
    """
    found: list[Identifier] = []
    if event.about:
        return []
    if member := member_of(event.kind, event.context):
        return [member]
    if event.user_id:
        found.append(Identifier(IdentifierKind.USER, event.user_id))
    if event.anonymous_id:
        found.append(Identifier(IdentifierKind.ANONYMOUS, event.anonymous_id))
    if event.kind is Kind.ALIAS and event.user_id and event.previous_id not in {None, event.anonymous_id}:
        found.append(Identifier(IdentifierKind.ANONYMOUS, str(event.previous_id)))
    if event.kind is Kind.IDENTIFY or not found:
        found.extend(contacts_in(event.traits, event.properties, event.context, region=region))
    return found


def member_of(kind: Kind, context: Properties) -> Identifier | None:
    """Give the member whose code a call shows; as it was sent, if it cannot be a code: nobody has that."""
    shown = context.get("memberCode")
    if kind is Kind.ALIAS or not isinstance(shown, str) or not shown:
        return None
    return Identifier(IdentifierKind.MEMBER, codes.code_form(shown) or shown)


def previous_user(event: Event) -> Identifier | None:
    """Give the user id that an `alias` may mean by the customer's previous name."""
    if event.kind is not Kind.ALIAS or not event.user_id or event.previous_id in {None, event.user_id}:
        return None
    return Identifier(IdentifierKind.USER, str(event.previous_id))


def contacts_in(
    traits: Properties, properties: Properties, context: Properties, *, region: str = ""
) -> list[Identifier]:
    """List the first e-mail address and the first phone number of a call, in their look-up form.

    Args:
        traits: of the call; the first place to look.
        properties: the second.
        context: its `traits` are the third; its `locale` names the country where `region` does not.
        region: the country that phone numbers without a country's code are of.
    """
    mappings = [place for place in (traits, properties, context.get("traits")) if isinstance(place, Mapping)]
    region = region or addresses.region_of(context.get("locale"))
    found: list[Identifier] = []
    for kind in (IdentifierKind.EMAIL, IdentifierKind.PHONE):
        given = (value for place in mappings if isinstance(value := place.get(kind), str))
        if value := next(filter(None, (lookup_form(kind, it, region=region) for it in given)), None):
            found.append(Identifier(kind, value))
    return found


def lookup_form(kind: IdentifierKind, value: str, *, region: str = "") -> str | None:
    """Bring an identifier into the form in which it is compared. None where it cannot be one of its kind."""
    match kind:
        case IdentifierKind.EMAIL:
            return addresses.email_form(value)
        case IdentifierKind.PHONE:
            return addresses.phone_form(value, region)
        case IdentifierKind.MEMBER:
            return codes.code_form(value)
        case _:
            return value


def next_seq(profile: Profile, milliseconds: int) -> int:
    """Give the next place in the order of a profile's events.

    It follows the clock, so that places of different profiles can be compared, and never goes back or repeats.
    """
    return max(profile.seq + 1, milliseconds * SEQ_PER_MILLISECOND)


def apply(profile: Profile, event: Event, *, seq: int) -> Profile:
    """Change a profile by an event and name the event in it, so that it counts once.

    What the hub itself announces is no sign of life: it takes its place in the order, and changes nothing else but what
    the customer has answered or said of themself.
    """
    counted = {**profile.counted, event.id: seq}
    if event.about:
        # Here only, and not where a source sends an event of that name.
        traits = fields.taken_in(answers.taken_in(profile.traits, event), event)
        return replace(profile, seq=seq, counted=counted, traits=traits)
    told = _told(profile, event)
    return replace(
        profile,
        seq=seq,
        traits={**profile.traits, **told} if told else profile.traits,
        verified=profile.verified | _vouched(event, told),
        devices=_devices(profile, event),
        locale=_context_text(event, "locale") or profile.locale,
        zone=_context_text(event, "timezone") or profile.zone,
        events=profile.events + 1,
        first_seen_at=min(filter(None, (profile.first_seen_at, event.at))),
        last_seen_at=max(filter(None, (profile.last_seen_at, event.at))),
        counted=counted,
    )


def untrusted_traits(profile: Profile, event: Event) -> Sequence[str]:
    """Name what a source tried to change and is not believed in: it stays as it is.

    These are the hub's own traits and, where a client sends it, the contacts of somebody who is vouched for. Anybody
    can read a client's key and name any user id. Could they also say where that user is reached, they would get what
    is meant for them.
    """
    if event.kind is not Kind.IDENTIFY:
        return []
    is_guarded = event.trust is not Trust.SERVER and bool(profile.verified)
    refused = OWN_TRAITS | CONTACT_TRAITS if is_guarded else OWN_TRAITS
    return sorted(it for it in refused & event.traits.keys() if event.traits[it] != profile.traits.get(it))


def _told(profile: Profile, event: Event) -> dict[str, object]:
    if event.kind is not Kind.IDENTIFY:
        return {}
    refused = frozenset(untrusted_traits(profile, event))
    return {name: value for name, value in event.traits.items() if name not in refused}


def _vouched(event: Event, told: Mapping[str, object]) -> frozenset[str]:
    """Name what a server source has vouched for by this event: that there is such a user, where they are reached."""
    if event.trust is not Trust.SERVER:
        return frozenset()
    user = {IdentifierKind.USER.value} if event.user_id else set()
    return frozenset(user | (told.keys() & CONTACT_TRAITS))


def _devices(profile: Profile, event: Event) -> tuple[str, ...]:
    token = device_token(event)
    if token is None or profile.devices[-1:] == (token,):
        return profile.devices
    # A device is where a customer is reached, as an address is.
    if event.trust is Trust.CLIENT and profile.verified and token not in profile.devices:
        return profile.devices
    return with_device(profile.devices, token)


def device_token(event: Event) -> str | None:
    """Give where push reaches the device that an event comes from, if the event says it."""
    device = event.context.get("device")
    token = device.get("token") if isinstance(device, dict) else None
    return token if isinstance(token, str) and token else None


def with_device(devices: Sequence[str], token: str) -> tuple[str, ...]:
    """Put a device last, as the one heard from last, and forget the oldest of more than ten."""
    return (*(known for known in devices if known != token), token)[-MOST_DEVICES:]


def _context_text(event: Event, name: str) -> str | None:
    value = event.context.get(name)
    return value if isinstance(value, str) and value else None
