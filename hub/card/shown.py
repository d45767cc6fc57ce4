"""How a template reads a card: by the names that `hub/wording/member_card.py` tells."""

from typing import Any

import msgspec

from hub.card.model import Card


def shown(card: Card) -> dict[str, Any]:
    """Give a card as plain values; times are texts. `points` is the first of the `wallets`, or empty."""
    plain: dict[str, Any] = msgspec.to_builtins(card)
    wallets = plain["points"]
    return {**plain, "wallets": wallets, "points": wallets[0] if wallets else {}}
