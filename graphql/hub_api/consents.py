"""Consents: what a customer has allowed and forbidden, what they may choose, and the mutation `setConsent`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Caller, CallerKind, Forbidden, Scope
from hub.kit import ids
from hub.messaging import confirming
from hub.profiles import consent, consents, store
from hub.profiles.consent import ALL, DEFAULT_BRAND, Consents, ConsentState, How, Standing, Subject
from hub.profiles.consents import Speaker, Word
from hub.profiles.model import Channel
from hub.profiles.preferences import Switch
from hub.profiles.topics import MARKETING
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.subjects import NoSuchProfile, meant


@strawberry.type
class Consent:
    """The last word of a customer on something. Brand, topic or channel is none where it is about all of them."""

    brand: str | None = strawberry.field(description="Of whom.")
    topic: str | None = strawberry.field(description="About what.")
    channel: Channel | None = strawberry.field(description="On which channel.")
    state: ConsentState = strawberry.field(description="What they say.")
    at: datetime = strawberry.field(description="When they said it.")
    source: str = strawberry.field(description="Who brought it.")
    how: How = strawberry.field(description="By which way.")
    version: str | None = strawberry.field(description="The version of the text they agreed to.")

    @classmethod
    def of(cls, subject: Subject, standing: Standing) -> Self:
        """Show a consent."""
        return cls(
            brand=_named(subject.brand),
            topic=_named(subject.topic),
            channel=Channel(subject.channel) if subject.channel != ALL else None,
            state=standing.state,
            at=standing.at,
            source=standing.source,
            how=standing.how,
            version=standing.version,
        )

    @classmethod
    def all_of(cls, held: Consents, caller: Caller) -> list[Self]:
        """Show what holds for a customer, by brand, topic and channel, as far as the caller may see the brands."""
        return [cls.of(it, standing) for it, standing in consent.entries(held) if caller.sees_brand(it.brand)]


@strawberry.type
class MessagePreference:
    """A switch: whether a customer is told of a topic on a channel that reaches them."""

    brand: str = strawberry.field(description="Of whom.")
    topic: str = strawberry.field(description="About what.")
    name: str = strawberry.field(description="The topic's name for people, in the nearest language.")
    description: str = strawberry.field(description="What it is, in the nearest language; may be empty.")
    channel: Channel = strawberry.field(description="On which channel.")
    on: bool = strawberry.field(description="Whether they are told.")
    pending: bool = strawberry.field(description="Whether they were asked to confirm it and have not yet.")

    @classmethod
    def of(cls, switch: Switch, language: str) -> Self:
        """Show a switch."""
        return cls(
            brand=switch.topic.brand,
            topic=switch.topic.name,
            name=switch.topic.name_in(language),
            description=switch.topic.description_in(language),
            channel=switch.channel,
            on=switch.on,
            pending=switch.pending,
        )


@strawberry.input
class SetConsentInput:
    """What a customer allows or forbids. A withdrawal that names no brand, topic or channel is of all of them."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose; a customer leaves it out, and means themself."
    )
    granted: bool = strawberry.field(description="Whether they allow it.")
    brand: str | None = strawberry.field(default=None, description="Of whom; to allow, `default` if left out.")
    topic: str | None = strawberry.field(default=None, description="About what; to allow, `marketing` if left out.")
    channel: Channel | None = strawberry.field(default=None, description="On which channel; needed to allow.")
    version: str | None = strawberry.field(default=None, description="The version of the text they agree to.")
    double_opt_in: bool = strawberry.field(
        default=False,
        description="Ask them first, by a message with a link. A customer's own word for an address that nobody has "
        "verified is always asked for.",
    )

    @property
    def subject(self) -> Subject:
        """What it is about, in the words of consent."""
        brand, topic = (DEFAULT_BRAND, MARKETING) if self.granted else (ALL, ALL)
        return Subject(self.brand or brand, self.topic or topic, self.channel.value if self.channel else ALL)


@strawberry.type
class SetConsentPayload:
    """It holds from now on."""

    consents: list[Consent] = strawberry.field(description="All that holds for the customer now.")
    state: ConsentState = strawberry.field(description="`PENDING` where they were sent a message to confirm it.")


@strawberry.type
class NothingToConfirm(UserError):
    """A message to confirm was asked for, and no address of the customer can have one."""

    @classmethod
    def of(cls, error: confirming.NothingToConfirm) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "channel"])


SetConsentResult: TypeAlias = Annotated[
    SetConsentPayload | NothingToConfirm | IdempotencyKeyReused,
    strawberry.union("SetConsentResult", description="What became of `setConsent`."),
]


@strawberry.type
class ConsentMutations:
    """What changes consents."""

    @strawberry.mutation(extensions=[Needs(Scope.CONSENT_WRITE, or_self=True)])
    async def set_consent(self, info: Info, input: SetConsentInput) -> SetConsentResult:  # noqa: A002 - the argument's name on the wire
        """Let a word of a customer hold. A second after the answer nothing is sent that it forbids."""
        try:
            answer = await info.context.once("setConsent", input, lambda: _set(info, input))
        except confirming.NothingToConfirm as error:
            return NothingToConfirm.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        profile_id = UUID(answer["profile"])
        head = (await store.heads([profile_id])).get(profile_id)
        if head is None:
            raise NoSuchProfile
        shown = Consent.all_of(head.consents, info.context.caller)
        return SetConsentPayload(consents=shown, state=ConsentState(answer["state"]))


async def _set(info: Info, wanted: SetConsentInput) -> Done:
    context, subject = info.context, wanted.subject
    state = ConsentState.GRANTED if wanted.granted else ConsentState.WITHDRAWN
    consent.checked(subject, state)
    if not context.caller.reaches([] if subject.brand == ALL else [subject.brand], context.caller.stores):
        raise Forbidden(Scope.CONSENT_WRITE)
    profile = await meant(info, wanted.id, Scope.CONSENT_WRITE)
    cause = str(ids.key_of("setConsent", context.caller.kind, context.caller.subject, wanted.idempotency_key))
    by, now = _speaker(context.caller), context.clock()
    own_word = context.caller.kind is CallerKind.CUSTOMER
    if wanted.granted and (wanted.double_opt_in or (own_word and await confirming.needed(profile, subject))):
        said = await confirming.ask(
            profile, subject, version=wanted.version, by=by, cause=cause, now=now, hashed=context.suppressions
        )
    else:
        (said,) = await consents.say(profile, [Word(subject, state, wanted.version)], by=by, cause=cause, now=now)
    before = consent.standing_of(profile.consents, subject)
    change = Change(
        "set consent",
        str(profile.id),
        {subject.key: before.state.value} if before else None,
        {subject.key: said.standing.state.value},
        brands=subject.brands,
    )
    return Done({"profile": str(profile.id), "state": said.standing.state.value}, change)


def _speaker(caller: Caller) -> Speaker:
    match caller.kind:
        case CallerKind.CUSTOMER:
            return Speaker("customer", How.CUSTOMER)
        case CallerKind.STAFF:
            return Speaker(caller.subject, How.STAFF)
        case _:
            return Speaker(caller.source.id if caller.source else caller.subject, How.SERVER)


def _named(name: str) -> str | None:
    return None if name == ALL else name
