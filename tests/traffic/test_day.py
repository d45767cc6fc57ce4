"""A day of a thousand customers, played into a running hub, and compared with the oracle customer by customer.

Nothing here waits a fixed time for the hub to be fast enough: each phase is sent, and settled, before the next, and the
waits of the journey are taken from how long this machine needed for the first phase. A machine that becomes so slow
meanwhile that a phase misses its side of a wait tells nothing of the hub: the day is played again with longer waits.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.traffic import day, generator, oracle
from tests.traffic.day import Line, Phase
from tests.traffic.oracle import Told
from tests.traffic.player import Player
from tests.traffic.running import UNASKED, RunningHub, hub_up, until

pytestmark = pytest.mark.timeout(900)

SEED = 7
SHORTEST_WAIT = 9
"""Seconds. What a wait is on a fast machine."""
ROOM = (1, 2, 4)
"""How much longer than that the waits are, from one try to the next."""

UNHEARD = 1.5
"""Seconds for what leaves no trace in the inbox, such as a reminder that reaches nobody, or one that must not come."""

JOURNEY = """\
journey: abandoned-cart
enter: {{event: Checkout Started, key: properties.order_id, where: properties.value > 0}}
exit:
  - {{event: Order Completed, match: properties.order_id}}
steps:
  - wait: {wait}s
  - send: {{template: cart-reminder, channels: [email, push, sms]}}
  - wait: {second_wait}s
  - branch:
      - if: profile.vip = true
        then: [{{send: {{template: cart-vip-offer, channels: [email, sms]}}}}]
      - else: [{{send: {{template: cart-last-call, channels: [email]}}}}]
  - end
"""


@dataclass(frozen=True)
class Outcome:
    """What each customer must have got and what they got, by the customer's first id."""

    kinds: dict[str, str]
    expected: dict[str, list[Told]]
    got: dict[str, list[Told]]

    def differing(self, more: dict[str, list[Told]], fewer: dict[str, list[Told]]) -> list[str]:
        """Name what customers have in one more often than in the other, beside their kind."""
        return [
            f"{self.kinds.get(customer, 'nobody')} {customer}: {told}"
            for customer, messages in more.items()
            for told in (Counter(messages) - Counter(fewer.get(customer, ()))).elements()
        ]


class TooSlowError(Exception):
    """A phase was settled on the wrong side of a wait, so that the oracle no longer says what must come."""


@pytest.fixture(scope="module")
async def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("day")
    day.write(folder / "day.jsonl", generator.make(customers=1000, seed=SEED))
    lines = list(day.read(folder / "day.jsonl"))
    slow: list[str] = []
    for room in ROOM:
        try:
            return await _played(tmp_path_factory.mktemp("hub"), lines, room=room)
        except TooSlowError as error:
            slow.append(str(error))
    pytest.fail(f"This machine is too slow for the test. {' '.join(slow)}")


async def test_nobody_misses_a_message(outcome: Outcome) -> None:
    assert sum(map(len, outcome.expected.values())) > 800
    assert outcome.differing(outcome.expected, outcome.got) == []


async def test_nobody_gets_a_message_twice(outcome: Outcome) -> None:
    assert {told: times for messages in outcome.got.values() for told, times in _twice(messages).items()} == {}


async def test_nobody_gets_a_wrong_message(outcome: Outcome) -> None:
    once = {customer: list(set(messages)) for customer, messages in outcome.got.items()}

    assert outcome.differing(once, outcome.expected) == []


def test_the_comparison_tells_missing_twice_and_wrong_apart() -> None:
    lines = generator.make(customers=200, seed=SEED)
    told = [told for messages in _expected(lines).values() for told in messages]
    rows = [{"channel": one.channel, "to": one.to, "text": f"{one.template} {one.order_id}"} for one in told]
    wrong = {**rows[2], "text": "cart-reminder day7-0000-order-9"}

    outcome = _outcome(lines, [*rows[1:], rows[1], wrong])

    assert [line.rpartition(": ")[2] for line in outcome.differing(outcome.expected, outcome.got)] == [str(told[0])]
    assert [_twice(messages) for messages in outcome.got.values() if _twice(messages)] == [{told[1]: 2}]
    once = {customer: list(set(messages)) for customer, messages in outcome.got.items()}
    assert [line.count("order-9") for line in outcome.differing(once, outcome.expected)] == [1]


async def _played(folder: Path, lines: Sequence[Line], *, room: int) -> Outcome:
    async with hub_up(folder, **UNASKED) as hub:
        await _play(hub, folder, lines, room=room)
        return _outcome(lines, await hub.inbox())


async def _play(hub: RunningHub, folder: Path, lines: Sequence[Line], *, room: int) -> None:
    expected = [told for messages in _expected(lines).values() for told in messages]
    reminders = sum(told.template == "cart-reminder" for told in expected)
    with Player(hub.facts["url"], hub.facts["write_key"]) as player:
        browsing = await _send(hub, player, lines, Phase.BROWSE)
        # All that must be done before the reminder has a third as many events, each of which costs more than a look.
        wait = room * max(SHORTEST_WAIT, math.ceil(2 * browsing))
        await hub.publish(_journey(folder, wait=wait))

        began = time.monotonic()
        await _send(hub, player, lines, Phase.CHECKOUT, Phase.SIGN_IN, Phase.RETURN)
        _not_later_than(began + wait, "the first reminder was due")

        await _until_told(hub, reminders, seconds=wait + 60)
        await asyncio.sleep(UNHEARD)
        await _send(hub, player, lines, Phase.REMINDED)
        _not_later_than(began + 3 * wait, "the first last word was due")
        copied = time.monotonic()

        await _until_told(hub, len(expected), seconds=2 * wait + 60)
        await _send(hub, player, lines, Phase.AFTER)
        # Had the copy of a checkout begun a run again, its reminder would come until now.
        await asyncio.sleep(max(0, copied + wait - time.monotonic()) + UNHEARD)


async def _send(hub: RunningHub, player: Player, lines: Sequence[Line], *phases: Phase) -> float:
    """Send phases one after the other, each when the one before is settled; tell how many seconds it took."""
    began = time.monotonic()
    for phase in phases:
        await asyncio.to_thread(player.play, [line.message for line in lines if line.phase is phase])
        await hub.settle()
    return time.monotonic() - began


async def _until_told(hub: RunningHub, messages: int, *, seconds: float) -> None:
    async def told() -> bool:
        return len(await hub.inbox()) >= messages

    await until(told, seconds=seconds, what=f"customers have got {messages} messages")


def _not_later_than(deadline: float, what: str) -> None:
    late = time.monotonic() - deadline
    if late >= 0:
        raise TooSlowError(f"A phase was settled {late:.1f} s after {what}.")


def _journey(folder: Path, *, wait: int) -> Path:
    """Write the journey and its templates, which say no more than their own name and the order.

    The second wait is twice the first: it begins with some hundred messages to be sent.
    """
    for name, channels in (oracle.REMINDER, oracle.VIP_OFFER, oracle.LAST_CALL):
        parts = folder / "templates" / name / "en"
        parts.mkdir(parents=True)
        for part in ("subject", *("text" if channel == "email" else channel for channel in channels)):
            (parts / f"{part}.liquid").write_text(
                f"{name} {{{{ event.order_id }}}}{' {{ links.unsubscribe }}' if part == 'text' else ''}\n",
                encoding="utf-8",
            )
    file = folder / "abandoned-cart.journey.yaml"
    file.write_text(JOURNEY.format(wait=wait, second_wait=2 * wait), encoding="utf-8")
    return file


def _expected(lines: Sequence[Line]) -> dict[str, list[Told]]:
    return oracle.expected(line.message for line in lines)


def _outcome(lines: Sequence[Line], inbox: Sequence[dict[str, str]]) -> Outcome:
    heard = oracle.by_customer(line.message for line in lines)
    kind_of = {line.message["messageId"]: line.kind for line in lines}
    customer_at = {
        (channel, address): customer
        for customer, messages in heard.items()
        for channel, address in oracle.addresses(messages, generator.MIDNIGHT + oracle.WAIT * 24).items()
    }
    got: dict[str, list[Told]] = {}
    for row in inbox:
        template, order_id = row["text"].split()[:2]
        told = Told(template=template, order_id=order_id, channel=row["channel"], to=row["to"])
        got.setdefault(customer_at.get((told.channel, told.to), "unknown"), []).append(told)
    return Outcome(
        kinds={customer: kind_of[messages[0]["messageId"]] for customer, messages in heard.items()},
        expected=_expected(lines),
        got=got,
    )


def _twice(messages: Sequence[Told]) -> dict[Told, int]:
    return {told: times for told, times in Counter(messages).items() if times > 1}
