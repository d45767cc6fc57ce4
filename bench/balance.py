"""`balance`: member cards a second, 64 asked for at the same time, against the bare reads of what a card is made of.

Ours is the whole card, worked out from nothing: tier, points, what expires next, the next tier and reward, what can be
had now and the open vouchers. The baseline reads the wallet, the standing and the count of vouchers of the same member
by the driver alone, at the same time, and works nothing out. HTTP is in neither. Beside it stand the CPU time of this
process for each, and the 99th percentile of one card of ours.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from bench.line import SAMPLES, Line, percentile, say
from bench.stage import stage
from hub.card import service
from hub.kit import ids
from hub.ledger import flushing
from hub.ledger import service as ledger
from hub.ledger.model import About, purse_id
from hub.ledger.moves import Earn
from hub.ledger.store import PurseDocument
from hub.profiles.model import Profile
from hub.programs import service as programs
from hub.programs.model import Program
from hub.rewards import service as rewards
from hub.tiers import service as tiers
from hub.tiers.model import Standing
from hub.tiers.store import StandingDocument
from hub.vouchers.store import VoucherDocument

CARDS: Final = 4_000
MEMBERS: Final = 1_000
REWARDS: Final = 10
AT_ONCE: Final = 64
PROGRAM: Final = "club"
NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
CLUB: Final = f"""\
program: {PROGRAM}
texts: {{en: the Club}}
zone: Europe/Berlin
currency: EUR
wallets:
  - {{wallet: points, kind: spendable, one: {{en: point}}, many: {{en: points}}, expires: {{after: 365d}}}}
  - wallet: status
    kind: qualifying
    one: {{en: status point}}
    many: {{en: status points}}
    expires: {{end_of: year}}
rules:
  - {{rule: visit, wallet: points, visit: {{points: 10}}}}
tiers:
  by: status
  lasts: {{end_of: year, later: 1}}
  grace: 30d
  down: one_step
  refund: at_end
  levels:
    - {{tier: silver, from: 500, texts: {{en: Silver}}}}
    - {{tier: gold, from: 1500, texts: {{en: Gold}}}}
"""


async def measure() -> AsyncIterator[Line]:
    """Measure ours and the baseline in turn, on the same members."""
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    cpu: dict[str, list[float]] = {"ours": [], "bare": []}
    slow: list[float] = []
    async with stage(with_temporal=False):
        members, program = await _members()

        async def ours(member: Profile) -> None:
            card = (await service.cards([member], program, now=NOON))[member.id]
            if card.points[0].available != 3 * REWARDS or card.tier is None:
                raise RuntimeError(f"A card says {card.points[0].available} points.")

        async def bare(member: Profile) -> None:
            await _read(member.id)

        for seed in range(SAMPLES + 1):
            for name, one in (("ours", ours), ("bare", bare)):
                chosen = random.Random(seed).choices(members, k=CARDS)
                seconds, spent, each = await _timed(one, chosen)
                say(f"  {name}: {CARDS / seconds:.0f} cards/s, {spent / CARDS * 1e6:.0f} µs CPU each")
                if seed > 0:  # the first round only warms up
                    rates[name].append(CARDS / seconds)
                    cpu[name].append(spent / CARDS * 1e6)
                    slow += each if name == "ours" else []
    beside: dict[str, float] = {f"cpu_us_{name}": round(sorted(them)[len(them) // 2]) for name, them in cpu.items()}
    beside["p99_ms"] = round(percentile(slow, 99) * 1_000, 1)
    yield Line("balance", "cards/s", higher_is_better=True, ours=rates["ours"], baseline=rates["bare"], beside=beside)


async def _members() -> tuple[list[Profile], Program]:
    """Give a thousand members with three lots each and a tier, of whom ten rewards are known."""
    first = await programs.draft(CLUB, by="bench", key="k", now=NOON)
    await programs.activate(first.version, by="bench", key="k", now=NOON)
    for number in range(REWARDS):
        source = (
            f"{{reward: r-{number}, kind: free_product, gives: {{skus: [A-1]}}, labels: {{en: A coffee}}, "
            f"cost: {{program: {PROGRAM}, points: {10 * (number + 1)}}}}}"
        )
        await rewards.publish(source, by="bench", key=source, now=NOON)
    program = await service.program_named(PROGRAM)
    if program is None:
        raise RuntimeError("The program is not active.")
    members = [Profile(ids.key_of("bench", it)) for it in range(MEMBERS)]
    until = NOON + timedelta(days=30)
    for lot, (wallet, points) in enumerate([("points", REWARDS)] * 3 + [("status", 700)]):
        move = ledger.fixed(Earn(wallet, points, f"order/bench/{lot}", NOON, until + lot * timedelta(days=30)))
        about = About(cause="bench")
        asked = [ledger.Request(PROGRAM, it.id, f"earn/{lot}/{it.id}", move, about, NOON) for it in members]
        await ledger.post(asked, now=NOON)
    await flushing.flush([it.id for it in members])
    await tiers.review(program, {it.id: (it.id,) for it in members}, at=NOON, now=NOON)
    return members, program


async def _read(member: UUID) -> None:
    """Read what a card is made of, and work nothing out."""
    await asyncio.gather(
        PurseDocument.get_pymongo_collection().find_one({"_id": purse_id(PROGRAM, member)}),
        StandingDocument.get_pymongo_collection().find_one({"_id": Standing(PROGRAM, member).id}),
        VoucherDocument.get_pymongo_collection().count_documents({"profile_id": member, "state": "issued"}),
    )


async def _timed(
    one: Callable[[Profile], Awaitable[None]], chosen: Sequence[Profile]
) -> tuple[float, float, list[float]]:
    """Do it for all of these, 64 at once. Seconds, seconds of the processor, and the seconds of each."""
    left, each = iter(chosen), []

    async def some() -> None:
        for member in left:
            begun = time.perf_counter()
            await one(member)
            each.append(time.perf_counter() - begun)

    begun, spent = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return time.perf_counter() - begun, time.process_time() - spent, each
