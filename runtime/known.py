"""What rules may speak of where no server is asked: traits, consents, the rollups of the hub and those in files."""
# ruff: noqa: PLC0415  the imports of a verb wait until it runs

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime import texts

if TYPE_CHECKING:
    from hub.conditions.kinds import Scope

Rollups = Annotated[
    list[Path] | None, typer.Option(help="A NAME.rollup.yaml that rules may speak of, beside those of the hub.")
]


def known_offline(files: Sequence[Path]) -> "Scope":
    """Give what rules may speak of, with the rollups in these files."""
    from hub.conditions.kinds import ANY_SEGMENT, SEGMENT
    from hub.definitions import Version
    from hub.rollups import language, service
    from hub.rollups.catalogue import Catalogue
    from hub.segments import scope

    sources = [*service.shipped(), *map(texts.read, files)]
    read = [language.read(it, rollups=(service.PURCHASES,)) for it in sources]
    known = scope.of(Catalogue.of([(Version(it.name, 1), it) for it in read], edition=1))
    return {**known, SEGMENT: ANY_SEGMENT}  # which there are, only the hub knows
