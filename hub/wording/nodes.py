"""What a template is mostly made of, text and values, rendered with less ado than python-liquid does by itself.

A mail has some two hundred of them. Each pays for itself, as every node does.
"""

import math
import time
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, TextIO

from liquid import RenderContext, escape
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidError, LoopIterationLimitError, OutputStreamLimitError
from liquid.output import LimitedStringIO
from liquid.stringify import to_liquid_string
from liquid.token import Token

if TYPE_CHECKING:
    from liquid.expression import Expression

WORK_LIMIT: Final = 10_000
"""Units of work in one rendering: each costs one of a tag or output, a name looked up, an iteration, a filtered KiB."""
_UNITS_A_LOOK: Final = 256
"""After so many units somebody looks at the clock: they take well under a millisecond."""


class TimeUsedUp(LiquidError):
    """A rendering has taken longer than it may."""


class Paying(RenderContext):
    """The state of one rendering, with an account of the work it may still do.

    `until` is where the clock of this thread's processor stands (`time.thread_time`) when its time is used up: what
    others do on this machine meanwhile takes nothing of it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.left = WORK_LIMIT
        self.until = math.inf
        # Most parts need less than a look is worth: to ask for the processor's time is a call of the system.
        self._look_at = WORK_LIMIT - _UNITS_A_LOOK
        super().__init__(*args, **kwargs)

    def pay(self, units: int) -> None:
        """Take units from the account.

        Raises:
            LoopIterationLimitError: there are not so many left.
            TimeUsedUp: the time is used up, as far as anybody looks so soon.
        """
        self.left -= units
        if self.left < self._look_at:
            self._look_at = max(0, self.left - _UNITS_A_LOOK)
            if self.left < 0:
                raise LoopIterationLimitError("the work of one rendering is used up", token=None)
            self.look()

    def look(self) -> None:
        """Look at the clock.

        Raises:
            TimeUsedUp: the time is used up.
        """
        if time.thread_time() > self.until:
            raise TimeUsedUp("the time of one rendering is used up", token=None)

    def get(self, path: list[object], **asked: Any) -> object:
        """Pay for looking a name up; mostly it is the key of a dictionary, and found without asking what else it is."""
        self.pay(1)
        try:
            found: Any = self.scope[path[0]]  # type: ignore[index]  # what is no text is not in it
            for name in path[1:]:
                if type(found) is not dict and not isinstance(found, Mapping):
                    return super().get(path, **asked)
                found = found[name]
        except (KeyError, TypeError):
            return super().get(path, **asked)
        return found

    def get_buffer(self, buf: TextIO | None = None) -> LimitedStringIO:
        """Make a buffer that may hold what the one around it has left."""
        limit = self.env.output_stream_limit or 0
        return Bounded(limit - buf.size if isinstance(buf, LimitedStringIO) else limit)


class Bounded(LimitedStringIO):
    """A buffer that takes so many bytes."""

    def write(self, text: str, /) -> int:
        """Take a text, if there is room for it.

        Raises:
            OutputStreamLimitError: there is not.
        """
        self.size += len(text) if text.isascii() else len(text.encode())
        if self.size > self.limit:
            raise OutputStreamLimitError("output stream limit reached", token=None)
        return StringIO.write(self, text)


class _Content(ContentNode):
    __slots__ = ("size",)

    def __init__(self, token: Token, text: str) -> None:
        super().__init__(token, text)
        self.size = len(text.encode())

    def render(self, context: RenderContext, buffer: TextIO) -> int:
        context.pay(1)  # type: ignore[attr-defined]  # every context here is one that pays
        if type(buffer) is not Bounded:
            return buffer.write(self.text)
        buffer.size += self.size
        if buffer.size > buffer.limit:
            raise OutputStreamLimitError("output stream limit reached", token=None)
        return StringIO.write(buffer, self.text)


class _Output(OutputNode):
    __slots__ = ("path", "place")

    def __init__(self, token: Token, expression: "Expression") -> None:
        super().__init__(token, expression)
        plain = isinstance(expression, FilteredExpression) and not expression.filters
        named = expression.left if plain and isinstance(expression, FilteredExpression) else None
        self.path: list[object] | None = None
        if isinstance(named, Path) and not any(isinstance(it, Path) for it in named.path):
            self.path, self.place = list(named.path), named.token

    def render(self, context: RenderContext, buffer: TextIO) -> int:
        context.pay(1)  # type: ignore[attr-defined]  # every context here is one that pays
        found = self.expression.evaluate(context) if self.path is None else context.get(self.path, token=self.place)
        if type(found) is str:
            return buffer.write(escape(found) if context.autoescape else found)
        return buffer.write(to_liquid_string(found, context.autoescape))


class Text(Literal):
    """What stands in a template as it is."""

    node_class = _Content


class Value(Output):
    """What `{{ … }}` stands for."""

    node_class = _Output
