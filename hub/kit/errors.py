"""The root of every error the hub raises on purpose."""

from typing import ClassVar


class HubError(Exception):
    """A fact that a caller can be told. The message is one clear sentence without personal data.

    A subclass is named for the fact, has a stable `code` and keeps the fact's numbers as attributes.
    """

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"

    @property
    def message(self) -> str:
        """The sentence to show."""
        return str(self)


class TryLater(HubError):
    """Nothing was done now, and the same may work later: in `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
