"""Money on the wire: a decimal amount and its currency, exact in both directions."""

from decimal import Decimal
from typing import Self

import strawberry

from hub.kit import money


@strawberry.type
class Money:
    """An amount of money."""

    amount: Decimal = strawberry.field(description="With all the digits of its currency, as text: `19.90`.")
    currency_code: str = strawberry.field(description="ISO 4217, such as `EUR`.")

    @classmethod
    def of(cls, amount: money.Money) -> Self:
        """Show an amount."""
        return cls(amount=amount.amount, currency_code=amount.currency)
