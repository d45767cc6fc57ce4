"""What members have got by capped rules, in MongoDB: one document each, changed by compare-and-set on its `rev`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pymongo import IndexModel

from hub import seal
from hub.database import Keyed, Row, insert_once
from hub.earning import rooms
from hub.earning.rooms import Use, Uses
from hub.kit import ids
from hub.programs.model import Period
from hub.seal import Personal


class RoomDocument(Keyed):
    """What a member has got by a rule. `_id` is made of program, rule and profile."""

    profile_id: UUID
    rev: int
    uses: list[dict[str, Any]]
    before: int

    class Settings:
        """Where they lie."""

        name = "earning_rooms"
        personal = Personal("profile_id", ("uses",))
        indexes: ClassVar[list[IndexModel]] = [IndexModel([("profile_id", 1)], name="owner")]


@dataclass(frozen=True, slots=True)
class Asked:
    """A grant that is asked for.

    Attributes:
        program, rule: of which rule.
        member: the profile of the member, and then those it has absorbed.
        use: what is wanted.
        caps, zone: of the rule and its program.
    """

    program: str
    rule: str
    member: Sequence[UUID]
    use: Use
    caps: Mapping[Period, int]
    zone: ZoneInfo

    @property
    def id(self) -> UUID:
        """The key of the document."""
        return self.id_of(self.member[0])

    def id_of(self, profile_id: UUID) -> UUID:
        """The key of the document of one of the member's profiles."""
        return ids.key_of("room", self.program, self.rule, profile_id)


async def grant(asked: Sequence[Asked], *, now: datetime) -> list[int]:
    """Grant each what there is room for, in their order, whoever asks at the same time; the same each time."""
    found: dict[int, int] = {}
    while left := [place for place in range(len(asked)) if place not in found]:
        read = await _read({it.id_of(own_id) for place in left for it in [asked[place]] for own_id in it.member})
        after: dict[UUID, Uses] = {}
        points: dict[int, int] = {}
        for place in left:
            it = asked[place]
            uses = after.get(it.id) or (read[it.id][0] if it.id in read else Uses({}))
            absorbed = [read[key][0] for key in map(it.id_of, it.member[1:]) if key in read]
            others = [use for them in absorbed for use in them.of_late.values()]
            use = rooms.granted(uses, it.use, it.caps, it.zone, others)
            points[place] = use.points
            if use != uses.of_late.get(use.origin):
                after[it.id] = rooms.with_use(uses, use, now)
        owners = {asked[place].id: asked[place].member[0] for place in left}
        stale = await _write({key: (owners[key], read[key][1] if key in read else 0, it) for key, it in after.items()})
        found |= {place: it for place, it in points.items() if asked[place].id not in stale}
    return [found[place] for place in range(len(asked))]


async def _read(keys: Collection[UUID]) -> dict[UUID, tuple[Uses, int]]:
    rows = RoomDocument.get_pymongo_collection().find({"_id": {"$in": list(keys)}})
    return {row["_id"]: (_uses_of(seal.opened(RoomDocument, row)), row["rev"]) async for row in rows}


async def _write(changed: Mapping[UUID, tuple[UUID, int, Uses]]) -> set[UUID]:
    """Write documents, each only where its `rev` is still the one that was read. Gives those that were not written."""
    new = [(key, owner, uses) for key, (owner, rev, uses) in changed.items() if not rev]
    taken = await insert_once(RoomDocument, [{"_id": key, **_row(owner, 1, uses)} for key, owner, uses in new])
    stale = {new[place][0] for place in taken}
    for key, (owner, rev, uses) in changed.items():
        if rev:
            wanted, change = {"_id": key, "rev": rev}, {"$set": _row(owner, rev + 1, uses)}
            if not (await RoomDocument.get_pymongo_collection().update_one(wanted, change)).matched_count:
                stale.add(key)
    return stale


def _row(owner: UUID, rev: int, uses: Uses) -> Row:
    listed = [
        {"origin": it.origin, "at": it.at, "rev": it.rev, "wanted": it.wanted, "points": it.points}
        for it in uses.of_late.values()
    ]
    return seal.shut(RoomDocument, {"profile_id": owner, "rev": rev, "uses": listed, "before": uses.before})


def _uses_of(row: Mapping[str, Any]) -> Uses:
    found = [Use(**it) for it in row["uses"]]
    return Uses({it.origin: it for it in found}, row["before"])
