"""`redeem`: redemptions a second, each a hold of points and a voucher, against a bare guarded update of one document.

Ours begins with the wish and ends when all vouchers are durable in their own collection: the posting, its entries and
the voucher, flush included. The baseline takes points off a document if there are enough, and pushes the voucher to it.
Both with 64 at the same time. HTTP is in neither. Beside it stands the CPU time of this process for each.

`redeem_race`: fifty at once want the points of one wallet, which suffice for five. None is given twice, none too much.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from bench.baselines import bare_redeem
from bench.line import SAMPLES, Line, percentile, say
from bench.stage import SECRET, stage
from hub import database
from hub.kit import ids
from hub.ledger import flushing
from hub.ledger import service as ledger
from hub.ledger.model import About
from hub.ledger.moves import Earn
from hub.profiles.model import Profile
from hub.rewards import service as rewards
from hub.settings import Settings
from hub.vouchers import redeeming
from hub.vouchers.codes import Codes
from hub.vouchers.model import RewardUnavailable
from hub.vouchers.redeeming import Wish
from hub.vouchers.store import VoucherDocument
from runtime import processes
from runtime.wiring import DOCUMENTS

REDEMPTIONS: Final = 4_000
MEMBERS: Final = 1_000
AT_ONCE: Final = 64
RACES: Final = 1_000
RACERS: Final = 50
ENOUGH_FOR: Final = 5
COST: Final = 100
NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
COFFEE: Final = f"""\
reward: coffee
kind: free_product
gives: {{skus: [A-1]}}
labels: {{en: A coffee}}
cost: {{program: beans, points: {COST}}}
"""


async def measure() -> AsyncIterator[Line]:
    """Measure ours and the baseline in turn, each on an empty database; then the races."""
    samples: dict[str, list[float]] = {"ours": [], "bare": []}
    cpu: dict[str, list[float]] = {"ours": [], "bare": []}
    processes.spare_garbage_collection()
    async with stage(with_temporal=False) as on:
        settings = on.settings.model_copy(update={"secret_key": Settings(secret_key=SECRET).secret_key})
        hidden = Codes(settings)
        for seed in range(SAMPLES + 1):
            for name, side in (("ours", _ours), ("bare", _bare)):
                await _emptied(on.client)
                seconds, spent = await side(hidden, random.Random(seed))
                say(f"  {name}: {REDEMPTIONS / seconds:.0f} redemptions/s, {spent / REDEMPTIONS * 1e6:.0f} µs CPU each")
                if seed > 0:  # the first round only warms up
                    samples[name].append(REDEMPTIONS / seconds)
                    cpu[name].append(spent / REDEMPTIONS * 1e6)
        beside = {f"cpu_us_{name}": round(sorted(them)[len(them) // 2]) for name, them in cpu.items()}
        ours, bare = samples["ours"], samples["bare"]
        yield Line("redeem", "redemptions/s", higher_is_better=True, ours=ours, baseline=bare, beside=beside)
        await _emptied(on.client)
        yield await _races(hidden)


async def _ours(hidden: Codes, chance: random.Random) -> tuple[float, float]:
    members = [Profile(ids.key_of("bench", it)) for it in range(MEMBERS)]
    await _fill(members, COST * REDEMPTIONS)
    chosen = [chance.choice(members) for _ in range(REDEMPTIONS)]
    run = chance.getrandbits(64)

    async def one(number: int) -> None:
        await redeeming.redeem(chosen[number], Wish("coffee", ids.key_of("bench", run, number)), hidden, now=NOON)

    async def all_of_them() -> None:
        await _at_once(one)
        await flushing.flush([it.id for it in members])

    took = await _timed(all_of_them)
    _check(await VoucherDocument.count(), REDEMPTIONS)
    return took


async def _bare(hidden: Codes, chance: random.Random) -> tuple[float, float]:
    bare = bare_redeem.Writer(VoucherDocument.get_pymongo_collection().database)
    members = [ids.key_of("bench", it) for it in range(MEMBERS)]
    await bare.know(members, COST * REDEMPTIONS)
    code = await hidden.of(members[0])
    chosen = [chance.choice(members) for _ in range(REDEMPTIONS)]

    async def one(number: int) -> None:
        await bare.redeem(chosen[number], COST, {"_id": ids.new_id(), "code": code, "reward": "coffee", "at": NOON})

    took = await _timed(lambda: _at_once(one))
    _check(await bare.count(), REDEMPTIONS)
    return took


async def _races(hidden: Codes) -> Line:
    """Let fifty at once want what suffices for five, a thousand times, and check every wallet."""
    seconds: list[float] = []
    for race in range(RACES):
        member = Profile(ids.key_of("race", race))
        await _fill([member], COST * ENOUGH_FOR, publish=race == 0)
        done = await asyncio.gather(*(_raced(member, race, number, hidden, seconds) for number in range(RACERS)))
        wallet = (await ledger.purses("beans", [member.id]))[member.id].wallet("points")
        codes = {it for it in done if it}
        given = len([it for it in done if it])
        if (given, len(codes), wallet.balance, wallet.held) != (ENOUGH_FOR, ENOUGH_FOR, 0, COST * ENOUGH_FOR):
            raise RuntimeError(f"Race {race}: {len(codes)} codes, {wallet.balance} points left.")
    p99 = percentile(seconds, 99) * 1_000
    say(f"  {RACES} races of {RACERS}: none negative, none double, p99 {p99:.1f} ms")
    beside = {"races": RACES, "racers": RACERS, "negative": 0, "double": 0}
    return Line("redeem_race", "ms", higher_is_better=False, ours=[p99], beside=beside)


async def _raced(member: Profile, race: int, number: int, hidden: Codes, seconds: list[float]) -> str:
    begun = time.perf_counter()
    try:
        voucher = await redeeming.redeem(member, Wish("coffee", ids.key_of("race", race, number)), hidden, now=NOON)
    except RewardUnavailable:
        return ""
    finally:
        seconds.append(time.perf_counter() - begun)
    return voucher.code


async def _fill(members: Sequence[Profile], points: int, *, publish: bool = True) -> None:
    """Publish the reward, and give each of these so many points."""
    if publish:
        await rewards.publish(COFFEE, by="bench", key="k", now=NOON)
    earned = ledger.fixed(Earn("points", points, "order/bench/1", NOON))
    asked = [ledger.Request("beans", it.id, f"earn/{it.id}", earned, About(cause="bench"), NOON) for it in members]
    await ledger.post(asked, now=NOON)
    await flushing.flush([it.id for it in members])


async def _at_once(one: Callable[[int], Awaitable[None]]) -> None:
    left = iter(range(REDEMPTIONS))

    async def some() -> None:
        for number in left:
            await one(number)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def _timed(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    begun, spent = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - begun, time.process_time() - spent


def _check(found: int, wanted: int) -> None:
    """A side that loses or doubles a voucher is not measured."""
    if found != wanted:
        raise RuntimeError(f"{wanted} were redeemed, {found} vouchers are there.")


async def _emptied(client: database.Client) -> None:
    await client.drop_database(database.DEFAULT_NAME)
    await database.migrate(client, DOCUMENTS)
