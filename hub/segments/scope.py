"""What a rule that picks customers may speak of: their traits and stage, and the numbers of the published rollups."""

from collections.abc import Iterator, Mapping
from typing import Final

from hub.conditions.catalogue import PROFILE
from hub.conditions.kinds import Scope
from hub.conditions.model import Condition, asked
from hub.rollups import asking
from hub.rollups.catalogue import Catalogue, Catalogues
from hub.rollups.model import Rollup

ROOT: Final = "profile"


def of(defined: Catalogue) -> Scope:
    """Give what rules may speak of where these rollups are published."""
    rollups = [it for it in defined.measures.values() if isinstance(it, Rollup)]
    return {ROOT: PROFILE, **{it.name: asking.shape_of(it) for it in rollups}}


async def current() -> Scope:
    """Give what rules may speak of as of now."""
    return of(await Catalogues().current())


def faults(condition: Condition, scope: Scope) -> Iterator[str]:
    """Say which numbers there are not. Of traits nobody knows all, of a rollup everybody does."""
    for it in asked(condition):
        shape: Mapping[str, object] = scope.get(it.path[0], {})
        if it.path[0] != ROOT and shape and (fault := asking.fault_of(it.path, scope[it.path[0]])):
            yield fault
