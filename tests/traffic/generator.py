"""A day of traffic of a small shop, from a seed: `python -m tests.traffic.generator FILE --customers 1000 --seed 7`.

Knows the Segment spec and nothing of the hub. Each customer is of one kind; every kind is a story below.
"""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from tests.traffic import day, people
from tests.traffic.day import Line, Phase
from tests.traffic.people import Reach
from tests.traffic.visit import COPY_AT, Visit

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
EVERY_TWENTIETH = 20


def browses(visit: Visit) -> None:
    """Look, and go."""
    visit.arrive()
    visit.browse()


def buys_at_once(visit: Visit) -> None:
    """Check out and pay."""
    leaves(visit)
    visit.buy(Phase.CHECKOUT)


def leaves(visit: Visit) -> None:
    """Leave a checkout behind."""
    visit.arrive()
    visit.browse()
    visit.check_out()


def leaves_no_address(visit: Visit) -> None:
    """Leave a checkout behind, signed in, but with no e-mail, phone or device."""
    leaves(visit)


def comes_back(visit: Visit) -> None:
    """Leave, think, and buy before the reminder."""
    leaves(visit)
    visit.buy(Phase.RETURN)


def buys_when_reminded(visit: Visit) -> None:
    """Buy between the reminder and the last word."""
    leaves(visit)
    visit.buy(Phase.REMINDED)


def buys_at_last(visit: Visit) -> None:
    """Buy after the last word."""
    leaves(visit)
    visit.buy(Phase.AFTER)


def leaves_unknown(visit: Visit) -> None:
    """Leave a checkout behind without ever saying who it was."""
    visit.arrive_unknown()
    visit.browse()
    visit.check_out()


def signs_in(visit: Visit) -> None:
    """Leave unknown and sign in before the reminder, which must find them."""
    leaves_unknown(visit)
    visit.sign_in(Phase.SIGN_IN)


def signs_in_and_buys(visit: Visit) -> None:
    """Leave unknown, sign in and buy before the reminder."""
    signs_in(visit)
    visit.buy(Phase.RETURN)


def signs_in_late(visit: Visit) -> None:
    """Sign in when the reminder has found nobody: only the last word reaches them."""
    leaves_unknown(visit)
    visit.sign_in(Phase.REMINDED)


def signs_in_too_late(visit: Visit) -> None:
    """Sign in when everything has been said to nobody."""
    leaves_unknown(visit)
    visit.sign_in(Phase.AFTER)


def opens_two_checkouts(visit: Visit) -> None:
    """Have two checkouts at once, and pay for one of them: at once, later, or when reminded of both."""
    leaves(visit)
    visit.check_out(2)
    visit.buy(visit.one_of(Phase.CHECKOUT, Phase.RETURN, Phase.REMINDED), visit.one_of(1, 2))


def checks_out_again(visit: Visit) -> None:
    """Start the same checkout a second time before the reminder."""
    leaves(visit)
    visit.check_out(phase=Phase.RETURN)


def orders_a_sample(visit: Visit) -> None:
    """Leave a checkout that is worth nothing."""
    visit.arrive()
    visit.browse()
    visit.check_out(free=True)


def becomes_vip(visit: Visit) -> None:
    """Be promoted between the reminder and the last word, which knows it."""
    leaves(visit)
    visit.become_vip(Phase.REMINDED)


Story = Callable[[Visit], None]

ANY_REACH = (*[Reach.EMAIL] * 8, Reach.PHONE, Reach.DEVICE)
"""Of ten reachable customers."""

SHARES: tuple[tuple[Story, int, tuple[Reach, ...]], ...] = (
    (browses, 40, ANY_REACH),
    (buys_at_once, 210, ANY_REACH),
    (leaves, 170, ANY_REACH),
    (leaves_no_address, 30, (Reach.NOTHING,)),
    (comes_back, 130, ANY_REACH),
    (buys_when_reminded, 100, ANY_REACH),
    (buys_at_last, 20, ANY_REACH),
    (leaves_unknown, 20, (Reach.NOTHING,)),
    (signs_in, 60, (Reach.EMAIL,)),
    (signs_in_and_buys, 40, (Reach.EMAIL,)),
    (signs_in_late, 30, (Reach.EMAIL,)),
    (signs_in_too_late, 20, (Reach.EMAIL,)),
    (opens_two_checkouts, 50, ANY_REACH),
    (checks_out_again, 30, ANY_REACH),
    (orders_a_sample, 20, ANY_REACH),
    (becomes_vip, 30, ANY_REACH),
)
"""Story, how many of a thousand customers live it, and how they are reached."""


def make(*, customers: int, seed: int) -> list[Line]:
    """Make a day, in order of sending."""
    rng = Random(seed)
    stories = [(story, reach) for story, share, reach in SHARES for _ in range(share)]
    sent: list[tuple[datetime, datetime, Line]] = []
    picked = [stories[number * len(stories) // customers] for number in range(customers)]
    rng.shuffle(picked)
    for number, (story, reaches) in enumerate(picked):
        customer = people.made_up(
            rng, day=f"day{seed}", number=number, reach=rng.choice(reaches), vip=rng.random() < 0.1
        )
        # Shops are busiest in the evening; the last checkout leaves room for what follows it.
        checkout_at = MIDNIGHT + timedelta(hours=rng.triangular(1, 21, 19))
        visit = Visit(rng, customer, checkout_at=checkout_at)
        story(visit)
        sent += [(at, checkout_at, Line(story.__name__, phase, message)) for phase, at, message in visit.events]
    sent.sort(key=lambda event: event[0])
    return _with_copies(sent)


def _with_copies(sent: list[tuple[datetime, datetime, Line]]) -> list[Line]:
    """Send every twentieth event twice, in turns at once and much later, as phones do that were offline."""
    deliveries = [(at, line) for at, _, line in sent]
    for turn, (at, checkout_at, line) in enumerate(sent[EVERY_TWENTIETH - 1 :: EVERY_TWENTIETH]):
        copy_at = checkout_at + COPY_AT
        if turn % 2 and at < copy_at:
            deliveries.append((copy_at, Line(line.kind, Phase.REMINDED, line.message)))
        else:
            deliveries.append((at, line))
    return [line for _, line in sorted(deliveries, key=lambda delivery: delivery[0])]


def main() -> None:
    """Write the file that the arguments name."""
    parser = argparse.ArgumentParser(description="Write a day of traffic of a small shop as JSON Lines.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    day.write(arguments.file, make(customers=arguments.customers, seed=arguments.seed))


if __name__ == "__main__":
    main()
