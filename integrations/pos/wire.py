"""Bodies of the till's REST: one message as JSON, and how it is said what is wrong with one."""

import re
from typing import Final, TypeVar

import msgspec

from hub.commerce.model import FulfilmentKind
from hub.kit.errors import HubError
from hub.tills.model import MessageRefused

T = TypeVar("T")

_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_AMOUNTS: Final = frozenset({"total", "tax", "discount", "price", "amount"})


class Unreadable(HubError):
    """The body is no JSON at all."""

    code = "BAD_REQUEST"


def read(body: bytes | msgspec.Raw, message: type[T]) -> T:
    """Read a message.

    Raises:
        Unreadable: it is not JSON.
        MessageRefused: it is, and not such a message; the sentence names the place and never the value.
    """
    try:
        return msgspec.json.decode(body, type=message)
    except msgspec.ValidationError as error:
        raise _refused(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("The body is not JSON.") from None


def _refused(said: str) -> MessageRefused:
    found = _PLACE.match(said)
    what, path = (found["what"], found["path"] or "") if found else (said, "")
    if path.rpartition(".")[2] in _AMOUNTS:
        return MessageRefused(
            path, f'`{path}` is a decimal text such as "19.90", or an object such as {{"minor": 1990}}.'
        )
    if "enum value" in what:
        # It quotes the value, which may be anything.
        what = f"Expected one of {', '.join(FulfilmentKind)}"
    return MessageRefused(path, f"`{path}`: {what}." if path else f"{what}.")
