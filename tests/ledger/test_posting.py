"""Postings at rest: each key once, whoever works beside, and always with the purse that it changed."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from hub.database import Database
from hub.kit.errors import HubError
from hub.ledger import flushing, keeper, ledger, model, parts, service, store, verifying
from hub.ledger.errors import InsufficientPoints, KeyReused
from hub.ledger.model import About, Born, Past, Purse
from hub.ledger.moves import Earn, Move, Reach, Spend, TakeBack
from hub.ledger.outboxes import Outbox
from hub.ledger.service import Posted, Request
from tests.ledger.holding import ADA, BOB, DAY, NOON, PROGRAM, asked, lots


def earn(points: int, origin: str = "A-1") -> Earn:
    return Earn("points", points, origin, NOON, NOON + 90 * DAY)


async def points(owner: object = ADA) -> int:
    return (await service.purses(PROGRAM, [ADA, BOB]))[owner].wallet("points").balance  # type: ignore[index]


async def test_a_posting_is_in_its_purse_before_and_after_it_is_copied_out(database: Database) -> None:
    posted = await service.post_one(asked("earn A-1", earn(50)), now=NOON)
    (boxed,) = (await service.purses(PROGRAM, [ADA]))[ADA].outbox
    assert posted.posting == boxed

    await flushing.flush([ADA])

    purse = (await service.purses(PROGRAM, [ADA]))[ADA]
    assert (purse.outbox, purse.numbered, lots(purse.wallet("points"))) == ((), 1, [("A-1", 50)])
    assert await store.postings([boxed.id], PROGRAM, []) == {boxed.id: boxed}
    assert await database["wallets"].count_documents({"unflushed_at": {"$exists": True}}) == 0


async def test_the_same_key_is_posted_once_before_and_after_it_is_copied_out(database: Database) -> None:
    first = await service.post_one(asked("earn A-1", earn(50)), now=NOON)
    boxed = await service.post_one(asked("earn A-1", earn(50)), now=NOON + DAY)
    await flushing.flush([ADA])
    copied = await service.post_one(asked("earn A-1", earn(50)), now=NOON + DAY)

    assert (first.replayed, boxed.replayed, copied.replayed) == (False, True, True)
    assert first.posting == boxed.posting == copied.posting
    assert await points() == 50
    assert await database["postings"].count_documents({}) == 1


async def test_the_same_key_with_another_body_is_refused_and_moves_nothing(database: Database) -> None:
    del database
    first = asked("earn A-1", earn(50))
    one, other, again = await service.post([first, asked("earn A-1", earn(60)), first], now=NOON)

    assert isinstance(one, Posted)
    assert isinstance(other, KeyReused)
    assert (other.code, other.posting) == ("IDEMPOTENCY_KEY_REUSED", first.posting)
    assert isinstance(again, Posted)
    assert again.replayed
    assert await points() == 50


async def test_one_that_is_refused_touches_no_other_of_its_batch(database: Database) -> None:
    del database
    answers = await service.post(
        [
            asked("earn", earn(50)),
            asked("too much", Spend("points", 51, "cup")),
            asked("cup", Spend("points", 20, "cup")),
            asked("bob", earn(7), owner=BOB),
        ],
        now=NOON,
    )

    assert isinstance(answers[1], InsufficientPoints)
    assert [isinstance(it, Posted) for it in answers] == [True, False, True, True]
    assert (await points(ADA), await points(BOB)) == (30, 7)


async def test_a_decision_for_no_moves_writes_nothing_and_may_be_made_again(database: Database) -> None:
    nothing = await service.post_one(asked("earn A-1"), now=NOON)

    assert (nothing.posting, nothing.entries) == (None, ())
    assert await database["wallets"].count_documents({}) == 0


async def test_fifty_at_the_same_time_spend_what_there_is_and_not_more(database: Database) -> None:
    del database
    await service.post_one(asked("earn A-1", earn(30)), now=NOON)

    races = [service.post([asked(f"cup {n}", Spend("points", 1, "cup"))], now=NOON) for n in range(50)]
    answers = [it for (it,) in await asyncio.gather(*races)]

    assert sum(isinstance(it, Posted) for it in answers) == 30
    assert sum(isinstance(it, InsufficientPoints) for it in answers) == 20
    purse = (await service.purses(PROGRAM, [ADA]))[ADA]
    assert (purse.wallet("points").balance, purse.numbered) == (0, 31)


async def test_fifty_at_the_same_time_with_one_key_post_once(database: Database) -> None:
    del database
    races = [service.post([asked("earn A-1", earn(30))], now=NOON) for _ in range(50)]

    answers = [it for (it,) in await asyncio.gather(*races)]

    assert [it.posting.number for it in answers if isinstance(it, Posted) and it.posting] == [1] * 50
    assert await points() == 30


async def test_a_decision_sees_the_past_of_its_origins_copied_out_or_not(database: Database) -> None:
    del database
    seen: list[list[str]] = []

    def reversal(purse: Purse, past: Past) -> Sequence[Move]:
        del purse
        seen.append([it.about.cause for it in past])
        earned = -ledger.booked(past, model.ISSUED, "points", "A-1")
        already = ledger.booked(past, model.REVERSED, "points", "A-1")
        return [TakeBack("points", (earned - already) // 2, "A-1", Reach.WITHIN_BALANCE)]

    def refund(key: str) -> Request:
        return Request(PROGRAM, ADA, key, reversal, About(cause=key), NOON, origins=["A-1"])

    await service.post([asked("earn A-1", earn(40)), asked("earn A-2", earn(7, "A-2"))], now=NOON)
    await flushing.flush([ADA])

    await service.post([refund("half"), refund("quarter")], now=NOON)

    assert seen == [["earn A-1"], ["earn A-1", "half"]]
    assert await points() == 17


async def test_a_decision_refuses_by_an_error_that_says_why(database: Database) -> None:
    del database

    class ClosedMonth(HubError):
        code = "CLOSED"

    def refuse(_purse: Purse, _past: Past) -> Sequence[Move]:
        raise ClosedMonth("The month is closed.")

    (answer,) = await service.post([Request(PROGRAM, ADA, "late", refuse, About(cause="late"), NOON)], now=NOON)

    assert isinstance(answer, ClosedMonth)
    assert await points() == 0


async def test_a_row_born_with_a_posting_is_there_if_and_only_if_the_posting_is(database: Database) -> None:
    voucher = Born("vouchers", {"_id": "K7Q2", "state": "issued"})
    spend = asked("cup", Spend("points", 20, "cup"))
    request = Request(PROGRAM, ADA, "cup", spend.decide, spend.about, NOON, born=[voucher])

    (refused,) = await service.post([request], now=NOON)
    assert isinstance(refused, InsufficientPoints)
    assert not await flushing.born("K7Q2")

    await service.post([asked("earn", earn(50)), request], now=NOON)
    assert await database["vouchers"].count_documents({}) == 0
    assert await flushing.born("K7Q2")
    assert await database["vouchers"].find_one({}) == {"_id": "K7Q2", "state": "issued"}


async def test_what_was_born_is_not_put_back_by_whoever_copies_it_out_again(database: Database) -> None:
    purse = await _with_a_voucher()
    await flushing.flush([ADA])
    await database["vouchers"].update_one({"_id": "K7Q2"}, {"$set": {"state": "used"}})

    await flushing._flush([Outbox(purse.id, ADA, purse.rev, purse.outbox)])

    assert await database["vouchers"].distinct("state") == ["used"]
    assert await database["postings"].count_documents({}) == 1


async def _with_a_voucher() -> Purse:
    born = [Born("vouchers", {"_id": "K7Q2", "state": "issued"})]
    await service.post_one(Request(PROGRAM, ADA, "k", service.fixed(earn(1)), About("k"), NOON, born=born), now=NOON)
    return (await service.purses(PROGRAM, [ADA]))[ADA]


async def test_the_flusher_takes_what_has_waited_and_leaves_what_was_just_posted(database: Database) -> None:
    await service.post_one(asked("earn", earn(50)), now=NOON)

    assert await keeper.step(now=NOON) == 0
    assert await keeper.step(now=NOON + flushing.AGE) == 1
    assert await keeper.step(now=NOON + flushing.AGE) == 0
    assert await database["postings"].count_documents({}) == 1


async def test_a_full_outbox_is_copied_out_by_the_next_posting(database: Database) -> None:
    for number in range(service.TAKEN_ALONG + 1):
        await service.post_one(asked(f"earn {number}", earn(1, str(number))), now=NOON)

    purse = (await service.purses(PROGRAM, [ADA]))[ADA]
    assert (len(purse.outbox), purse.numbered) == (1, 9)
    assert await database["postings"].count_documents({}) == 8


async def test_posting_and_flushing_at_the_same_time_lose_nothing_and_double_nothing(database: Database) -> None:
    async def shop(owner: int) -> None:
        for number in range(10):
            request = asked(f"{owner}/{number}", earn(1), owner=[ADA, BOB][owner % 2])
            await service.post([request], now=NOON)
            await service.post([request], now=NOON)

    async def flush() -> None:
        for _ in range(20):
            await flushing.flush([ADA, BOB])

    await asyncio.gather(*(shop(owner) for owner in range(6)), flush(), flush())
    await flushing.flush([ADA, BOB])

    assert (await points(ADA), await points(BOB)) == (30, 30)
    assert await database["postings"].count_documents({}) == 60


async def test_a_batch_of_several_parts_is_answered_and_posted_in_its_order(database: Database) -> None:
    owners = [UUID(int=it + 1) for it in range(parts.AT_MOST + 5)]
    first = [asked(f"first {it}", earn(50), owner=it) for it in owners]
    then = [asked(f"then {it}", Spend("points", 50, "cup"), owner=it) for it in owners]
    answers = await service.post([*first, *then], now=NOON)
    assert [isinstance(it, Posted) and it.posting and it.posting.id for it in answers] == [
        it.posting for it in (*first, *then)
    ]

    again = await service.post([*then, *first], now=NOON)
    assert all(isinstance(it, Posted) and it.replayed for it in again)
    await flushing.flush(owners)
    assert await database["postings"].count_documents({}) == 2 * len(owners)
    assert (await verifying.verify()).differences == []
    assert await database["wallets"].count_documents({"outbox.0": {"$exists": True}}) == 0


async def test_a_posting_is_copied_out_as_it_lies_in_its_outbox(database: Database) -> None:
    voucher = Born("vouchers", {"_id": UUID(int=7)})
    await service.post_one(replace(asked("earn A-1", earn(50)), born=[voucher]), now=NOON)
    (row,) = (await database["wallets"].find_one({}) or {})["outbox"]
    await flushing.flush([ADA])

    assert row.pop("born") == [{"collection": "vouchers", "row": {"_id": UUID(int=7)}}]
    assert await database["postings"].find_one({}) == row
    assert await database["vouchers"].find_one({}) == {"_id": UUID(int=7)}


async def test_where_one_part_fails_the_others_have_ended_before_it_is_told(database: Database) -> None:
    del database
    ended: list[int] = []

    async def work(them: Sequence[int]) -> None:
        await asyncio.sleep(0)
        if them[0] == 0:
            raise KeyError("the first part")
        await asyncio.sleep(0)
        ended.append(len(them))

    with pytest.raises(KeyError, match="the first part"):
        await parts.of_each(work, list(range(2 * parts.AT_MOST + 1)))
    assert sorted(ended) == [1, parts.AT_MOST]
