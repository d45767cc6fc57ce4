"""Reads the texts that people hand to a verb: journeys, templates, tables."""

from pathlib import Path

from runtime.errors import UnusableFile


def read(file: Path) -> str:
    """Read a file as UTF-8.

    Raises:
        UnusableFile: it is no such text.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        # The error itself quotes what it read: the place is enough to find it.
        raise UnusableFile(f"{file} is not UTF-8 text: byte {error.start + 1} cannot be read.") from None
