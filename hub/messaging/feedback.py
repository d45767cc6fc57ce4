"""Feedback in: reports of providers settle messages, are announced, and suppress dead and unwilling addresses.

Everything it writes has a key made of the report, so that a process may die at any point: what was done already is not
done twice. Whoever answers a provider does so when its reports are stored (`take_note`), and a keeper lets them hold a
moment later; or when they hold (`take_in`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from hub.events.announcing import announce
from hub.kit import ids
from hub.messaging import handled, reports_store, reports_waiting, soft_bounces, store
from hub.messaging import reports as rules
from hub.messaging.model import Message
from hub.messaging.reports import Fault, Report
from hub.profiles.suppression import Suppressions

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many reports were about messages of ours, and how many about none."""

    known: int
    unknown: int


async def take_note(reports: Sequence[Report], suppressions: Suppressions, *, now: datetime) -> None:
    """Store what a provider has told at once, for a keeper to take in. It is durable when this returns."""
    if reports:
        hashed = [await _without_address(it, suppressions) if it.fault else it for it in reports]
        await reports_waiting.add(hashed, now=now)


async def _without_address(report: Report, suppressions: Suppressions) -> Report:
    return replace(report, address=None, address_hash=await _hash_of(report, suppressions))


async def take_in(reports: Sequence[Report], suppressions: Suppressions, *, now: datetime) -> TakenIn:
    """Let reports hold before this returns. Repeating them changes nothing; those of no message of ours are counted."""
    by_message: defaultdict[UUID, list[Report]] = defaultdict(list)
    for report in reports:
        by_message[report.key].append(report)
    messages = await _settle(by_message, now=now)
    known = [it for it in reports if it.key in messages]
    found = [it for report in known if (it := rules.announced(messages[report.key], report)) is not None]
    await announce(found, now=now)
    await _judge_addresses([it for it in known if it.fault is not None], suppressions, now=now)
    taken = TakenIn(len(known), len(reports) - len(known))
    if taken.unknown:
        log.info("reports_of_no_message", count=taken.unknown, provider=reports[0].provider)
    return taken


async def _settle(by_message: Mapping[UUID, Sequence[Report]], *, now: datetime) -> dict[UUID, Message]:
    """Write where messages stand after their reports, and give those that there are."""
    found: dict[UUID, Message] = {}
    left = set(by_message)
    while left:
        read = await store.load(left)
        found.update(read)
        after = {id_: rules.reported(it, by_message[id_], now=now) for id_, it in read.items()}
        changed = [(it, after[id_]) for id_, it in read.items() if after[id_] != it]
        # A worker may have settled some of them meanwhile: those are read again.
        left = await reports_store.save(changed)
    return found


async def _judge_addresses(faulty: Sequence[Report], suppressions: Suppressions, *, now: datetime) -> None:
    """Draw from each report once what it says of an address: somebody may have lifted its suppression since."""
    by_key = {ids.key_of("report", it.provider, it.event_id): it for it in faulty}
    done = await handled.among(by_key.keys())
    for key, report in by_key.items():
        if key not in done and report.fault is not None and (hashed := await _hash_of(report, suppressions)):
            await _judge(hashed, report.fault, report, suppressions, now=now)
    await handled.note(by_key.keys() - done, now=now)


async def _hash_of(report: Report, suppressions: Suppressions) -> str | None:
    return await suppressions.hash_of((report.channel, report.address)) if report.address else report.address_hash


async def _judge(hashed: str, fault: Fault, report: Report, suppressions: Suppressions, *, now: datetime) -> None:
    reason = rules.suppressing(fault)
    if fault is Fault.PASSING:
        times = await soft_bounces.note(hashed, f"{report.provider} {report.event_id}", report.at)
        reason = rules.suppressing(Fault.LASTING) if rules.is_worn_out(times) else None
    if reason is not None:
        await suppressions.suppress_hashed(hashed, reason, now=now)
