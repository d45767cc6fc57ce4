"""Durations as people write them: `30s`, `15m`, `1h30m`, `2d`, `1w`."""

import re
from datetime import timedelta
from typing import Final

from hub.kit.errors import HubError

# The largest unit stands first and each stands once. Seven digits of weeks still fit into a timedelta.
_WRITTEN: Final = re.compile(
    r"(?:([0-9]{1,7})w)?(?:([0-9]{1,7})d)?(?:([0-9]{1,7})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,7})s)?"
)
_UNITS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHOWN: Final = 40


class BadDuration(HubError):
    """A text that is no duration, kept as `text`."""

    code = "BAD_DURATION"

    def __init__(self, text: str) -> None:
        super().__init__(f"`{text[:_SHOWN]}` is no duration: write it like 30s, 15m, 1h30m, 2d or 1w.")
        self.text = text


def parse(text: str) -> timedelta:
    """Read a duration of weeks, days, hours, minutes and seconds, in this order.

    Raises:
        BadDuration: the text has another form, or its sum is zero.
    """
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise BadDuration(text)
    counts = (int(digits or 0) for digits in written.groups())
    duration = timedelta(seconds=sum(count * unit for count, unit in zip(counts, _UNITS.values(), strict=True)))
    if not duration:
        raise BadDuration(text)
    return duration


def spell(duration: timedelta) -> str:
    """Write a duration of whole seconds so that `parse` gives it back; weeks only where nothing is left over.

    Raises:
        ValueError: the duration is not positive or not of whole seconds, so it has no such text.
    """
    left = duration // timedelta(seconds=1)
    if left <= 0 or duration.microseconds:
        raise ValueError(f"{duration!r} has no text: it is not a positive number of whole seconds.")
    if left % _UNITS["w"] == 0:
        return f"{left // _UNITS['w']}w"
    text = ""
    for unit in "dhms":
        count, left = divmod(left, _UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return text
