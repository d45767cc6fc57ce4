"""Joining: how a customer becomes a member of a program."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency, signin
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.access.signin import SignIns
from hub.commerce import checks, posters, posters_store
from hub.kit import ids
from hub.membership import model, service
from hub.membership.model import Joining, Way
from hub.messaging import signing_in
from hub.profiles import model as profiles
from hub.profiles import store
from hub_api.context import Info
from hub_api.enrolments import Enrolment
from hub_api.failures import IdempotencyKeyReused
from hub_api.needs import Needs
from hub_api.posters import PosterRefused
from hub_api.profiles import Profile
from hub_api.signin import DEVICE, CompleteSignInInput, SignInRefused
from hub_api.subjects import NoSuchProfile, meant


@strawberry.input
class EnrollInput:
    """A wish to join. Who is not signed in brings the code or link of a message that `requestSignIn` sent."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    program: str = strawberry.field(description="Which program.")
    consent_version: str | None = strawberry.field(default=None, description="Which text of its terms was agreed to.")
    poster_code: str | None = strawberry.field(
        default=None, description="The code that was scanned, or its address: its store and campaign are stored."
    )
    device_secret: str | None = strawberry.field(default=None, description=DEVICE)
    sign_in_id: strawberry.ID | None = strawberry.field(default=None, description="What `requestSignIn` answered.")
    code: str | None = strawberry.field(default=None, description="The six digits.")
    link_token: str | None = strawberry.field(default=None, description="The last part of the link, behind `/m/s/`.")

    @property
    def proof(self) -> CompleteSignInInput:
        """What signs in, as `completeSignIn` takes it."""
        return CompleteSignInInput(
            idempotency_key=self.idempotency_key,
            device_secret=self.device_secret or "",
            sign_in_id=self.sign_in_id,
            code=self.code,
            link_token=self.link_token,
        )


@strawberry.input
class EnrollCustomerInput:
    """A customer who joins with the help of the staff, or by a system of the retailer's."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    profile_id: strawberry.ID = strawberry.field(description="Who joins.")
    program: str = strawberry.field(description="Which program.")
    way: Way = strawberry.field(default=Way.STAFF, description="By which way.")
    store_id: str | None = strawberry.field(default=None, description="In which store.")
    campaign: str | None = strawberry.field(default=None, description="What led them to it.")
    associate_id: str | None = strawberry.field(default=None, description="Who of the staff enrolls them.")
    consent_version: str | None = strawberry.field(default=None, description="Which text of its terms was agreed to.")

    @property
    def joining(self) -> Joining:
        """The input in the words of the hub."""
        return Joining(self.way, self.store_id, self.campaign, self.associate_id, self.consent_version)


@strawberry.type
class EnrollPayload:
    """They are a member."""

    enrolment: Enrolment = strawberry.field(description="How they are; of an earlier time where they were one before.")
    already: bool = strawberry.field(description="Whether they were a member before.")
    profile: Profile = strawberry.field(description="The customer.")
    token: str | None = strawberry.field(description="Signs them in from now on, where they came with a code or link.")
    expires_at: datetime | None = strawberry.field(description="Until then the token is valid.")


@strawberry.type
class EnrollCustomerPayload:
    """They are a member."""

    enrolment: Enrolment = strawberry.field(description="How they are; of an earlier time where they were one before.")
    already: bool = strawberry.field(description="Whether they were a member before.")
    profile: Profile = strawberry.field(description="The customer.")


EnrollResult: TypeAlias = Annotated[
    EnrollPayload | PosterRefused | SignInRefused | IdempotencyKeyReused,
    strawberry.union("EnrollResult", description="What became of `enroll`."),
]
EnrollCustomerResult: TypeAlias = Annotated[
    EnrollCustomerPayload | IdempotencyKeyReused,
    strawberry.union("EnrollCustomerResult", description="What became of `enrollCustomer`."),
]


@strawberry.type
class EnrolmentMutations:
    """How customers become members."""

    @strawberry.mutation(extensions=[Needs(Scope.EVENTS_WRITE, or_self=True)])
    async def enroll(self, info: Info, input: EnrollInput) -> EnrollResult:  # noqa: A002 - its name on the wire
        """Join a program: as the customer who is signed in, or with a code or link, which signs in as well."""
        context = info.context
        try:
            answer = await context.once("enroll", input, lambda: _enroll(info, input))
            session = None
            if answer["sign_in"]:
                # Made anew on a repeat: a token is stored nowhere.
                session = await signing_in.session(UUID(answer["sign_in"]), context.settings, now=context.clock())
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except signin.SignInRefused as error:
            return SignInRefused.of(error)
        except posters.PosterRefused as error:
            return PosterRefused.of(error, ["input", "posterCode"])
        head, enrolment = await _member(answer)
        if session:
            context.proven.add(head.id)
        return EnrollPayload(
            enrolment=Enrolment.of(enrolment, context.caller),
            already=answer["already"],
            profile=Profile.of(head),
            token=session.token if session else None,
            expires_at=session.until if session else None,
        )

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_WRITE)])
    async def enroll_customer(self, info: Info, input: EnrollCustomerInput) -> EnrollCustomerResult:  # noqa: A002 - as above
        """Make a customer a member of a program."""
        context = info.context
        try:
            answer = await context.once("enrollCustomer", input, lambda: _enroll_customer(info, input))
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        head, enrolment = await _member(answer)
        shown = Enrolment.of(enrolment, context.caller)
        return EnrollCustomerPayload(enrolment=shown, already=answer["already"], profile=Profile.of(head))


async def _enroll(info: Info, wanted: EnrollInput) -> Done:
    context, now = info.context, info.context.clock()
    # What is wrong is said before a code is used up.
    await service.program_of(wanted.program)
    joining = await _joining(wanted, now)
    cause, sign_in = _cause(info, "enroll", wanted.idempotency_key), None
    if Scope.PROFILE_SELF in context.caller.scopes:
        head = await meant(info, None, Scope.PROFILE_WRITE)
    else:
        sign_ins = SignIns(context.settings)
        used = await signing_in.complete(
            wanted.proof.proof(sign_ins, now), sign_ins, context.names, cause=cause, now=now
        )
        sign_in, head = str(used.id), await _head(used.profile_id)
    joined = await service.join(head, wanted.program, joining, cause=cause, at=now, now=now)
    return _done(joined, head, sign_in)


async def _joining(wanted: EnrollInput, now: datetime) -> Joining:
    if wanted.poster_code is None:
        return Joining(Way.APP, consent_version=wanted.consent_version)
    poster = await posters_store.load(wanted.poster_code)
    return service.by_poster(poster, wanted.program, wanted.consent_version, now=now)


async def _enroll_customer(info: Info, wanted: EnrollCustomerInput) -> Done:
    caller, now = info.context.caller, info.context.clock()
    checks.check_reach(caller, brands=caller.brands, stores=[wanted.store_id] if wanted.store_id else [])
    head = await meant(info, wanted.profile_id, Scope.PROFILE_WRITE)
    cause = _cause(info, "enrollCustomer", wanted.idempotency_key)
    joined = await service.join(head, wanted.program, wanted.joining, cause=cause, at=now, now=now)
    return _done(joined, head)


def _done(joined: model.Joined, head: profiles.Profile, sign_in: str | None = None) -> Done:
    it = joined.enrolment
    answer = {"profile": str(head.id), "program": it.program, "already": not joined.is_new, "sign_in": sign_in}
    stores = frozenset({it.joining.store_id} if it.joining.store_id else ())
    after = {"program": it.program, "way": it.joining.way.value, "already": not joined.is_new}
    return Done(answer, Change("enroll", str(head.id), None, after, stores=stores))


async def _member(answer: Mapping[str, Any]) -> tuple[profiles.Profile, model.Enrolment]:
    head = await _head(UUID(answer["profile"]))
    if (found := await service.enrolment_of(head, answer["program"])) is None:
        raise NoSuchProfile
    return head, found


async def _head(profile_id: UUID) -> profiles.Profile:
    """Read a head.

    Raises:
        NoSuchProfile: it was erased since.
    """
    if (head := (await store.heads([profile_id])).get(profile_id)) is None:
        raise NoSuchProfile
    return head


def _cause(info: Info, mutation: str, key: str) -> UUID:
    caller = info.context.caller
    return ids.key_of(mutation, caller.kind, caller.subject, key)
