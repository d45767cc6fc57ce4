from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from hub.database import Database
from hub.decisions import store
from hub.decisions.model import Decision, Reason

YES = Decision(
    profile_id=UUID(int=1),
    question="enter cart",
    cause="event 1",
    reason=None,
    at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    detail={"journey": "cart", "version": "1"},
)
NO = replace(YES, reason=Reason.ALREADY_IN, at=datetime(2026, 11, 20, 13, tzinfo=UTC))
OTHER = replace(YES, cause="event 2", reason=Reason.ALREADY_IN)


async def test_the_first_answer_under_a_key_stands(database: Database) -> None:
    assert await store.record([YES]) == [YES]

    assert await store.record([NO, OTHER]) == [YES, OTHER]
    assert await store.standing([YES.id, OTHER.id, UUID(int=9)]) == {YES.id: YES, OTHER.id: OTHER}
    assert await database["decisions"].count_documents({}) == 2


async def test_of_two_answers_recorded_together_the_first_stands(database: Database) -> None:
    assert await store.record([YES, NO]) == [YES, YES]
    assert await database["decisions"].count_documents({}) == 1


async def test_nothing_is_recorded_and_nothing_stands_without_asking(database: Database) -> None:
    del database
    assert await store.record([]) == []
    assert await store.standing([]) == {}


def test_a_question_is_the_same_for_one_profile_and_cause_whenever_it_is_asked() -> None:
    assert YES.id == NO.id
    assert len({YES.id, OTHER.id, replace(YES, question="send 1").id, replace(YES, profile_id=UUID(int=2)).id}) == 4
