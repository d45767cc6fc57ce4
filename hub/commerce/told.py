"""What is told of an order and a profile: what the profile has counted of it, so that it is known on both sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from hub.commerce.model import Order
from hub.commerce.totals import Contribution


@dataclass(frozen=True, slots=True)
class Told:
    """What a profile has counted of an order, as of its revision `rev`.

    It is foretold, with revision 0, by whoever stores a new order: then it holds once the profile has counted `event`.
    """

    rev: int
    contribution: Contribution | None
    event: UUID | None = None

    @property
    def row(self) -> dict[str, Any]:
        """This as it lies in an order or a profile."""
        row: dict[str, Any] = {"rev": self.rev}
        if self.event:
            row["event"] = self.event
        if it := self.contribution:
            row |= {"at": it.at, "currency": it.currency, "gross": it.gross, "refunded": it.refunded}
        return row

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Read it back."""
        if "at" not in row:
            return cls(row["rev"], None)
        contribution = Contribution(row["at"], row["currency"], row["gross"], row["refunded"])
        return cls(row["rev"], contribution, row.get("event"))


NOTHING_TOLD: Final = Told(0, None)


def foretold(order: Order) -> dict[UUID, Told]:
    """Say of a new order what its profile counts of it together with the event that tells its contents."""
    contribution = Contribution.of(order)
    if order.contents is None or contribution is None:
        return {}
    return {order.contents.profile_id: Told(0, contribution, order.contents.stamp.event_id)}
