"""Languages as people name them, `de-AT`, and which of those there are is nearest."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

LAST_RESORT: Final = "en"
_SUBTAGS: Final = 4  # language, script, region, variant: a customer may send a language that is a book


def by_nearness(known: Iterable[str], wished: str | None) -> list[str]:
    """Order languages by how near they are to the one wished for.

    For `de-AT` that is the first of `de-AT`, `de`, `en` and the others in their own order. Case and `_` do not matter.
    """
    names = list(known)
    subtags = (wished or "").replace("_", "-").casefold().split("-")[:_SUBTAGS]
    wishes = ["-".join(subtags[:length]) for length in range(len(subtags), 0, -1)]
    folded = {name.casefold(): name for name in names}
    found = (folded[wish] for wish in [*wishes, LAST_RESORT] if wish in folded)
    return list(dict.fromkeys(chain(found, names)))
