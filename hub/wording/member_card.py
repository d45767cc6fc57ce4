"""The member card as templates read it: which names there are, and the card of a made-up member."""

from collections.abc import Mapping
from typing import Any, Final

from hub.conditions.shapes import Items, Kind, Names, Shape

_POINTS: Final[Mapping[str, Shape]] = {
    "wallet": Kind.TEXT,
    "label": Kind.TEXT,
    "balance": Kind.NUMBER,
    "available": Kind.NUMBER,
    "pending": Kind.NUMBER,
    "expiring": Names({"points": Kind.NUMBER, "at": Kind.TEXT}),
}
_REWARD: Final[Mapping[str, Shape]] = {
    "name": Kind.TEXT,
    "label": Kind.TEXT,
    "wallet": Kind.TEXT,
    "cost": Kind.NUMBER,
    "missing": Kind.NUMBER,
}
SHAPE: Final = Names(
    {
        "program": Kind.TEXT,
        "label": Kind.TEXT,
        "tier": Names({"name": Kind.TEXT, "label": Kind.TEXT, "until": Kind.TEXT}),
        "next_tier": Names({"name": Kind.TEXT, "label": Kind.TEXT, "gap": Kind.NUMBER}),
        "points": Names(_POINTS),
        "wallets": Items(_POINTS),
        "next_reward": Names(_REWARD),
        "rewards": Items(_REWARD),
        "open_vouchers": Kind.NUMBER,
    }
)
"""All names of a card. What somebody has none of, such as a tier, is empty."""

_SAMPLE_POINTS: Final = {
    "wallet": "points",
    "label": "points",
    "balance": 1450,
    "available": 1250,
    "pending": 200,
    "expiring": {"points": 150, "at": "2026-12-31T23:00:00Z"},
}
SAMPLE: Final[Mapping[str, Any]] = {
    "program": "club",
    "label": "the Club",
    "tier": {"name": "silver", "label": "Silver", "until": "2027-12-31T23:00:00Z"},
    "next_tier": {"name": "gold", "label": "Gold", "gap": 350},
    "points": _SAMPLE_POINTS,
    "wallets": [_SAMPLE_POINTS],
    "next_reward": {"name": "dinner", "label": "A dinner", "wallet": "points", "cost": 1500, "missing": 250},
    "rewards": [{"name": "coffee", "label": "A coffee", "wallet": "points", "cost": 100, "missing": 0}],
    "open_vouchers": 2,
}
"""The card of a member who has all that one can have."""
