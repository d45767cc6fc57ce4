"""The invariants of a cohort (docs/adr/0003-cohorts.md) at the store and in `Advancer`; Temporal's are in workflows."""

import asyncio
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.database import Database
from hub.journeys import advance as advancing
from hub.journeys import cohorts, guards, machine, runs
from hub.journeys.advance import Advancer
from hub.journeys.cohorts import Outlook
from hub.journeys.model import Run, Status, Version
from hub.journeys.runs import RunDocument
from hub.kit import ids
from hub.messaging.store import MessageDocument
from tests.journeys import stage
from tests.journeys.stage import HOUR, NOON
from tests.killing import killed

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
async def version(database: Database) -> Version:
    del database  # it is emptied and bound
    return await stage.publish()


async def break_run(run: Run, **fields: Any) -> None:
    await RunDocument.get_pymongo_collection().update_one({"_id": run.id}, {"$set": fields})


async def woken_and_due(cohort: str, now: Any) -> list[Any]:
    loaded, _ = await cohorts.ready(cohort, now, 500)
    return [it.run.id for it in loaded]


async def test_a_cohort_is_empty_exactly_when_no_run_of_it_is_stored_alive(version: Version) -> None:
    assert await cohorts.outlook(version.cohort, NOON) == Outlook(empty=True, next_due=None)

    run = await stage.new_run(version)
    assert await cohorts.outlook(version.cohort, NOON) == Outlook(empty=False, next_due=NOON)

    await stage.advance(version.cohort, NOON)
    assert await cohorts.outlook(version.cohort, NOON) == Outlook(empty=False, next_due=NOON + HOUR)

    await stage.advance(version.cohort, NOON + HOUR)
    assert await cohorts.outlook(version.cohort, NOON) == Outlook(empty=True, next_due=None)
    assert (await stage.stored(run)).status is Status.FINISHED


async def test_a_run_goes_its_way_and_leaves_its_messages_its_trail_and_a_free_guard(version: Version) -> None:
    run = await stage.new_run(version)
    await stage.advance(version.cohort, NOON)
    assert await stage.sent(run) == ["hello"]
    assert await stage.guarded(run) == run.id

    await stage.advance(version.cohort, NOON + HOUR)

    assert await stage.sent(run) == ["hello", "german"]
    assert stage.did(await stage.stored(run)) == ["entered", "sends", "waits", "branches", "sends", "finished"]
    assert await stage.guarded(run) is None


async def test_a_branch_that_asks_of_a_customer_only_when_something_was_asks_as_of_its_own_moment() -> None:
    version = await stage.publish(
        "{journey: newcomers, enter: {event: Checkout Started}, steps: [{wait: 1h},"
        " {branch: [{if: 'within(profile.createdAt, 2h)', then: [{send: {template: hello}}]}]}]}"
    )
    people = [await stage.person(createdAt=f"{NOON - HOUR - SECOND * it:%Y-%m-%dT%H:%M:%S}Z") for it in (-1, 0)]
    late, too_late = [await stage.enter(version, stage.checkout(it)) for it in people]
    await stage.advance(version.cohort, NOON)

    await stage.advance(version.cohort, NOON + HOUR)

    assert (await stage.sent(late), await stage.sent(too_late)) == (["hello"], [])


async def test_storing_a_run_again_changes_nothing(version: Version) -> None:
    run = await stage.new_run(version)
    await stage.advance(version.cohort, NOON)
    before = await stage.row_of(run)

    assert await runs.insert([run]) == [run]

    assert await stage.row_of(run) == before


async def test_a_new_run_is_stored_woken_and_without_a_due_time(version: Version) -> None:
    row = await stage.row_of(await stage.new_run(version))

    assert (row["wake"], row["due"], row["cohort"]) == (True, None, version.cohort)


async def test_an_input_raises_the_revision_wakes_the_run_and_is_written_once(version: Version) -> None:
    run = await stage.new_run(version)
    await stage.advance(version.cohort, NOON)
    before = await stage.row_of(run)
    heard = stage.event("Order Completed", run.profile_id, seq=2)
    told = (run, runs.Input(heard.id, heard.name, 2))

    await runs.tell([told])
    await runs.tell([told])

    row = await stage.row_of(run)
    assert (row["rev"], row["wake"], len(row["inputs"])) == (before["rev"] + 1, True, 1)


async def test_an_input_between_reading_and_saving_makes_the_decision_void_and_the_exit_wins(version: Version) -> None:
    run = await stage.new_run(version)
    await stage.advance(version.cohort, NOON)
    [loaded], _ = await cohorts.ready(version.cohort, NOON + HOUR, 500)
    decided = machine.advance(
        stage.language.read_published(stage.CART), loaded.run, machine.Facts({"country": "DE"}, {}), now=NOON + HOUR
    )

    await stage.order_completed(run)

    assert await cohorts.save([(loaded.run, decided)], token=ids.new_id(), now=NOON + HOUR) == set()
    await stage.advance(version.cohort, NOON + HOUR)
    assert (await stage.stored(run)).status is Status.EXITED
    assert await stage.sent(run) == ["hello"]


async def test_of_a_batch_only_the_decisions_of_runs_nobody_wrote_to_are_saved(version: Version) -> None:
    first, second = await stage.new_run(version, "A-1"), await stage.new_run(version, "A-2")
    loaded, _ = await cohorts.ready(version.cohort, NOON, 500)
    await stage.order_completed(first)

    decisions = [(it.run, machine.fail(it.run, "test", now=NOON)) for it in loaded]

    assert await cohorts.save(decisions, token=ids.new_id(), now=NOON) == {second.id}


async def test_an_exit_that_comes_while_a_decision_waits_to_be_performed_ends_the_run_after_it(
    version: Version,
) -> None:
    run = await stage.new_run(version)
    assert await killed(2, lambda: Advancer().advance(version.cohort, stage.clock(NOON)))

    await stage.order_completed(run)
    await stage.advance(version.cohort, NOON)

    assert (await stage.stored(run)).status is Status.EXITED
    assert await stage.sent(run) == ["hello"]
    assert await stage.guarded(run) is None


async def test_woken_runs_come_before_due_ones_and_of_these_the_longest_due_first(version: Version) -> None:
    late, later, woken, waiting = [await stage.new_run(version, f"A-{number}") for number in range(4)]
    await stage.advance(version.cohort, NOON)
    await break_run(late, due=NOON + SECOND * 2)
    await break_run(later, due=NOON + SECOND)
    await stage.order_completed(woken)

    assert await woken_and_due(version.cohort, NOON + SECOND * 2) == [woken.id, later.id, late.id]
    assert await woken_and_due(version.cohort, NOON + HOUR) == [woken.id, later.id, late.id, waiting.id]


async def test_a_backlog_of_due_runs_does_not_hold_up_an_exit(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog = [await stage.new_run(version, f"A-{number}") for number in range(6)]
    await stage.advance(version.cohort, NOON)
    await stage.order_completed(backlog[-1])
    monkeypatch.setattr(advancing, "BATCH", 2)

    await Advancer().advance(version.cohort, stage.clock(NOON + HOUR))

    assert (await stage.stored(backlog[-1])).status is Status.EXITED
    assert sorted([(await stage.stored(run)).status for run in backlog]) == ["exited", "finished", *["waiting"] * 4]


@pytest.mark.parametrize("fields", [{"step": "no such step"}, {"visits": "many"}, {"status": "lost"}, {"inputs": [{}]}])
async def test_a_run_that_raises_fails_alone_frees_its_guard_and_its_neighbours_go_on(
    version: Version, fields: dict[str, Any]
) -> None:
    left, broken, right = [await stage.new_run(version, f"A-{number}") for number in range(3)]
    await break_run(broken, **fields)

    with capture_logs():
        await stage.advance(version.cohort, NOON)
        await stage.advance(version.cohort, NOON + HOUR)

    assert [await stage.sent(run) for run in (left, broken, right)] == [["hello", "german"], [], ["hello", "german"]]
    row = await stage.row_of(broken)
    assert (row["status"], row["wake"], row["due"], "cohort" in row) == ("failed", False, None, False)
    assert await stage.guarded(broken) is None
    assert await cohorts.outlook(version.cohort, NOON) == Outlook(empty=True, next_due=None)


async def test_a_decision_is_saved_before_it_is_performed_whatever_write_the_worker_dies_at(version: Version) -> None:
    """Everybody moves between the kill and the next look: who decides anew would take the other branch."""
    before_save, after = ["hello", "foreign"], ["hello", "german"]
    for first, second in product(range(9), (1, 3, 5, 7)):
        run = await stage.new_run(version, f"A-{first}-{second}")
        await stage.advance(version.cohort, NOON)

        died = await killed(first, lambda: Advancer().advance(version.cohort, stage.clock(NOON + HOUR)))
        await stage.moves(run.profile_id, country="FR")
        await killed(second, lambda: stage.advance(version.cohort, NOON + HOUR))
        await stage.advance(version.cohort, NOON + HOUR)

        assert await stage.sent(run) == (before_save if first == 0 else after), (first, second)
        ended = await stage.stored(run)
        assert stage.did(ended) == ["entered", "sends", "waits", "branches", "sends", "finished"]
        assert (ended.intents, await stage.guarded(run)) == ((), None)
        assert died == (first < 8)
    assert await cohorts.outlook(version.cohort, NOON) == Outlook(empty=True, next_due=None)


async def test_a_run_whose_first_decision_was_not_performed_is_due_at_once_and_its_wait_is_kept(
    version: Version,
) -> None:
    run = await stage.new_run(version)
    assert await killed(2, lambda: Advancer().advance(version.cohort, stage.clock(NOON)))
    assert await cohorts.outlook(version.cohort, NOON) == Outlook(empty=False, next_due=NOON)
    assert await cohorts.overdue(NOON + SECOND) == [version.cohort]

    await stage.advance(version.cohort, NOON + SECOND * 30)

    assert (await stage.stored(run)).due == NOON + HOUR
    assert await stage.sent(run) == ["hello"]


async def test_who_comes_late_clears_nothing_of_a_later_decision(version: Version) -> None:
    run = await stage.new_run(version)
    [loaded], _ = await cohorts.ready(version.cohort, NOON, 500)
    old = ids.new_id()
    decided = machine.advance(stage.language.read_published(stage.CART), loaded.run, machine.Facts({}, {}), now=NOON)
    await cohorts.save([(loaded.run, decided)], token=old, now=NOON)
    await stage.advance(version.cohort, NOON)
    assert await killed(2, lambda: Advancer().advance(version.cohort, stage.clock(NOON + HOUR)))

    await cohorts.clear(old, [decided])

    assert len((await stage.stored(run)).intents) == 2


async def test_two_workers_on_one_cohort_send_each_message_once(version: Version) -> None:
    everybody = [await stage.new_run(version, f"A-{number}") for number in range(30)]
    workers = [Advancer() for _ in range(3)]
    for now in (NOON, NOON + HOUR):
        for _ in range(3):
            await asyncio.gather(*(worker.advance(version.cohort, stage.clock(now)) for worker in workers))

    assert [await stage.sent(run) for run in everybody] == [["hello", "german"]] * 30
    assert await MessageDocument.get_pymongo_collection().count_documents({}) == 60
    for run in everybody:
        assert stage.did(await stage.stored(run)) == ["entered", "sends", "waits", "branches", "sends", "finished"]


async def test_runs_in_flight_finish_the_version_they_began(version: Version) -> None:
    old = await stage.new_run(version)
    await stage.advance(version.cohort, NOON)
    source = stage.CART.replace("template: german", "template: last-call")
    newer = await stage.publish(source)
    new = await stage.enter(newer, stage.checkout(await stage.person(country="DE")), source=source)

    for cohort, now in ((newer.cohort, NOON), (newer.cohort, NOON + HOUR), (version.cohort, NOON + HOUR)):
        await stage.advance(cohort, now)

    assert (newer.id, newer.cohort) == ("cart/2", "cart/2/0")
    assert [await stage.sent(run) for run in (old, new)] == [["hello", "german"], ["hello", "last-call"]]


async def test_one_person_has_one_live_run_under_a_key_and_any_number_under_several(version: Version) -> None:
    run = await stage.new_run(version)
    definition = stage.language.read_published(stage.CART)

    async def admitted(order: str) -> bool:
        wanted = machine.enter(definition, version, stage.checkout(run.profile_id, order, seq=9), now=NOON)
        return await guards.admit([wanted]) == {wanted.id}

    assert [await admitted("A-1"), await admitted("A-2"), await admitted("A-1")] == [False, True, False]

    await stage.order_completed(run)
    await stage.advance(version.cohort, NOON)

    assert await admitted("A-1")


async def test_looking_for_late_cohorts_costs_by_cohorts_and_not_by_runs(version: Version, database: Database) -> None:
    for number in range(40):
        await stage.new_run(version, f"A-{number}")
    await stage.advance(version.cohort, NOON)

    asked = {"distinct": "runs", "key": "cohort", "query": cohorts.ANY_COHORT}
    explained = await database.command({"explain": asked, "verbosity": "executionStats"})

    assert explained["executionStats"]["totalKeysExamined"] <= 2
    assert await cohorts.overdue(NOON + SECOND) == []
    assert await cohorts.overdue(NOON + HOUR + SECOND) == [version.cohort]
