"""Why the ledger refuses a posting. Nothing was moved then."""

from datetime import datetime
from uuid import UUID

from hub.kit.errors import HubError, TryLater


class InsufficientPoints(HubError):
    """There are fewer points than are asked for."""

    code = "INSUFFICIENT_POINTS"

    def __init__(self, *, available: int, requested: int) -> None:
        super().__init__(f"{requested} points are asked for, {available} are available.")
        self.available = available
        self.requested = requested
        self.missing = requested - available


class WorthNothing(HubError):
    """Points that are to be exchanged are too few for even one of the other currency."""

    code = "BAD_USER_INPUT"

    def __init__(self, points: int) -> None:
        super().__init__(f"{points} points are too few to be exchanged.")
        self.points = points


class NoSuchHold(HubError):
    """These points are not held, or no longer."""

    code = "NOT_FOUND"

    def __init__(self, hold: UUID) -> None:
        super().__init__("These points are not held, or no longer.")
        self.hold = hold


class HoldOver(HubError):
    """A hold can no longer be captured: its time is over."""

    code = "EXPIRED"

    def __init__(self, hold: UUID, until: datetime) -> None:
        super().__init__("The time for which these points were held is over.")
        self.hold = hold
        self.until = until


class NoSuchLot(HubError):
    """A wallet has no such lot."""

    code = "NOT_FOUND"

    def __init__(self, lot: UUID) -> None:
        super().__init__("There is no such lot in this wallet.")
        self.lot = lot


class KeyReused(HubError):
    """The same key came with another body. Nothing was moved."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self, posting: UUID) -> None:
        super().__init__("The key of this posting was used for another one.")
        self.posting = posting


class Crowded(TryLater):
    """Too many work on one purse at the same time. Nothing was moved."""

    code = "CONFLICT"

    def __init__(self) -> None:
        super().__init__("Others are moving these points. Ask again in a second.", retry_after=1)
