"""Failures that a caller can act on: they come as data, in the union of a mutation's result."""

import strawberry

from hub.access import idempotency

KEY_PATH = ["input", "idempotencyKey"]


@strawberry.interface
class UserError:
    """Why a mutation did nothing."""

    code: str = strawberry.field(description="Never changes: decide by this.")
    message: str = strawberry.field(description="One sentence for a person.")
    path: list[str] | None = strawberry.field(description="Which part of the input is meant.")


@strawberry.type
class IdempotencyKeyReused(UserError):
    """The same key came with another input before."""

    @classmethod
    def of(cls, error: idempotency.IdempotencyKeyReused) -> "IdempotencyKeyReused":
        """Show the error."""
        return cls(code=error.code, message=error.message, path=KEY_PATH)
