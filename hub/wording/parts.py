"""The parts of a template, and why one is refused or cannot be rendered."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from hub.kit.errors import HubError
from hub.kit.problems import InvalidDefinition, Problem
from hub.profiles.model import Channel


class Part(StrEnum):
    """The parts of a template in one language, named as their files `templates/NAME/LANG/PART.liquid`."""

    SUBJECT = "subject"
    PREHEADER = "preheader"  # only an HTML mail shows it
    BODY = "body.mjml"
    TEXT = "text"
    PUSH = "push"
    LINK = "link"  # where a tap on a push message, or on one in the inbox, leads
    SMS = "sms"
    INBOX = "inbox"


NEEDED: Final[Mapping[Channel, tuple[frozenset[Part], ...]]] = {
    Channel.EMAIL: (frozenset({Part.SUBJECT}), frozenset({Part.TEXT, Part.BODY})),
    Channel.PUSH: (frozenset({Part.PUSH}),),
    Channel.SMS: (frozenset({Part.SMS}),),
    Channel.INBOX: (frozenset({Part.INBOX}),),
}
"""What a channel needs in one language: of each set at least one."""


class Limit(StrEnum):
    """What a rendering can use up."""

    WORK = "work"
    OUTPUT = "output"
    MEMORY = "memory"
    DEPTH = "depth"
    TIME = "time"


class InvalidTemplate(InvalidDefinition):
    """A template cannot be used; the message of each problem begins with its `LANG/PART`."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        super().__init__(problems)
        self.name = name


class NoSuchPart(HubError):
    """No language of the template has what the channel needs."""

    code = "NO_SUCH_PART"

    def __init__(self, name: str, channel: Channel) -> None:
        needed = " and ".join(" or ".join(sorted(parts, reverse=True)) for parts in NEEDED[channel])
        super().__init__(f"The template {name!r} has no {needed} in any language, which {channel} needs.")
        self.channel = channel


class RenderingFailed(HubError):
    """A part met a value that it cannot work with. The sentence names the place, never the value."""

    code = "RENDERING_FAILED"

    def __init__(self, name: str, part: str, reason: str, *, line: int = 0) -> None:
        place = f"{part} line {line}" if line else part
        super().__init__(f"The template {name!r} could not be rendered: {place}, {reason}.")
        self.part = part
        self.line = line or 1
        self.reason = reason


class LimitExceeded(RenderingFailed):
    """A part wanted more than one rendering may use."""

    code = "LIMIT_EXCEEDED"

    def __init__(self, name: str, part: str, limit: Limit, *, line: int = 0) -> None:
        super().__init__(name, part, f"it exceeds the limit of {limit}", line=line)
        self.limit = limit
