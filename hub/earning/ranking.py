"""In which tier members were when they earned: asked only where a program asks for it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.earning.asking import Questions
from hub.tiers import store
from hub.tiers.model import Standing


@dataclass(frozen=True, slots=True)
class Tiers:
    """Where these members stand, by program."""

    standings: Mapping[str, Mapping[UUID, Standing]] = field(default_factory=dict)

    def at(self, program: str, member: UUID | None, moment: datetime) -> str | None:
        """Name the tier of a member at a time; None where there is none, or nobody asks."""
        standing = self.standings.get(program, {}).get(member) if member else None
        return standing.tier_at(moment) if standing else None


async def load(asked: Iterable[Questions], members: Collection[UUID]) -> Tiers:
    """Read where members stand in the programs that ask for it: one read for each of them."""
    names = {it.program.name for it in asked if it.tiered}
    return Tiers({name: await store.load(name, members) for name in names} if members else {})
