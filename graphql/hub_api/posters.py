"""Posters: codes to scan, and words to text, that hang in stores or stand in advertisements."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.commerce import posters, posters_store
from hub.commerce.posters import Purpose, Wanted
from hub.kit import ids, pages
from hub.membership import service
from hub.profiles.consent import DEFAULT_BRAND
from hub_api.connections import After, Before, Connection, First, Last
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs


@strawberry.type
class PosterRefused(UserError):
    """A code leads nowhere: `NO_SUCH_POSTER`, `DISABLED`, `EXPIRED`, `OTHER_PURPOSE`; or `WORD_TAKEN`."""

    @classmethod
    def of(cls, error: posters.PosterRefused, path: list[str] | None = None) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=path)


@strawberry.type
class Poster:
    """What hangs in a store or stands in an advertisement, with a code to scan and maybe a word to text."""

    code: str = strawberry.field(description="Eleven characters, of which the last one finds slips of the finger.")
    url: str = strawberry.field(description="The address to print as a QR code.")
    purpose: Purpose = strawberry.field(description="What it is for.")
    program: str = strawberry.field(description="Of which program.")
    brand: str = strawberry.field(description="In whose name.")
    store_id: str | None = strawberry.field(description="In which store it hangs, if in one.")
    campaign: str | None = strawberry.field(description="What it belongs to.")
    word: str | None = strawberry.field(description="What one may text instead.")
    consent_version: str | None = strawberry.field(description="Which text of the terms it shows.")
    enabled: bool = strawberry.field(description="Whether it was not switched off.")
    expires_at: datetime | None = strawberry.field(description="When its time is over.")
    made_at: datetime = strawberry.field(description="Since when there is this poster.")
    refused: PosterRefused | None = strawberry.field(description="Why its code leads nowhere now, if so.")

    @classmethod
    def of(cls, poster: posters.Poster, info: Info) -> Self:
        """Show a poster as it stands now."""
        about, refused = poster.about, None
        try:
            poster.check(about.purpose, now=info.context.clock())
        except posters.PosterRefused as error:
            refused = PosterRefused.of(error)
        return cls(
            code=poster.code,
            url=f"{info.context.settings.public_url.rstrip('/')}/q/{poster.code}",
            purpose=about.purpose,
            program=about.program,
            brand=about.brand,
            store_id=about.store_id,
            campaign=about.campaign,
            word=about.word,
            consent_version=about.consent_version,
            enabled=poster.enabled,
            expires_at=about.expires_at,
            made_at=poster.made_at,
            refused=refused,
        )


@strawberry.input
class CreatePosterInput:
    """What a poster is to be."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    program: str = strawberry.field(description="Of which program.")
    purpose: Purpose = strawberry.field(default=Purpose.JOIN, description="What its code is for.")
    brand: str = strawberry.field(default=DEFAULT_BRAND, description="In whose name.")
    store_id: str | None = strawberry.field(default=None, description="In which store it hangs.")
    campaign: str | None = strawberry.field(default=None, description="What it belongs to.")
    word: str | None = strawberry.field(default=None, description="What one may text instead: up to three words.")
    consent_version: str | None = strawberry.field(default=None, description="Which text of the terms it shows.")
    expires_at: datetime | None = strawberry.field(default=None, description="When its time is over.")

    @property
    def wanted(self) -> Wanted:
        """The input in the words of the hub."""
        return Wanted(
            self.purpose,
            self.program,
            self.brand,
            self.store_id,
            self.campaign,
            self.word,
            self.consent_version,
            self.expires_at,
        )


@strawberry.input
class ChangePosterInput:
    """Whether a poster is in use, and until when."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    code: str = strawberry.field(description="Its code.")
    enabled: bool = strawberry.field(description="False: its code is refused from now on.")
    expires_at: datetime | None = strawberry.field(default=None, description="When its time is over; none: never.")


@strawberry.type
class CreatePosterPayload:
    """The poster can be printed."""

    poster: Poster = strawberry.field(description="With its code.")


@strawberry.type
class ChangePosterPayload:
    """It holds from now on."""

    poster: Poster = strawberry.field(description="As it is now.")


CreatePosterResult: TypeAlias = Annotated[
    CreatePosterPayload | PosterRefused | IdempotencyKeyReused,
    strawberry.union("CreatePosterResult", description="What became of `createPoster`."),
]
ChangePosterResult: TypeAlias = Annotated[
    ChangePosterPayload | PosterRefused | IdempotencyKeyReused,
    strawberry.union("ChangePosterResult", description="What became of `changePoster`."),
]


@strawberry.type
class PosterQueries:
    """How posters are found."""

    @strawberry.field(extensions=[Needs(Scope.CONTENT_READ)])
    async def poster(self, info: Info, code: str) -> Poster | None:
        """The poster whose code was scanned, with why it leads nowhere, if so. It says what hangs on the wall."""
        try:
            return Poster.of(await posters_store.load(code), info)
        except posters.NoSuchPoster:
            return None

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def posters(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Poster]:
        """All posters, the newest first."""
        found = await posters_store.page(pages.span(first, after, last, before))
        return Connection.of(found, lambda it: Poster.of(it, info))


@strawberry.type
class PosterMutations:
    """What makes and changes posters."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE)])
    async def create_poster(self, info: Info, input: CreatePosterInput) -> CreatePosterResult:  # noqa: A002 - its name on the wire
        """Make a poster with a code of its own."""
        context = info.context

        async def do() -> Done:
            cause = _cause(info, input.idempotency_key)
            made = await service.make_poster(context.caller, input.wanted, cause=cause, now=context.clock())
            return Done({"code": made.code}, posters_store.told("create poster", None, made))

        try:
            answer = await context.once("createPoster", input, do)
            return CreatePosterPayload(poster=Poster.of(await posters_store.load(answer["code"]), info))
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except posters.PosterRefused as error:
            return PosterRefused.of(error, ["input", "word"])

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE)])
    async def change_poster(self, info: Info, input: ChangePosterInput) -> ChangePosterResult:  # noqa: A002 - as above
        """Switch a poster on or off, and set its end."""

        async def do() -> Done:
            before, after = await posters_store.change(
                info.context.caller, input.code, enabled=input.enabled, expires_at=input.expires_at
            )
            return Done({"code": after.code}, posters_store.told("change poster", before, after))

        try:
            answer = await info.context.once("changePoster", input, do)
            return ChangePosterPayload(poster=Poster.of(await posters_store.load(answer["code"]), info))
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        except posters.PosterRefused as error:
            return PosterRefused.of(error, ["input", "code"])


def _cause(info: Info, key: str) -> UUID:
    return ids.key_of("createPoster", info.context.caller.kind, info.context.caller.subject, key)
