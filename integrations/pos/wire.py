"""Bodies of the till's REST: one message or a batch as JSON, and how it is said what is wrong with one."""

import re
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from hub.commerce.model import FulfilmentKind
from hub.kit.errors import HubError
from hub.tills.model import MOST_AT_ONCE, Message, MessageRefused

T = TypeVar("T")

_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_AMOUNTS: Final = frozenset({"total", "tax", "discount", "price", "amount"})
_KINDS: Final = "customer, order, refund"


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Messages that come together, each still raw, so that a bad one does no harm to the others."""

    messages: Annotated[list[msgspec.Raw], Meta(max_length=MOST_AT_ONCE)]


class Unreadable(HubError):
    """The body is no JSON at all."""

    code = "BAD_REQUEST"


def read(body: bytes | msgspec.Raw, message: type[T]) -> T:
    """Read a message or a batch.

    Raises:
        Unreadable: it is not JSON.
        MessageRefused: it is, and not what is wanted; the sentence names the place and never the value.
    """
    found: T = _read(body, message)
    return found


def read_any(body: msgspec.Raw) -> Message:
    """Read a message of a batch, which says by its `type` what it is; as `read`."""
    found: Message = _read(body, Message)
    return found


def _read(body: bytes | msgspec.Raw, message: Any) -> Any:
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
    # These quote the value, which may be anything.
    if "enum value" in what:
        what = f"Expected one of {', '.join(FulfilmentKind)}"
    elif what.startswith("Invalid value"):
        what = f"Expected one of {_KINDS}"
    return MessageRefused(path, f"`{path}`: {what}." if path else f"{what}.")
