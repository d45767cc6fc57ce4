"""What `docs/segments.md` teaches is so, by the database and by one profile."""

import itertools
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from hub.conditions.kinds import read
from hub.conditions.model import tallies_in
from hub.database import Database
from hub.definitions import Version
from hub.events.model import Event
from hub.kit import ids
from hub.profiles import listing, store
from hub.profiles.consent import ConsentState, How, Standing, row_of
from hub.profiles.model import Profile
from hub.rollups import counting, language, service
from hub.rollups.catalogue import Catalogue
from hub.rollups.model import Rollup
from hub.rollups.tallies import rollup_of
from hub.segments import language as segments
from hub.segments import query, ready, scope
from hub.segments.model import Segment, facts_of
from tests.rollups.stage import NOON, event, order

PAGE = Path(__file__).parents[2] / "docs" / "segments.md"
ROW = re.compile(r"^\| `(?P<rule>[^`]+)` \| `(?P<picks>[^`]+)` \| `(?P<leaves>[^`]+)` \|$", re.MULTILINE)
RANKING = re.compile(r"^\| `((?:top|bottom)\([^`]+)` \|", re.MULTILINE)
DOCUMENT = re.compile(r"^```text\n(segment: .*?)^```", re.MULTILINE | re.DOTALL)
_SHIPPED = [language.read(it, rollups=(service.PURCHASES,)) for it in service.shipped()]
SCOPE: Final = scope.of(Catalogue.of([(Version(it.name, 1), it) for it in _SHIPPED], edition=1))


def customer(told: Any, rule: str) -> Profile:
    """Somebody with these traits, with orders or events of so many days ago, or who has said these words."""
    if isinstance(told, dict):
        return Profile(id=ids.new_id(), traits=told, first_seen_at=NOON)
    if told and isinstance(told[0], str):
        return Profile(id=ids.new_id(), consents=dict(map(said, told, itertools.count())), first_seen_at=NOON)
    if told and isinstance(told[0][1], str):
        return who_did(told, rule)
    (purchases,) = (it for it in _SHIPPED if isinstance(it, Rollup))
    state: Any = None
    for days, total in told:
        state = counting.merged(purchases, state, counting.single(purchases, order(total, days_ago=days)))
    return Profile(id=ids.new_id(), rollups={"purchases": state} if state else {}, first_seen_at=NOON)


def who_did(told: Any, rule: str) -> Profile:
    happened = [event(name, days_ago=days, **dict(*properties)) for days, name, *properties in told]
    asked = [rollup_of(it) for it in tallies_in(read(rule, SCOPE)).values()]
    states = {it.name: counted(it, happened) for it in asked}
    return Profile(id=ids.new_id(), rollups=states, first_seen_at=NOON)


def counted(rollup: Rollup, happened: Sequence[Event]) -> Any:
    state: Any = None
    for it in happened:
        if counting.counts(rollup, it):
            state = counting.merged(rollup, state, counting.single(rollup, it))
    return state or {}


def said(word: str, place: int) -> tuple[str, Any]:
    state, subject = word.split()
    standing = Standing(ConsentState(state), NOON + timedelta(seconds=place), "shop", How.SERVER)
    return subject, row_of(standing)


async def test_every_example_picks_whom_it_says_and_leaves_out_the_other(database: Database) -> None:
    del database
    examples = [found.group("rule", "picks", "leaves") for found in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
    assert len(examples) >= 60

    for rule, *told in examples:
        both = [customer(json.loads(it), rule) for it in told]
        await store.save(both, token=ids.new_id(), joined={it.id for it in both})
        segment = Segment("example", read(rule, SCOPE), rule)
        asked = [segment.picks(facts_of(it, [segment], NOON), NOON) for it in both]
        found = [await listing.count({"$and": [{"_id": it.id}, query.read(rule, SCOPE, now=NOON)]}) for it in both]
        assert (asked, found) == ([True, False], [1, 0]), rule


def test_every_ranking_of_the_page_is_read() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rules = [*RANKING.findall(text), *re.findall(r"`(rfm\.\w+ [^`]+)`", text)]

    assert len(rules) >= 7
    for rule in rules:
        assert segments.read(f"segment: a\nwhen: '{rule}'", SCOPE).ranked


def test_the_segment_of_the_page_has_no_problem() -> None:
    (source,) = DOCUMENT.findall(PAGE.read_text(encoding="utf-8"))

    assert segments.read(source, SCOPE).name == "german-vips"


@pytest.mark.parametrize("code", ["bad_name", "unknown_name", "circular", "too_large", "not_counted", "not_listable"])
def test_the_page_names_every_problem_of_a_segment(code: str) -> None:
    assert f"| `{code}` |" in PAGE.read_text(encoding="utf-8")


def test_the_page_shows_every_ready_segment_with_its_rule() -> None:
    rows = set(re.findall(r"^\| `([a-z0-9-]+)` \| `([^`]+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert {(it.name, it.written) for it in ready.shipped()} == rows
