"""Signing in by an e-mailed link or a code, and out again."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency, signin, tokens
from hub.access.allowance import Asker
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import CallerKind, Scope
from hub.access.signin import BadAddress, Expired, SignIns
from hub.kit import ids
from hub.kit.errors import HubError
from hub.messaging import signing_in
from hub.messaging.signing_in import Proof, Wish
from hub.profiles import store
from hub.profiles.model import IdentifierKind
from hub_api.context import Context, Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.nodes import uuid_of
from hub_api.profiles import Profile

DEVICE: str = "A random secret of 16 to 255 characters that the device made and keeps: only there the code is valid."


class NotOurs(HubError):
    """The token was not made here, so that it cannot be ended here."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__("This token was made by another issuer: sign out there.")


@strawberry.input
class RequestSignInInput:
    """An address to prove that it is one's own: `email` or `phone`."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    device_secret: str = strawberry.field(description=DEVICE)
    email: str | None = strawberry.field(default=None, description="An e-mail address.")
    phone: str | None = strawberry.field(default=None, description="A phone number with the code of its country.")
    language: str | None = strawberry.field(default=None, description="In which to write to somebody new, as `de-AT`.")

    @property
    def wish(self) -> Wish:
        """The input in the words of the hub.

        Raises:
            BadAddress: it is not one address.
        """
        given = [(IdentifierKind.EMAIL, self.email), (IdentifierKind.PHONE, self.phone)]
        named = [(kind, address) for kind, address in given if address]
        if len(named) != 1:
            raise BadAddress("Give an `email` or a `phone`, and not both.")
        [(kind, address)] = named
        return Wish(kind, address, self.device_secret, self.language)


@strawberry.input
class CompleteSignInInput:
    """The code of a message with the `signInId`, or the token of its link."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    device_secret: str = strawberry.field(description=DEVICE)
    sign_in_id: strawberry.ID | None = strawberry.field(default=None, description="What `requestSignIn` answered.")
    code: str | None = strawberry.field(default=None, description="The six digits.")
    link_token: str | None = strawberry.field(default=None, description="The last part of the link, behind `/m/s/`.")

    def proof(self, sign_ins: SignIns, now: datetime) -> Proof:
        """The input in the words of the hub.

        Raises:
            BadAddress: it is neither a code with its sign-in nor a link.
            Expired: the link is not valid, or not any more.
        """
        if self.link_token and not self.code:
            challenge_id = sign_ins.challenge_of(self.link_token, now=now)
            if challenge_id is None:
                raise Expired
            return Proof(challenge_id, self.device_secret)
        if not self.code or not self.sign_in_id or self.link_token:
            raise BadAddress("Give a `code` with its `signInId`, or a `linkToken`.")
        return Proof(uuid_of(self.sign_in_id), self.device_secret, self.code)


@strawberry.input
class SignOutInput:
    """The end of the token that is presented."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")


@strawberry.type
class RequestSignInPayload:
    """If somebody may sign in by the address, it gets a message. The answer is the same if not."""

    sign_in_id: strawberry.ID = strawberry.field(description="Send it back with the code.")
    expires_at: datetime = strawberry.field(description="Until then code and link are valid, once.")


@strawberry.type
class CompleteSignInPayload:
    """The customer is signed in."""

    token: str = strawberry.field(
        description="Present it as `Authorization: Bearer TOKEN`. Who has it is the customer."
    )
    expires_at: datetime = strawberry.field(description="Until then the token is valid, unless it is revoked.")
    profile: Profile = strawberry.field(description="The customer.")


@strawberry.type
class SignOutPayload:
    """Within a second the token is refused."""

    signed_out: bool = strawberry.field(description="True: a token that cannot be revoked would be an error.")


@strawberry.type
class SignInRefused(UserError):
    """Nobody is signed in: `EXPIRED`, `ALREADY_USED`, `OTHER_DEVICE`, `WRONG_CODE` or `TOO_MANY_TRIES`."""

    tries_left: int | None = strawberry.field(description="How many codes may still be tried, where one was wrong.")

    @classmethod
    def of(cls, error: signin.SignInRefused) -> "SignInRefused":
        """Show the error."""
        left = error.tries_left if isinstance(error, signin.WrongCode) else None
        return cls(code=error.code, message=error.message, path=["input"], tries_left=left)


RequestSignInResult: TypeAlias = Annotated[
    RequestSignInPayload | IdempotencyKeyReused,
    strawberry.union("RequestSignInResult", description="What became of `requestSignIn`."),
]
CompleteSignInResult: TypeAlias = Annotated[
    CompleteSignInPayload | SignInRefused | IdempotencyKeyReused,
    strawberry.union("CompleteSignInResult", description="What became of `completeSignIn`."),
]
SignOutResult: TypeAlias = Annotated[
    SignOutPayload | IdempotencyKeyReused,
    strawberry.union("SignOutResult", description="What became of `signOut`."),
]


@strawberry.type
class SignInMutations:
    """How customers come in and go."""

    @strawberry.mutation(extensions=[Needs(Scope.EVENTS_WRITE)])
    async def request_sign_in(
        self,
        info: Info,
        input: RequestSignInInput,  # noqa: A002 - its name on the wire
    ) -> RequestSignInResult:
        """Ask for a message with a code and a link. Ask with the key of the app or page."""
        context, wish = info.context, input.wish

        async def do() -> Done:
            cause = _cause(context, input.idempotency_key)
            asked = await signing_in.ask(wish, _asker(context), context.names, cause=cause, now=context.clock())
            answer = {"id": str(asked.id), "expires_at": asked.expires_at}
            return Done(answer, Change("request sign-in", str(asked.id)))

        try:
            answer = await context.once("requestSignIn", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return RequestSignInPayload(sign_in_id=strawberry.ID(answer["id"]), expires_at=answer["expires_at"])

    @strawberry.mutation(extensions=[Needs(Scope.EVENTS_WRITE)])
    async def complete_sign_in(
        self,
        info: Info,
        input: CompleteSignInInput,  # noqa: A002 - its name on the wire
    ) -> CompleteSignInResult:
        """Sign in with what the message said, on the device that asked for it. It works once."""
        context = info.context
        sign_ins = SignIns(context.settings)

        async def do() -> Done:
            proof = input.proof(sign_ins, context.clock())
            cause = _cause(context, input.idempotency_key)
            used = await signing_in.complete(proof, sign_ins, context.names, cause=cause, now=context.clock())
            return Done({"id": str(used.id)}, Change("sign in", str(used.profile_id), None, {"sign_in": used.id}))

        try:
            answer = await context.once("completeSignIn", input, do)
            # Made anew on a repeat: a token is stored nowhere.
            session = await signing_in.session(uuid_of(answer["id"]), context.settings, now=context.clock())
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except signin.SignInRefused as error:
            return SignInRefused.of(error)
        profile = (await store.load([session.profile_id]))[session.profile_id]
        return CompleteSignInPayload(token=session.token, expires_at=session.until, profile=Profile.of(profile))

    @strawberry.mutation(extensions=[Needs(Scope.PROFILE_SELF)])
    async def sign_out(
        self,
        info: Info,
        input: SignOutInput,  # noqa: A002 - its name on the wire
    ) -> SignOutResult:
        """End the token that is presented. Tokens of other issuers are ended there."""
        context = info.context
        token_id = context.caller.token_id
        if not token_id:
            raise NotOurs

        async def do() -> Done:
            await tokens.revoke(token_id, now=context.clock())
            return Done({}, Change("sign out", str(ids.key_of("revoked token", token_id))))

        try:
            await context.once("signOut", input, do)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return SignOutPayload(signed_out=True)


def _asker(context: Context) -> Asker:
    """Tell who asks. A machine of the retailer's own asks for others, and its network says nothing of them."""
    caller = context.caller
    theirs = caller.kind in {CallerKind.SERVER, CallerKind.STAFF}
    return Asker(f"{caller.kind} {caller.subject}", None if theirs else context.network)


def _cause(context: Context, key: str) -> UUID:
    """Name a request for good: what it does is done once, however often it is repeated."""
    return ids.key_of("sign-in", context.caller.kind, context.caller.subject, key)
