"""Loyalty programs: how they are shown, and the mutations `createProgram` and `activateProgram`."""

from datetime import datetime
from typing import Annotated, Self, TypeAlias

import strawberry

from hub.access import audit, idempotency
from hub.access.audit import Change
from hub.access.idempotency import Done
from hub.access.model import Scope
from hub.commerce import checks
from hub.definitions import Version
from hub.kit import problems as documents
from hub.programs import language, model, service, store
from hub.programs.catalogue import Catalogue
from hub.programs.service import NoSuchProgram
from hub.programs.store import ProgramDocument
from hub.programs.summary import summary
from hub_api.context import Info
from hub_api.failures import IdempotencyKeyReused, UserError
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs
from hub_api.tiers import TierTrial


@strawberry.type
class ProgramWallet:
    """A currency of points in a program."""

    name: str = strawberry.field(description="Its name, which never changes.")
    kind: str = strawberry.field(description="`spendable`, or `qualifying` for a tier.")
    pending_days: int = strawberry.field(description="So many days after the purchase its points can be used.")

    @classmethod
    def of(cls, wallet: model.Wallet) -> Self:
        """Show a wallet."""
        return cls(name=wallet.name, kind=wallet.kind.value, pending_days=wallet.pending_days)


@strawberry.type
class ProgramVersion:
    """A program in one version, which never changes."""

    document: strawberry.Private[ProgramDocument]
    program: strawberry.Private[model.Program]
    version: int = strawberry.field(description="Its number.")
    created_at: datetime = strawberry.field(description="When it was made.")
    is_active: bool = strawberry.field(description="Whether orders earn by it now.")
    activated_at: datetime | None = strawberry.field(description="Since when it was active last; null for a draft.")
    wallets: list[ProgramWallet] = strawberry.field(description="The currencies of its points.")

    @classmethod
    def of(cls, version: ProgramDocument, known: Catalogue) -> Self:
        """Show a version beside what is active."""
        program = language.read(version.source, None)
        since = next((it.at for it in reversed(known.activations) if it.version == version.version), None)
        return cls(
            document=version,
            program=program,
            version=version.number,
            created_at=version.published_at,
            is_active=known.newest(version.name) == version.version,
            activated_at=since,
            wallets=[ProgramWallet.of(it) for it in program.wallets.values()],
        )

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def source(self) -> str:
        """The document as it was written, YAML or JSON."""
        return self.document.source

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def tier_trial(self, info: Info) -> TierTrial:
        """Who would move to which tier if this version held now. Reads the points of all members; nothing changes."""
        return await TierTrial.of(self.program, now=info.context.clock())

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ, or_self=True)])
    async def summary(
        self, language: Annotated[str, strawberry.argument(description="Such as `de-AT`; the nearest is taken.")] = "en"
    ) -> str:
        """What it is about, in two sentences at most."""
        return summary(self.program, language)


@strawberry.type
class Program:
    """A loyalty program."""

    known: strawberry.Private[Catalogue]
    name: str = strawberry.field(description="Its name, which never changes.")
    active: ProgramVersion | None = strawberry.field(description="The version by which orders earn now.")

    @classmethod
    async def of(cls, name: str) -> Self:
        """Show a program."""
        known = await service.current()
        active = known.newest(name)
        found = await store.load({active}) if active else []
        return cls(known=known, name=name, active=ProgramVersion.of(found[0], known) if found else None)

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ)])
    async def versions(self) -> list[ProgramVersion]:
        """All its versions, the newest first: drafts, the active one, and those that were."""
        return [ProgramVersion.of(it, self.known) for it in await store.versions(self.name)]


@strawberry.type
class ProgramQueries:
    """How programs are found."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ, or_self=True)])
    async def programs(self) -> list[Program]:
        """The programs, by name."""
        return [await Program.of(it.name) for it in await store.DEFINITIONS.live()]

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_READ, or_self=True)])
    async def program(self, name: str) -> Program | None:
        """One program."""
        return await Program.of(name) if await store.DEFINITIONS.live([name]) else None


@strawberry.input
class CreateProgramInput:
    """A program, or a new version of one."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    source: str = strawberry.field(description="The document, YAML or JSON.")


@strawberry.type
class CreateProgramPayload:
    """It is a draft: nothing earns by it before it is activated."""

    program: Program = strawberry.field(description="The program.")
    version: int = strawberry.field(description="The version of this document.")
    is_new: bool = strawberry.field(description="False where nothing has changed.")


CreateProgramResult: TypeAlias = Annotated[
    CreateProgramPayload | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("CreateProgramResult", description="What became of `createProgram`."),
]


@strawberry.input
class ActivateProgramInput:
    """A version of a program by which orders earn from now on."""

    idempotency_key: str = strawberry.field(description="Sending it again with the same input does nothing twice.")
    name: str = strawberry.field(description="The program.")
    version: int = strawberry.field(description="A draft, or a version that was active before.")


@strawberry.type
class ActivateProgramPayload:
    """Orders that are completed from now on earn by it. What was earned before stays."""

    program: Program = strawberry.field(description="The program.")
    version: int = strawberry.field(description="The version that was activated.")


@strawberry.type
class NoSuchProgramVersion(UserError):
    """There is no such program, or it has no such version."""

    @classmethod
    def of(cls, error: NoSuchProgram) -> Self:
        """Show the error."""
        return cls(code=error.code, message=error.message, path=["input", "version"])


ActivateProgramResult: TypeAlias = Annotated[
    ActivateProgramPayload | NoSuchProgramVersion | InvalidDefinition | IdempotencyKeyReused,
    strawberry.union("ActivateProgramResult", description="What became of `activateProgram`."),
]


@strawberry.type
class ProgramMutations:
    """What changes programs."""

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def create_program(
        self,
        info: Info,
        input: CreateProgramInput,  # noqa: A002 - its name on the wire
    ) -> CreateProgramResult:
        """Check a program and keep it as a draft."""
        context = info.context

        async def do() -> Done:
            checks.check_reach(context.caller, brands=(), stores=())
            made = await service.draft(
                input.source, by=context.caller.subject, key=input.idempotency_key, now=context.clock()
            )
            answer = {"name": made.version.name, "version": made.version.number, "new": made.new}
            return Done(answer, audit.publication("create program", made))

        try:
            answer = await context.once("createProgram", input, do)
        except documents.InvalidDefinition as error:
            return InvalidDefinition.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        shown = await Program.of(answer["name"])
        return CreateProgramPayload(program=shown, version=answer["version"], is_new=answer["new"])

    @strawberry.mutation(extensions=[Needs(Scope.DEFINITIONS_WRITE, unlimited=True)])
    async def activate_program(
        self,
        info: Info,
        input: ActivateProgramInput,  # noqa: A002 - its name on the wire
    ) -> ActivateProgramResult:
        """Let orders earn by a version of a program from now on."""
        context = info.context

        async def do() -> Done:
            checks.check_reach(context.caller, brands=(), stores=())
            version = Version(input.name, input.version)
            done = await service.activate(
                version, by=context.caller.subject, key=input.idempotency_key, now=context.clock()
            )
            change = Change("activate program", version.name, None, {"version": version.number})
            return Done({}, change if done.new else None)

        try:
            await context.once("activateProgram", input, do)
        except NoSuchProgram as error:
            return NoSuchProgramVersion.of(error)
        except documents.InvalidDefinition as error:
            return InvalidDefinition.of(error)
        except idempotency.IdempotencyKeyReused as error:
            return IdempotencyKeyReused.of(error)
        return ActivateProgramPayload(program=await Program.of(input.name), version=input.version)
