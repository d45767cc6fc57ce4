"""Templates: what is published, what one says, and `publishTemplate`."""

from dataclasses import replace
from typing import Annotated, Final, Self, TypeAlias

import strawberry

from hub.access.model import Scope
from hub.definitions import Published
from hub.kit import problems as documents
from hub.kit.errors import HubError
from hub.messaging import trials
from hub.messaging.preparing import NoSuchTemplate
from hub.profiles.consent import DEFAULT_BRAND
from hub.profiles.model import Channel
from hub.surfaces import publishing
from hub.wording import built_in, lint, samples, snippet_store, templates
from hub.wording.brand_store import Kits
from hub.wording.library import Library, Listed
from hub.wording.lint import Purpose
from hub.wording.parts import InvalidTemplate, NoSuchPart, RenderingFailed
from hub.wording.snippets import expand
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.journeys import InvalidDefinition, Problem
from hub_api.needs import Needs
from hub_api.publishing import Publication, publish
from hub_api.subjects import profile_id_of

_FILES_PATH: Final = ["input", "files"]


@strawberry.type
class TemplatePart:
    """What a template says in one place."""

    name: str = strawberry.field(description="`subject`, `body.mjml`, or another part of a template.")
    source: str = strawberry.field(description="The Liquid as it was written.")


@strawberry.type
class TemplateLanguage:
    """What a template says in one language."""

    language: str = strawberry.field(description="As `de` or `de-AT`.")
    parts: list[TemplatePart] = strawberry.field(description="Its parts, by name.")


@strawberry.type
class Template:
    """What a message says, in parts and languages."""

    name: str = strawberry.field(description="Its name, which never changes.")
    version: int = strawberry.field(description="Which of its versions this is.")
    languages: list[TemplateLanguage] = strawberry.field(description="By name.")

    @classmethod
    def of(cls, listed: Listed) -> Self:
        """Show a stored version."""
        return cls(
            name=listed.template.name,
            version=listed.version,
            languages=[
                TemplateLanguage(
                    language=language,
                    parts=[TemplatePart(name=name, source=source) for name, source in sorted(parts.items())],
                )
                for language, parts in sorted(listed.template.languages.items())
            ],
        )


@strawberry.input
class TemplateFileInput:
    """One part of a template."""

    path: str = strawberry.field(description="`LANG/PART`, as `de-AT/body.mjml`.")
    source: str = strawberry.field(description="The Liquid.")


@strawberry.input
class PreviewTemplateInput:
    """What is to be shown: `files`, or what is stored under the name."""

    name: str = strawberry.field(description="The name of the template.")
    files: list[TemplateFileInput] | None = strawberry.field(default=None, description="Its parts, not stored yet.")
    channel: Channel = strawberry.field(description="The channel it is shown for.")
    language: str | None = strawberry.field(default=None, description="The language wished for.")
    profile_id: strawberry.ID | None = strawberry.field(
        default=None, description="To whom it is said; to a made-up customer where it is left out."
    )
    event: str | None = strawberry.field(default=None, description="The event that leads to it, as `Checkout Started`.")
    brand: str = strawberry.field(default=DEFAULT_BRAND, description="The brand that says it.")


@strawberry.type
class TemplatePreview:
    """What a template says to one customer."""

    language: str = strawberry.field(description="The language it was said in.")
    subject: str = strawberry.field(description="Of an e-mail, or the title of a push message.")
    text: str = strawberry.field(description="The text of the message.")
    html: str | None = strawberry.field(description="What an e-mail shows instead of its text.")
    sms_count: int | None = strawberry.field(description="How many SMS it takes, of an SMS.")


@strawberry.type
class PreviewFailed(UserError):
    """There is nothing to show."""

    @classmethod
    def of(cls, error: HubError) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input"])


PreviewTemplateResult: TypeAlias = Annotated[
    TemplatePreview | InvalidDefinition | PreviewFailed,
    strawberry.union("PreviewTemplateResult", description="What a template says, or why it says nothing."),
]


@strawberry.type
class TemplateQueries:
    """How templates are found, and looked at."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def templates(self) -> list[Template]:
        """The stored templates in their newest versions, by name."""
        return [Template.of(it) for it in await Library().listed()]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def template(self, name: str, version: int | None = None) -> Template | None:
        """One stored template, in its newest version or in an older one."""
        listed = await Library().one(name, version)
        return Template.of(listed) if listed else None

    @strawberry.field(extensions=[Needs(Scope.PROFILE_READ)])
    async def preview_template(
        self,
        info: Info,
        input: PreviewTemplateInput,  # noqa: A002 - its name on the wire
    ) -> PreviewTemplateResult:
        """What a template says to a customer, or to one that is made up. Nothing is stored and nothing sent."""
        kit = (await Kits().current()).get(input.brand)
        brand = kit.shown() if kit else samples.NO_BRAND
        context, language = samples.somebody(input.event, brand), input.language
        if input.profile_id is not None:
            profile_id = profile_id_of(input.profile_id)
            context, theirs = await trials.customer(
                profile_id, input.event, brand=input.brand, now=info.context.clock()
            )
            context = replace(context, brand=brand)
            info.context.seen.add(profile_id)
            language = language or theirs
        try:
            template = (
                await stored(input.name) if input.files is None else await _of_files(input.name, _files_of(input.files))
            )
            shown = trials.preview(template, input.channel, language=language, context=context)
        except InvalidTemplate as error:
            return _invalid(error)
        except (NoSuchPart, RenderingFailed) as error:
            return PreviewFailed.of(error)
        return TemplatePreview(
            language=shown.language,
            subject=shown.rendered.subject,
            text=shown.rendered.text,
            html=shown.rendered.html,
            sms_count=shown.sms.count if shown.sms else None,
        )


@strawberry.input
class PublishTemplateInput:
    """What is to be said from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="The name of the template.")
    files: list[TemplateFileInput] = strawberry.field(description="All its parts in all its languages.")
    transactional: bool = strawberry.field(default=False, description="It does not advertise, and needs no way out.")
    event: str | None = strawberry.field(default=None, description="The event that leads to it, whose names are known.")
    brand: str = strawberry.field(default=DEFAULT_BRAND, description="The brand that says it: it keeps to its kit.")
    own: list[str] = strawberry.field(
        default_factory=list, description="Traits and properties that this shop has of its own."
    )


@strawberry.type
class PublishTemplatePayload:
    """It is said from a second later on, also to those who are under way."""

    template: Template = strawberry.field(description="The template with its newest version.")
    version: int = strawberry.field(description="The version of these files; a newer one may be published already.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")
    hints: list[Problem] = strawberry.field(description="What may not be as its author thinks.")


PublishTemplateResult: TypeAlias = Annotated[
    PublishTemplatePayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("PublishTemplateResult", description="What became of `publishTemplate`."),
]


@strawberry.type
class TemplateMutations:
    """What changes templates."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def publish_template(
        self,
        info: Info,
        input: PublishTemplateInput,  # noqa: A002 - its name on the wire
    ) -> PublishTemplateResult:
        """Check a template and have it said from now on."""
        context = info.context
        kit = (await Kits().current()).get(input.brand)
        purpose = Purpose(not input.transactional, input.event, frozenset(input.own), kit, context.settings.public_url)
        files = _files_of(input.files)

        async def do() -> Published:
            by, key = context.caller.subject, input.idempotency_key
            return await publishing.publish_template(
                input.name, files, purpose, brand=input.brand, by=by, key=key, now=context.clock()
            )

        done = await publish(context, "template", input, do)
        if isinstance(done, InvalidDefinition):
            done.path = _FILES_PATH
        if not isinstance(done, Publication):
            return done
        newest = await Library().one(done.name) or await Library().one(done.name, done.version)
        assert newest is not None  # noqa: S101 - versions never go away
        hints = lint.hints_of(input.name, files, purpose, await snippet_store.approved())
        return PublishTemplatePayload(
            template=Template.of(newest),
            version=done.version,
            is_new=done.is_new,
            hints=[Problem.of(it) for it in hints],
        )


def _files_of(files: list[TemplateFileInput]) -> dict[str, str]:
    return {it.path: it.source for it in files}


def _invalid(error: documents.InvalidDefinition) -> InvalidDefinition:
    shown = InvalidDefinition.of(error)
    shown.path = _FILES_PATH
    return shown


async def _of_files(name: str, files: dict[str, str]) -> templates.Template:
    return templates.template_of(name, expand(name, files, await snippet_store.approved()).files)


async def stored(name: str) -> templates.Template:
    """Give what is stored under a name, or what the hub brings along.

    Raises:
        NoSuchTemplate: neither is there.
    """
    listed = await Library().one(name)
    template = listed.template if listed else built_in.template(name)
    if template is None:
        raise NoSuchTemplate(name)
    return template
