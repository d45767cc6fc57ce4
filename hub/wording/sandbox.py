"""Liquid that cannot hurt: what a template may do is bounded, and files, loaders and other templates do not exist.

python-liquid has four limits, all off by default; here all are on. They leave ways to keep a processor busy for
seconds, which the account of `_Allowance` closes: loops one behind the other (only nested ones are multiplied), blocks
that write nothing, assignments (each measures all that went before), and filters (`replace` squares a string before
anything looks at it, `uniq` compares each item with all others). Beside the account there is a clock, which is looked
at while the account is charged, and after each filter: so no rendering takes longer than `CPU_LIMIT` and one step.
"""

import time
from collections.abc import Callable, Mapping, Sized
from functools import lru_cache, partial
from typing import Any, Final

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError, OutputStreamLimitError
from liquid.token import Token

from hub.wording.nodes import Bounded, Paying, Text, Value

CPU_LIMIT: Final = 0.1
"""Seconds of this thread's processor that one message may take."""
VALUE_LIMIT: Final = 64 * 1024
"""How long a string may get on its way through a filter, in characters."""
ITEMS_LIMIT: Final = 8 * 1024
"""How long a list may get on its way through a filter."""

_LONGEST: Final = {"date": 256}
"""How long a string may be that these filters take: they are slow with what is much longer than they are meant for."""
_PAIRS_A_UNIT: Final = 100
_KIB: Final = 1024
_LOCALS_A_UNIT: Final = 16


class _Allowance(Paying):
    """An account that is charged for all that a rendering does."""

    @property
    def disabled_tags(self) -> list[str]:
        """Pay for a node: python-liquid asks this of the context before it renders any. None is ever disabled."""
        self.pay(1)
        return []

    @disabled_tags.setter
    def disabled_tags(self, tags: list[str]) -> None:
        """Ignore what the base class initialises: only the tags that fetch a template would disable others."""

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Pay for every iteration of a loop that is about to begin."""
        super().raise_for_loop_limit(length)
        self.pay(length)

    def assign(self, key: str, val: Any) -> None:
        """Pay for measuring the names that are already there."""
        self.pay(len(self.locals) // _LOCALS_A_UNIT)
        super().assign(key, val)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """Find a filter and bound what it takes and gives."""
        return partial(self._filtered, name, super().filter(name, token))

    def _filtered(self, name: str, function: Callable[..., object], value: object, *args: Any, **named: Any) -> object:
        size = _size_of(value)
        self.pay(1 + size // _KIB + (size * size // _PAIRS_A_UNIT if name == "uniq" else 0))
        if size > _LONGEST.get(name, VALUE_LIMIT) or _size_after(name, value, args) > VALUE_LIMIT or _is_long(value):
            raise OutputStreamLimitError("a filter's value is too long", token=None)
        result = function(value, *args, **named)
        self.look()
        if _size_of(result) > VALUE_LIMIT or _is_long(result):
            raise OutputStreamLimitError("a filter's value is too long", token=None)
        return result


class _Sandbox(Environment):
    """What the hub renders in: a name that is missing renders empty."""

    loop_iteration_limit = 2_000
    output_stream_limit = 128 * 1024  # bytes
    local_namespace_limit = 64 * 1024  # bytes, as sys.getsizeof sees them
    context_depth_limit = 12  # four are taken at the start: eight loops inside each other
    block_nesting_limit = 24

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register what Liquid has, without the two tags that fetch another template."""
        super().setup_tags_and_filters(extra=extra)
        del self.tags["include"]
        del self.tags["render"]
        self.add_tag(Text)
        self.add_tag(Value)


class _HtmlSandbox(_Sandbox):
    """The same for HTML: every value is escaped, and no filter says that one need not be."""

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register what the sandbox has, without the filter that lets a customer write HTML."""
        super().setup_tags_and_filters(extra=extra)
        del self.filters["safe"]


_SANDBOX: Final = _Sandbox(autoescape=False)
_HTML_SANDBOX: Final = _HtmlSandbox(autoescape=True)
FILTERS: Final = frozenset(_SANDBOX.filters)
HTML_FILTERS: Final = frozenset(_HTML_SANDBOX.filters)


@lru_cache(maxsize=512)
def parse(source: str, *, html: bool = False) -> BoundTemplate:
    """Parse one part of a template; a part that is rendered again is found parsed. Values in `html` are escaped.

    Raises:
        LiquidError: it is not Liquid.
    """
    return (_HTML_SANDBOX if html else _SANDBOX).from_string(source)


def until() -> float:
    """Tell where the clock of this thread's processor stands when a message that is begun now has used up its time."""
    return time.thread_time() + CPU_LIMIT


def render(template: BoundTemplate, names: Mapping[str, object], *, until: float) -> str:
    """Render one part.

    Args:
        template: as it was parsed here.
        names: what it may read.
        until: see the function of this name: for all parts of a message it is the same.

    Raises:
        LiquidError: a limit, or whatever Python raises for an odd value.
    """
    # Neither the sandbox nor its templates have names of their own: there is no chain of them to walk.
    context = _Allowance(template, globals=names)
    context.until = until
    buffer = Bounded(_Sandbox.output_stream_limit)
    template.render_with_context(context, buffer)
    return buffer.getvalue()


def filters_of(template: BoundTemplate) -> dict[str, int]:
    """List the filters that a template names, each with the offset of its first use.

    python-liquid looks a filter up when it runs, which is when a customer waits for the message.
    """
    return {name: spans[0].index for name, spans in template.analyze(include_partials=False).filters.items()}


def offset_of(error: LiquidError, source: str) -> int:
    """Tell where in `source` a fault is; one without a place was found where the source ends."""
    token = error.token
    if token is None or token.start_index < 0 or token.source != source:
        return len(source.rstrip())
    return token.start_index


def _size_of(value: object) -> int:
    if isinstance(value, int):
        return value.bit_length() // 8
    return len(value) if isinstance(value, Sized) else 0


def _is_long(value: object) -> bool:
    return isinstance(value, Sized) and not isinstance(value, str) and len(value) > ITEMS_LIMIT


def _size_after(name: str, value: object, args: tuple[Any, ...]) -> int:
    """Foresee the length of what the two filters make that can square their input."""
    match name, args:
        case "replace", (sought, put, *_):
            return (str(value).count(str(sought)) + 1) * len(str(put))
        case "join", (between, *_):
            return _size_of(value) * len(str(between))
        case _:
            return 0
