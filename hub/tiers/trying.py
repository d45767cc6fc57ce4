"""Trying other tiers out: who would move where if they held now. Nothing is written."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.ledger import store as purses
from hub.programs.model import Program
from hub.tiers import rules, store

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Trial:
    """What other tiers would change.

    Attributes:
        members: how many have points in the program.
        moves: how many go from one tier to another, by both. None is no tier.
        up, down: how many of them rise and fall.
    """

    members: int
    moves: Mapping[tuple[str | None, str | None], int]
    up: int
    down: int


async def tried(program: Program, *, now: datetime) -> Trial:
    """Count who would move if these tiers held from now on, by the points that members have now."""
    members, moves, ways = 0, Counter[tuple[str | None, str | None]](), Counter[bool]()
    after: UUID | None = None
    while batch := await purses.each(program.name, after, BATCH):
        after = batch[-1].id
        there = [it for it in batch if it.moved_to is None]
        members += len(there)
        standings = await store.load(program.name, {it.owner for it in there})
        for purse in there:
            known = standings[purse.owner]
            was = known.tier
            if program.tiers is not None:
                wallet = purse.wallet(program.tiers.wallet)
                looked = rules.reviewed(replace(known, due=None), program.tiers, wallet, at=now, zone=program.zone)
                if looked.tier != was:
                    moves[was, looked.tier] += 1
                    ways[looked.changes[-1].up] += 1
            elif was is not None:
                moves[was, None] += 1
                ways[False] += 1
    return Trial(members, dict(moves), up=ways[True], down=ways[False])
