"""What a rule that picks customers may speak of: traits and stage, consents, and the numbers of published rollups."""

from typing import Final

from hub.conditions.catalogue import PROFILE
from hub.conditions.kinds import Scope
from hub.conditions.model import Asked
from hub.profiles import asking as consents
from hub.rollups import asking
from hub.rollups.catalogue import Catalogue, Catalogues
from hub.rollups.model import Rollup

ROOT: Final = "profile"


def of(defined: Catalogue) -> Scope:
    """Give what rules may speak of where these rollups are published."""
    rollups = [it for it in defined.measures.values() if isinstance(it, Rollup)]
    return {ROOT: PROFILE, consents.ROOT: consents.SHAPE, **{it.name: asking.shape_of(it) for it in rollups}}


async def current() -> Scope:
    """Give what rules may speak of as of now."""
    return of(await Catalogues().current())


def is_number(asked: Asked) -> bool:
    """Tell whether a number of a rollup is asked for."""
    return asked.path[0] not in {ROOT, consents.ROOT}
