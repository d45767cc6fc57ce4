"""Feedback in: reports of providers settle messages, are announced, and suppress dead and unwilling addresses.

Everything it writes has a key made of the report. Whoever takes reports in answers the provider only afterwards, so
that a process may die at any point: the provider tells it again, and what was done already is not done twice.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from hub.events.announcing import announce
from hub.kit import ids
from hub.messaging import handled, reports_store, soft_bounces, store
from hub.messaging import reports as rules
from hub.messaging.model import Message
from hub.messaging.reports import Fault, Report
from hub.profiles.suppression import Address, Suppressions

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many reports were about messages of ours, and how many about none."""

    known: int
    unknown: int


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
        if key not in done and report.fault is not None and report.address:
            await _judge((report.channel, report.address), report.fault, report, suppressions, now=now)
    await handled.note(by_key.keys() - done, now=now)


async def _judge(address: Address, fault: Fault, report: Report, suppressions: Suppressions, *, now: datetime) -> None:
    reason = rules.suppressing(fault)
    if fault is Fault.PASSING:
        hashed = await suppressions.hash_of(address)
        times = await soft_bounces.note(hashed, f"{report.provider} {report.event_id}", report.at)
        reason = rules.suppressing(Fault.LASTING) if rules.is_worn_out(times) else None
    if reason is not None:
        await suppressions.suppress(address, reason, now=now)
