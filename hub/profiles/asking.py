"""What rules may ask of a customer's consents: `consent.email.marketing`, `consent.acme.sms.news` of another brand.

It is what holds for this channel, topic and brand (`consent.standing_of`), as a text: `granted`, `pending` or
`withdrawn`; nothing where they have said nothing. It is read twice: of one profile, and of all by MongoDB.
"""

from collections.abc import Collection, Iterable
from itertools import product
from typing import Any, Final

from hub.conditions.kinds import Choice, Names
from hub.conditions.model import Path
from hub.profiles.consent import ALL, DEFAULT_BRAND, STRICTNESS, Consents, ConsentState, Subject, standing_of
from hub.profiles.model import Channel
from hub.profiles.topics import BUILT_IN

ROOT: Final = "consent"
STATES: Final = tuple(it.value for it in ConsentState)

_STATE: Final = Choice(STATES)
_CHANNELS: Final = {it.value: Names(dict.fromkeys(BUILT_IN, _STATE), others=_STATE) for it in Channel}
SHAPE: Final = Names(_CHANNELS, others=Names(_CHANNELS))
"""What may be asked, for the type checker: a topic that nobody has described may be one that somebody has named."""


def subject_of(path: Path) -> Subject:
    """Tell what a name is about. Without a brand it is the default one."""
    *brand, channel, topic = path[1:]
    return Subject(brand[0] if brand else DEFAULT_BRAND, topic, channel)


def value_of(consents: Consents, paths: Iterable[Path]) -> dict[str, Any]:
    """Give the values of these names in a condition, by what stands behind their root."""
    found: dict[str, Any] = {}
    for path in paths:
        standing = standing_of(consents, subject_of(path))
        inner = found
        for name in path[1:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = standing.state.value if standing else None
    return found


def query_of(path: Path, states: Collection[str]) -> dict[str, Any]:
    """Make the query that finds the profiles of which one of these states holds."""
    subject = subject_of(path)
    keys = [
        Subject(*it).key
        for it in product(*({name: 0, ALL: 0} for name in (subject.brand, subject.topic, subject.channel)))
    ]
    # To allow, all three are named. So this finds them by an index on their own word, where somebody has made one.
    saying = keys if ConsentState.WITHDRAWN in states else [subject.key]
    said = {"$or": [{f"consents.{key}.state": {"$in": list(states)}} for key in saying]}
    # Of all that was said the last word counts; of two at the same time the stricter.
    words = [
        {
            "$cond": [
                {"$gt": [f"$consents.{key}.state", None]},
                {
                    "at": f"$consents.{key}.at",
                    "strictness": {"$indexOfArray": [list(STATES), f"$consents.{key}.state"]},
                },
                None,
            ]
        }
        for key in keys
    ]
    wanted = [STRICTNESS[ConsentState(it)] for it in states]
    holds = {"$let": {"vars": {"standing": {"$max": words}}, "in": {"$in": ["$$standing.strictness", wanted]}}}
    return {"$and": [said, {"$expr": holds}]}
