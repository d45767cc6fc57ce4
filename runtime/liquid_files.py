"""Templates in files: `NAME/LANG/PART.liquid`."""

from pathlib import Path
from typing import Final

from runtime import texts
from runtime.errors import UnusableFile

_ENDING: Final = ".liquid"


def files_of(folder: Path) -> dict[str, str]:
    """Read the parts of one template, by `LANG/PART`."""
    return {
        str(path.relative_to(folder)).removesuffix(_ENDING): texts.read(path)
        for path in sorted(folder.glob(f"*/*{_ENDING}"))
    }


def folders_in(path: Path) -> list[Path]:
    """Find the templates that a path means: its own, those in it, or the one that a part belongs to.

    Raises:
        UnusableFile: there is none.
    """
    if path.is_file() and path.suffix == _ENDING:
        return [path.absolute().parent.parent]
    if any(path.glob(f"*/*{_ENDING}")):
        return [path]
    found = sorted({it.parent.parent for it in path.glob(f"*/*/*{_ENDING}")})
    if not found:
        raise UnusableFile(f"{path} holds no template: its parts lie in LANG/PART{_ENDING}.")
    return found
