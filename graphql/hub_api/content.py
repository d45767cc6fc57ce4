"""Content that is shown: what a visitor sees where they are, and what they did with it."""

import re
from typing import Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry

from hub.access import idempotency
from hub.access.idempotency import Done
from hub.access.model import Limited, Scope
from hub.content import model, service, speaking, visitors
from hub.content.choosing import Spot
from hub.content.model import What
from hub.content.visitors import Visitor, Whom
from hub.definitions import Version
from hub.kit import ids
from hub.kit.errors import HubError
from hub.messaging.surfaces import Surface
from hub.profiles.consent import DEFAULT_BRAND
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.needs import Needs
from hub_api.subjects import profile_id_of

MOST: Final = 100

_NUMBER: Final = re.compile(r"[0-9]{1,9}")

Id = Annotated[
    strawberry.ID | None, strawberry.argument(description="The customer; who asks for themself leaves it out.")
]
MemberCode = Annotated[str | None, strawberry.argument(description="The member code of who is looking, as scanned.")]
VisitorId = Annotated[
    str | None,
    strawberry.argument(description="An unknown visitor, such as an SDK's anonymous id: their views are counted."),
]
Page = Annotated[str | None, strawberry.argument(description="The page, such as `/coffee/beans`.")]
StoreId = Annotated[str | None, strawberry.argument(description="The store; of a device that is in one it is known.")]
Language = Annotated[str | None, strawberry.argument(description="Such as `de-AT`. Left out, it is the visitor's.")]
Brand = Annotated[str, strawberry.argument(description="The brand that speaks: snippets may name it.")]
Named = Annotated[list[str] | None, strawberry.argument(description="Only these, such as `signature`; else all.")]
First = Annotated[int, strawberry.argument(description=f"How many, of the highest priority; at most {MOST}.")]


class BadContentId(HubError):
    """An id of a content that was not taken from an answer."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__("`contentId` is the `id` of a content that was shown.")


class TooMany(HubError):
    """More is asked for at once than is given."""

    code = "BAD_USER_INPUT"

    def __init__(self) -> None:
        super().__init__(f"`first` is 0 to {MOST}.")


@strawberry.type
class Content:
    """Something to show, as this visitor reads it: plain text, to be escaped where it is shown as HTML."""

    profile_id: strawberry.Private[UUID | None]
    id: strawberry.ID = strawberry.field(description="Names it, and its version, in `reportContent`.")
    name: str = strawberry.field(description="Its name, which never changes.")
    surface: Surface = strawberry.field(description="Where it is shown.")
    priority: int = strawberry.field(description="0 to 100; what is listed first comes first.")
    language: str = strawberry.field(description="In which language it speaks.")
    title: str | None = strawberry.field(description="Its heading.")
    text: str = strawberry.field(description="What it says.")
    button: str | None = strawberry.field(description="What leads to the link.")
    link: str | None = strawberry.field(description="Where it leads: `https://…`, or a page, `/…`.")

    @classmethod
    def of(cls, shown: service.Shown, visitor: Visitor) -> Self:
        """Show a content as a visitor reads it."""
        return cls(
            profile_id=visitor.profile.id if visitor.profile else None,
            id=strawberry.ID(shown.version.id),
            name=shown.content.name,
            surface=shown.content.surface,
            priority=shown.content.priority,
            language=shown.said.language,
            title=shown.said.title,
            text=shown.said.text,
            button=shown.said.button,
            link=shown.said.link,
        )


@strawberry.type
class ContentQueries:
    """What is shown."""

    @strawberry.field(extensions=[Needs(Scope.CONTENT_READ)])
    async def content(
        self,
        info: Info,
        surface: Surface,
        *,
        page: Page = None,
        store_id: StoreId = None,
        id: Id = None,  # noqa: A002 - its name on the wire
        member_code: MemberCode = None,
        visitor_id: VisitorId = None,
        language: Language = None,
        first: First = 10,
    ) -> list[Content]:
        """What is to be shown there now, the first to be shown first. A customer asks for themself.

        A device may name whom it has scanned: it gets what is for them, in words that say nothing of them.
        """
        context = info.context
        if not 0 <= first <= MOST:
            raise TooMany
        visitors.check_surface(context.caller, surface)
        spot = Spot(surface, page, visitors.store_of(context.caller, store_id))
        visitor = await _visitor(info, id, member_code, visitor_id)
        found = await service.shown(spot, visitor, language=language, now=context.clock(), most=first)
        return [Content.of(it, visitor) for it in found]


@strawberry.type
class AgreedSnippet:
    """Words that were agreed to by a second person, for the staff to say, or to put under a mail of their own."""

    name: str = strawberry.field(description="The snippet.")
    tone: str = strawberry.field(description="How it speaks; empty, where nobody said so.")
    version: int = strawberry.field(description="The version that was agreed to.")
    language: str = strawberry.field(description="In which language it speaks.")
    text: str = strawberry.field(description="What it says, as plain text.")

    @classmethod
    def of(cls, it: speaking.Spoken) -> Self:
        """Show one."""
        return cls(name=it.name, tone=it.tone, version=it.version, language=it.language, text=it.text)


@strawberry.type
class AgreedSnippetQueries:
    """The words of the brand, for those who speak for it."""

    @strawberry.field(extensions=[Needs(Scope.ASSOCIATE_READ)])
    async def agreed_snippets(
        self,
        info: Info,
        *,
        brand: Brand = DEFAULT_BRAND,
        names: Named = None,
        id: Id = None,  # noqa: A002 - its name on the wire
        member_code: MemberCode = None,
        language: Language = None,
    ) -> list[AgreedSnippet]:
        """What the staff say and put under their mails, in the newest words that were agreed to, by name."""
        caller = info.context.caller
        if caller.brands and brand not in caller.brands:
            raise Limited
        visitor = await _visitor(info, id, member_code, None)
        found = await speaking.spoken(visitor, language=language, brand=brand, names=names)
        return [AgreedSnippet.of(it) for it in found]


@strawberry.input
class ReportContentInput:
    """What a visitor did with something that was shown."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input counts nothing twice.")
    content_id: strawberry.ID = strawberry.field(description="The `id` of the content, as it was shown.")
    what: What = strawberry.field(description="What they did.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="The customer; one who asks leaves it out, and means themself."
    )
    member_code: str | None = strawberry.field(default=None, description="The member code, as scanned.")
    visitor_id: str | None = strawberry.field(default=None, description="The name of an unknown visitor.")
    page: str | None = strawberry.field(default=None, description="On which page.")
    store_id: str | None = strawberry.field(default=None, description="In which store.")


@strawberry.type
class ReportContentPayload:
    """It counts in how often this visitor sees it; of a customer it is in the timeline as well."""

    what: What = strawberry.field(description="What was done.")


@strawberry.type
class NoSuchContent(UserError):
    """A content, or a version of one, that was never published."""

    @classmethod
    def of(cls, error: model.NoSuchContent, part: str) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", part])


ReportContentResult: TypeAlias = Annotated[
    ReportContentPayload | NoSuchContent | IdempotencyKeyReused,
    strawberry.union("ReportContentResult", description="What became of `reportContent`."),
]


@strawberry.type
class ContentReportMutations:
    """What is told of what was shown."""

    @strawberry.mutation(extensions=[Needs(Scope.CONTENT_READ)])
    async def report_content(self, info: Info, input: ReportContentInput) -> ReportContentResult:  # noqa: A002 - its name on the wire
        """Tell that something was shown, clicked or dismissed. Once under its key, however often it is sent."""
        try:
            await info.context.once("reportContent", input, lambda: _report(info, input))
        except model.NoSuchContent as error:
            return NoSuchContent.of(error, "contentId")
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return ReportContentPayload(what=input.what)


async def _report(info: Info, given: ReportContentInput) -> Done:
    context, caller = info.context, info.context.caller
    visitor = await _visitor(info, given.id, given.member_code, given.visitor_id)
    version = _version_of(given.content_id)
    store = visitors.store_of(caller, given.store_id)
    report = service.Report(version, given.what, given.page, store)
    cause = ids.key_of("reportContent", caller.kind, caller.subject, given.idempotency_key)
    await service.take_in(report, visitor, cause=cause, now=context.clock())
    return Done({}, None)  # like an event it is a record itself, that never changes


def _version_of(content_id: str) -> Version:
    name, _, number = content_id.rpartition("/")
    if not name or not _NUMBER.fullmatch(number):
        raise BadContentId
    return Version(name, int(number))


async def _visitor(info: Info, id_: strawberry.ID | None, member_code: str | None, visitor_id: str | None) -> Visitor:
    context = info.context
    whom = Whom(None if id_ is None else profile_id_of(id_), member_code, visitor_id)
    return await visitors.visitor_of(context.caller, whom, await context.own_profile_id(), context.names)
