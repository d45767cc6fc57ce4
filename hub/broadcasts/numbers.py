"""The numbers of a broadcast: what became of everybody it is for."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from hub.broadcasts.model import Broadcast, Feedback
from hub.messaging import broadcasting
from hub.messaging.broadcasting import Echo
from hub.messaging.model import State

_WAITING: Final = (State.QUEUED, State.SENDING, State.HELD, State.DEFERRED)
_NO_REASON: Final = "none"

_OUT: Final = (State.SENT, State.DELIVERED, State.FAILED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted of a broadcast: its messages by state and reason, and those that something came back of."""

    states: Counter[tuple[State, str | None]] = field(default_factory=Counter)
    echoes: Counter[Echo] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many messages. Where nobody writes meanwhile, those after `recipients` add up to it.

    Attributes:
        recipients: how many customers it is for; None before they are listed.
        to_come: for how many there is no message yet.
        left_out: for how many there is none, for they were merged with somebody who has one, or erased.
        waiting: those that wait for a sender, are with one, or are held or deferred.
        sent: those that a provider has taken, the delivered among them.
        delivered: those that a provider has reported as delivered. They are counted in `sent` too.
        skipped: those that must not or cannot be sent, by reason.
        failed: those that a provider refused, or that could not be rendered.
        unknown: those of which nobody can tell whether they arrived.
        cancelled: those that were taken back.
        opened: those that somebody has opened; as the others below they are counted above too.
        clicked: those of which somebody has followed a link.
        bounced: those that came back.
        complained: those that somebody has complained of.
    """

    recipients: int | None
    to_come: int | None
    left_out: int
    waiting: int
    sent: int
    delivered: int
    skipped: Mapping[str, int]
    failed: int
    unknown: int
    cancelled: int
    opened: int
    clicked: int
    bounced: int
    complained: int


async def tallies(broadcast_ids: Collection[UUID]) -> dict[UUID, Tally]:
    """Count the messages of broadcasts."""
    states, echoes = await broadcasting.tally(broadcast_ids), await broadcasting.echoes(broadcast_ids)
    return {it: Tally(states[it], echoes[it]) for it in broadcast_ids}


async def feedback(broadcast_id: UUID) -> Feedback:
    """Count what came back of a broadcast, as far as it is judged by that."""
    echoes = (await broadcasting.echoes([broadcast_id]))[broadcast_id]
    out = await broadcasting.count(broadcast_id, _OUT)
    return Feedback(out, echoes[Echo.BOUNCED], echoes[Echo.COMPLAINED])


def of(broadcast: Broadcast, tally: Tally) -> Numbers:
    """Make the numbers of a broadcast of what was counted."""
    by_state: Counter[State] = Counter()
    skipped: Counter[str] = Counter()
    for (state, reason), count in tally.states.items():
        by_state[state] += count
        if state is State.SKIPPED:
            skipped[reason or _NO_REASON] += count
    total = broadcast.recipients
    return Numbers(
        recipients=total,
        to_come=None if total is None else max(0, total - broadcast.left_out - by_state.total()),
        left_out=broadcast.left_out,
        waiting=sum(by_state[it] for it in _WAITING),
        sent=by_state[State.SENT] + by_state[State.DELIVERED],
        delivered=by_state[State.DELIVERED],
        skipped=dict(sorted(skipped.items())),
        failed=by_state[State.FAILED],
        unknown=by_state[State.UNKNOWN],
        cancelled=by_state[State.CANCELLED],
        opened=tally.echoes[Echo.OPENED],
        clicked=tally.echoes[Echo.CLICKED],
        bounced=tally.echoes[Echo.BOUNCED],
        complained=tally.echoes[Echo.COMPLAINED],
    )
