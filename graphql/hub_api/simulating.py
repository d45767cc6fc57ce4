"""Simulating: what a program would have given for the orders of a past time."""

from datetime import datetime
from typing import Annotated, Final, Self, TypeAlias

import strawberry

from hub.access.model import Scope
from hub.earning import simulating
from hub.earning.simulating import Simulation
from hub.kit import problems as documents
from hub.programs import service
from hub_api.context import Info
from hub_api.journeys import InvalidDefinition
from hub_api.needs import Needs

MOST: Final = 10_000
"""How many orders are counted while somebody waits. `hub programs simulate` counts them all."""


@strawberry.type
class SimulatedRule:
    """What one rule would have given."""

    name: str = strawberry.field(description="The rule.")
    wallet: str = strawberry.field(description="Where its points would have gone.")
    points: int = strawberry.field(description="How many.")
    orders: int = strawberry.field(description="For how many orders.")
    members: int = strawberry.field(description="Of how many customers.")


@strawberry.type
class ProgramSimulation:
    """What a program would have given. Rules about events are not counted, but for the visits that orders are."""

    orders: int = strawberry.field(description="How many orders were counted.")
    members: int = strawberry.field(description="Of how many customers.")
    rules: list[SimulatedRule] = strawberry.field(description="Rule by rule.")
    is_whole: bool = strawberry.field(description=f"Whether these were all. No more than {MOST:,} are counted.")

    @classmethod
    def of(cls, found: Simulation) -> Self:
        """Show it."""
        return cls(
            orders=found.orders,
            members=found.members,
            rules=[
                SimulatedRule(
                    name=name,
                    wallet=found.program.rules[name].wallet,
                    points=it.points,
                    orders=it.orders,
                    members=it.members,
                )
                for name, it in found.rules.items()
            ],
            is_whole=found.is_whole,
        )


ProgramSimulationResult: TypeAlias = Annotated[
    ProgramSimulation | InvalidDefinition,
    strawberry.union("ProgramSimulationResult", description="What a program would have given, or what is wrong."),
]


@strawberry.type
class SimulationQueries:
    """How a program is tried."""

    @strawberry.field(extensions=[Needs(Scope.DEFINITIONS_WRITE)])
    async def simulate_program(
        self,
        info: Info,
        source: str,
        since: Annotated[datetime, strawberry.argument(description="From when on.")],
        until: Annotated[datetime, strawberry.argument(description="Before when.")],
    ) -> ProgramSimulationResult:
        """What this document would have given for the orders that were completed in that time. Changes nothing."""
        try:
            program = await service.read(source)
        except documents.InvalidDefinition as error:
            return InvalidDefinition.of(error)
        now = info.context.clock()
        return ProgramSimulation.of(await simulating.simulate(program, since, until, now=now, most=MOST))
