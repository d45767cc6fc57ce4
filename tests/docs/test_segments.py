"""What `docs/segments.md` teaches is so, by the database and by one profile."""

import json
import re
from pathlib import Path

from hub.conditions.evaluator import compiled
from hub.conditions.kinds import read
from hub.database import Database
from hub.kit import ids
from hub.profiles import store
from hub.profiles.model import Profile
from hub.segments import query
from tests.intake.inflow import NOW

PAGE = Path(__file__).parents[2] / "docs" / "segments.md"
ROW = re.compile(r"^\| `(?P<rule>[^`]+)` \| `(?P<picks>[^`]+)` \| `(?P<leaves>[^`]+)` \|$", re.MULTILINE)


async def test_every_example_picks_whom_it_says_and_leaves_out_the_other(database: Database) -> None:
    del database
    examples = [found.group("rule", "picks", "leaves") for found in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
    assert len(examples) >= 20

    for rule, *told in examples:
        both = [Profile(id=ids.new_id(), traits=json.loads(it), first_seen_at=NOW, last_seen_at=NOW) for it in told]
        await store.save(both, token=ids.new_id())
        asked = [compiled(read(rule, query.SCOPE))({"profile": it.traits}, NOW) for it in both]
        found = [await store.count({"$and": [{"_id": it.id}, query.read(rule, now=NOW)]}) for it in both]
        assert (asked, found) == ([True, False], [1, 0]), rule
