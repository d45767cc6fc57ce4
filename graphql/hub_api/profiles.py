"""Profiles: customers, and all that is known of each."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Final, Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from hub.access.model import Caller, Scope
from hub.commerce.of_stores import OfStores
from hub.database import EVERY_ROW, OwnIds, Row
from hub.decisions import store as decisions
from hub.events import model as events
from hub.journeys import runs
from hub.kit import pages
from hub.kit.errors import HubError
from hub.messaging import store as messages
from hub.messaging.timeline import Entry, Timeline
from hub.profiles import consent_store, devices, identifier_store, listing, model, preferences, rules, store, topics
from hub.profiles.model import Channel, Identifier, IdentifierKind, Owned
from hub.profiles.topics import Catalogue
from hub.segments import service as segments
from hub.segments import store as segments_store
from hub_api import members
from hub_api.accounts import InAccounts
from hub_api.cards import HasCard
from hub_api.carts import Cart, carts_of
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.consents import Consent, MessagePreference
from hub_api.context import Info
from hub_api.decisions import Decision
from hub_api.devices import Device
from hub_api.engagement import Engaged
from hub_api.enrolments import Enrolled
from hub_api.events import Event, seen
from hub_api.inbox import HasInbox
from hub_api.memberships import InSegments
from hub_api.messages import Message
from hub_api.needs import Needs
from hub_api.nodes import BadId, Node, global_id, parsed, uuid_of
from hub_api.order_totals import Bought
from hub_api.orders import Order
from hub_api.plans import Subscribed
from hub_api.reviews import HasReviews
from hub_api.rollups import RolledUp
from hub_api.runs import Run
from hub_api.suppressions import Suppression
from hub_api.tiers import Tiered
from hub_api.timeline import TimelineEntry, TimelineFilter
from hub_api.vouchers import HasVouchers
from hub_api.wallets import HasWallets


@strawberry.type
class ProfileIdentifier:
    """A name by which a profile is found."""

    kind: IdentifierKind = strawberry.field(description="What sort of name.")
    value: str = strawberry.field(description="The name in the form in which it is looked up.")
    verified: bool = strawberry.field(
        description="Whether somebody has vouched for it: a server, a link or code, a token."
    )

    @classmethod
    def of(cls, owned: Owned) -> Self:
        """Show an identifier."""
        return cls(kind=owned.identifier.kind, value=owned.identifier.value, verified=owned.verified)


@strawberry.type
class Profile(
    Node,
    RolledUp,
    InSegments,
    Bought,
    HasInbox,
    HasReviews,
    Engaged,
    Enrolled,
    HasVouchers,
    HasWallets,
    InAccounts,
    Tiered,
    HasCard,
    Subscribed,
):
    """A customer."""

    profile_id: strawberry.Private[UUID]
    own_ids: strawberry.Private[OwnIds]
    traits: JSON = strawberry.field(description="What the customer's sources say of them: an object.")
    locale: str | None = strawberry.field(description="The locale of the device heard from last.")
    time_zone: str | None = strawberry.field(description="The IANA time zone of the device heard from last.")
    language: str = strawberry.field(description="The language they are written to in.")
    event_count: int = strawberry.field(description="How many events the profile has taken in.")
    first_seen_at: datetime | None = strawberry.field(description="When they were first heard of.")
    last_seen_at: datetime | None = strawberry.field(description="When they were last heard of.")

    @classmethod
    def of(cls, profile: model.Profile) -> Self:
        """Show a profile."""
        return cls(
            id=global_id("Profile", profile.id),
            profile_id=profile.id,
            own_ids=profile.own_ids,
            traits=JSON(profile.traits),
            locale=profile.locale,
            time_zone=profile.zone,
            language=profile.language,
            event_count=profile.events,
            first_seen_at=profile.first_seen_at,
            last_seen_at=profile.last_seen_at,
        )

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def identifiers(self, info: Info) -> list[ProfileIdentifier]:
        """The names by which this profile is found, those of profiles that were merged into it as well."""
        loaders = info.context.loaders
        found = await asyncio.gather(*(loaders.one(identifier_store.by_profile, it) for it in self.own_ids))
        return [ProfileIdentifier.of(it) for owned in found for it in owned or ()]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def member_code(self, info: Info) -> str:
        """The code that this customer shows at a till or to a kiosk, as text or as a QR code. It stays."""
        return await members.code_of(self.own_ids, info)

    @strawberry.field(name="devices", extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def registered_devices(self, info: Info) -> list[Device]:
        """The apps that this customer has registered, the one heard from last first."""
        return [Device.of(it) for it in await info.context.loaders.one(devices.of, self.own_ids) or ()]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def consents(self, info: Info) -> list[Consent]:
        """What this customer has allowed and forbidden: their last word on each subject they named.

        Who is limited to brands is shown what is about these, or about all.
        """
        held = await info.context.loaders.one(consent_store.now_holding, self.profile_id)
        return Consent.all_of(held or {}, info.context.caller)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def message_preferences(self, info: Info, language: str | None = None) -> list[MessagePreference]:
        """What this customer may choose, as the switches of a preference page; in their language, if none is named."""
        profile = await info.context.loaders.one(devices.heads, self.profile_id)
        catalogue = await info.context.loaders.one(_catalogues, None)
        if profile is None or catalogue is None:
            return []
        policies, brands = preferences.policies(info.context.settings), info.context.caller.brands
        switches = preferences.switches(profile, catalogue, policies, brands)
        return [MessagePreference.of(it, language or self.language) for it in switches]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def suppressions(self, info: Info) -> list[Suppression]:
        """Which addresses of this customer must not be written to."""
        profile = await info.context.loaders.one(devices.heads, self.profile_id)
        if profile is None:
            return []
        reached = {Channel.EMAIL: profile.email, Channel.PUSH: profile.device, Channel.SMS: profile.phone}
        found = [
            (channel, await info.context.loaders.one(info.context.suppressions.among, (channel, address)))
            for channel, address in reached.items()
            if address
        ]
        shown = [it for channel, bans in found for it in Suppression.all_of(channel, bans or {})]
        return [it for it in shown if info.context.caller.sees_brand(it.brand)]

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def timeline(  # noqa: PLR0917 - a connection has as many
        self,
        info: Info,
        filter: TimelineFilter | None = None,  # noqa: A002 - its name on the wire
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[TimelineEntry]:
        """What happened to this profile and what it was told, from every channel, the last thing first."""
        wanted, timeline = pages.span(first, after, last, before), filter.timeline if filter else Timeline()
        found = await info.context.loaders.page(timeline, self.own_ids, wanted)
        return Connection.of(found, partial(_entry, info.context.caller))

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def runs(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Run]:
        """The ways of this profile through journeys, the last entered first."""
        wanted = pages.span(first, after, last, before)
        return Connection.of(await info.context.loaders.page(runs.pages, self.own_ids, wanted), Run.of)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def messages(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Message]:
        """What this profile was told, or should have been, newest first."""
        wanted = pages.span(first, after, last, before)
        return Connection.of(await info.context.loaders.page(messages.pages, self.own_ids, wanted), Message.of)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def decisions(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Decision]:
        """Why something happened to this profile, or did not, newest first."""
        wanted = pages.span(first, after, last, before)
        return Connection.of(await info.context.loaders.page(decisions.pages, self.own_ids, wanted), Decision.of)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def orders(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Order]:
        """What this profile has bought, newest first, with what was given back.

        Who is limited to stores is not shown what was bought in others.
        """
        wanted, read = pages.span(first, after, last, before), OfStores(info.context.caller.stores)
        return Connection.of(await info.context.loaders.page(read, self.own_ids, wanted), Order.of)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ, or_own=True)])
    async def carts(self, info: Info) -> list[Cart]:
        """What this profile has put together and not bought yet, the cart changed last first; at most 100."""
        return await carts_of(info, self.own_ids)


def _entry(caller: Caller, entry: Entry) -> TimelineEntry:
    return Event.of(seen(caller, entry)) if isinstance(entry, events.Event) else Message.of(entry)


@strawberry.input
class ProfileFilter:
    """Finds the profiles that have all of these names and that the rule picks."""

    user_id: str | None = strawberry.field(default=None, description="The customer's id in your own systems.")
    email: str | None = strawberry.field(default=None, description="An e-mail address, in any case.")
    phone: str | None = strawberry.field(default=None, description="A phone number, as anybody writes it.")
    segment: str | None = strawberry.field(default=None, description="A live segment: those who are in it.")
    where: str | None = strawberry.field(
        default=None,
        description='A rule on traits, stage, consents and rollups, such as `profile.country in ["DE", "AT"]`.',
    )

    def identifiers(self, region: str) -> list[Identifier]:
        """Give the names in their look-up form. `region` is the country of phone numbers without a country's code.

        Raises:
            BadName: one of them cannot be one.
        """
        given = {
            IdentifierKind.USER: self.user_id,
            IdentifierKind.EMAIL: self.email,
            IdentifierKind.PHONE: self.phone,
        }
        return [Identifier(kind, _form(kind, value, region)) for kind, value in given.items() if value is not None]

    async def among(self, now: datetime) -> Row:
        """Make the query of the rule and the segment.

        Raises:
            BadRule: the rule cannot be read.
            NoSuchSegment: there is no such segment.
        """
        rule = [await segments.found_by(self.where, now=now)] if self.where is not None else []
        if self.segment is None:
            return {"$and": [*rule, {}]}
        await segments.live(self.segment)  # else nobody would be in, and nobody know why
        return {"$and": [*rule, segments_store.members_of(self.segment)]}


class BadName(HubError):
    """What was sent cannot be a name of its kind."""

    code = "BAD_USER_INPUT"


_EXPECTED: Final = {
    IdentifierKind.EMAIL: "`email` is an address such as ada@example.com.",
    IdentifierKind.PHONE: "`phone` is a number with its country's code, such as +44 20 7946 0000.",
}


def _form(kind: IdentifierKind, value: str, region: str) -> str:
    form = rules.lookup_form(kind, value, region=region)
    if form is None:
        raise BadName(_EXPECTED[kind])
    return form


@strawberry.type
class ProfileQueries:
    """How profiles are found."""

    @strawberry.field(extensions=[Needs(Scope.PROFILE_SELF)])
    async def me(self, info: Info) -> Profile | None:
        """The asking customer's own profile; none while the hub has not heard of them."""
        profile_id = await info.context.own_profile_id()
        if profile_id is None:
            return None
        profile = await info.context.loaders.one(store.heads, profile_id)
        return Profile.of(profile) if profile else None

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def profile(self, info: Info, id: strawberry.ID) -> Profile | None:  # noqa: A002 - its name on the wire
        """One profile; by the id of one that was merged, the profile it is part of now."""
        type_name, own_id = parsed(id)
        if type_name != "Profile":
            raise BadId
        profile = await info.context.loaders.one(store.heads, uuid_of(own_id))
        return Profile.of(profile) if profile else None

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def profiles(  # noqa: PLR0917 - a connection has as many
        self,
        info: Info,
        filter: ProfileFilter | None = None,  # noqa: A002 - its name on the wire
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Profile]:
        """All profiles, the last one heard of for the first time first."""
        wanted = pages.span(first, after, last, before)
        named = filter.identifiers(info.context.settings.phone_region) if filter else ()
        among = await filter.among(info.context.clock()) if filter else EVERY_ROW
        return Connection.of(await listing.page(wanted, named=named, among=among), Profile.of)

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def profile_count(self, info: Info, where: str | None = None) -> int:
        """How many profiles there are, or a rule on traits, stage, consents and rollups picks, counted now."""
        if where is None:
            return await listing.count(EVERY_ROW)
        return await listing.count(await segments.found_by(where, now=info.context.clock()))


async def _catalogues(keys: Collection[None]) -> Mapping[None, Catalogue]:
    """Read all topics, once for all profiles of an answer."""
    return dict.fromkeys(keys, await topics.load())
