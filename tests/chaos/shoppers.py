"""Shoppers of a round: what they do, and what each must get for it. Imports nothing of the hub."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

WAITING = 200
BUYING = 40
WAVERING = 100

EITHER = "either"

Call = dict[str, Any]
Letter = tuple[str, str]
"""The address and the subject of a message: no two messages of a test share both."""


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody who leaves a checkout behind; who `buys` does not, who comes `twice` is still reminded once.

    Who `wavers` is a vip at one moment and none at the next: a branch decided twice would be decided differently.
    """

    name: str
    vip: bool
    buys: bool
    twice: bool
    wavers: bool

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    @property
    def order_id(self) -> str:
        return f"order-{self.name}"

    def calls(self) -> list[Call]:
        """All they do, at once: whoever buys does it in the batch of the checkout, and must be left alone."""
        calls = [
            self._call("identify", "identify", traits={"email": self.email, "vip": self.vip}),
            self._track("checkout", "Checkout Started"),
        ]
        if self.twice:
            calls.append(self._track("checkout-again", "Checkout Started"))
        if self.buys:
            calls.append(self._track("order", "Order Completed"))
        return calls

    def letters(self) -> list[Letter]:
        """What they must get: the reminder, then one branch of two; which one is not said of those who waver."""
        if self.buys:
            return []
        return [(self.email, f"reminder {self.order_id}"), (self.email, f"{self._branch} {self.order_id}")]

    def wavering(self, time: int) -> Call:
        """Choose a side for the so-manieth time, each by a coin of their own."""
        return self._call("identify", f"wavers-{time}", traits={"vip": Random(f"{self.name} {time}").random() < 0.5})

    @property
    def _branch(self) -> str:
        if self.wavers:
            return EITHER
        return "vip" if self.vip else "plain"

    def _track(self, what: str, event: str) -> Call:
        return self._call("track", what, event=event, properties={"order_id": self.order_id})

    def _call(self, kind: str, what: str, **fields: object) -> Call:
        return {"type": kind, "messageId": f"{self.name}-{what}", "userId": self.name, **fields}


def shoppers(prefix: str, random: Random) -> list[Shopper]:
    """Make the shoppers of one round, in any order."""
    made = [
        Shopper(
            f"{prefix}-{number}",
            vip=random.random() < 0.5,
            buys=number >= WAITING,
            twice=random.random() < 0.2,
            wavers=number < WAVERING,
        )
        for number in range(WAITING + BUYING)
    ]
    random.shuffle(made)
    return made


def letters_of(people: Iterable[Shopper]) -> Counter[Letter]:
    """Add up what they must get."""
    return Counter(letter for shopper in people for letter in shopper.letters())


def as_expected(got: Mapping[Letter, int], people: Iterable[Shopper]) -> Counter[Letter]:
    """Call both branches of those who waver by one name: who got both has got it twice."""
    wavering = {shopper.email for shopper in people if shopper.wavers}
    counted: Counter[Letter] = Counter()
    for (email, subject), times in got.items():
        branch, _, order = subject.partition(" ")
        either = email in wavering and branch in {"vip", "plain"}
        counted[email, f"{EITHER} {order}" if either else subject] += times
    return counted
