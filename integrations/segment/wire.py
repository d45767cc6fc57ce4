"""Bodies of the Segment tracking spec: gzip, the size of a batch, and the calls inside it as raw JSON."""

import re
import zlib
from datetime import datetime
from typing import Any, Final, Self

import msgspec

from hub.kit.errors import HubError

MOST_BYTES: Final = 500 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS


class Unreadable(HubError):
    """The body as a whole cannot be used: a client must not send it again."""

    code = "BAD_REQUEST"

    @classmethod
    def too_large(cls) -> Self:
        """Say that the body, as sent or unpacked, has more bytes than a batch may have."""
        return cls(f"The body has more than {MOST_BYTES} bytes.")


class Batch(msgspec.Struct, rename="camel"):
    """Calls that came together, each still raw, so that a bad one is found without harm to the others.

    `sent_at` and `write_key` may be anything: an SDK that gets them wrong loses no events by it.
    """

    batch: list[msgspec.Raw]
    sent_at: Any = None
    write_key: Any = None


_batch: Final = msgspec.json.Decoder(Batch)
_marks: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
"""What gives JSON its shape: whole texts, so that nothing inside them counts, brackets, commas, a text without end."""
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def unpacked(body: bytes, encoding: str | None) -> bytes:
    """Undo gzip, and never more of it than a batch may have.

    Raises:
        Unreadable: it is too large, or no gzip.
    """
    if encoding and encoding.lower() == "gzip":
        inflator = zlib.decompressobj(_GZIP)
        try:
            body = inflator.decompress(body, MOST_BYTES + 1)
        except zlib.error:
            raise Unreadable("The body is not gzip, as its Content-Encoding says.") from None
        if not inflator.eof and len(body) <= MOST_BYTES:
            raise Unreadable("The gzip body ends too early.")
    if len(body) > MOST_BYTES:
        raise Unreadable.too_large()
    return body


def read_batch(body: bytes) -> Batch:
    """Read a batch.

    Raises:
        Unreadable: it is not JSON, or has no list `batch`.
    """
    try:
        return _batch.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable(f"The body is not a batch: {error}.") from None
    except (msgspec.DecodeError, RecursionError) as error:
        # One call may hold what JSON must not (NaN, half a character, endless nesting): the others are good.
        if (batch := _torn_apart(body)) is None:
            raise Unreadable(f"The body is not a batch: {error}.") from None
        return batch


def _torn_apart(body: bytes) -> Batch | None:
    """Cut a batch into its calls by its shape alone. None where even that cannot be made out."""
    calls: list[msgspec.Raw] = []
    depth = begin = envelope = 0
    before = b""
    for found in _marks.finditer(body):
        mark = found[0]
        if mark == b'"':
            return None
        if mark == b"[" and depth == 1 and before == b'"batch"' and not begin:
            begin = envelope = found.end()
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
        if begin and (depth == 1 or (depth == 2 and mark == b",")):  # noqa: PLR2004 - an envelope, and its list
            calls.append(msgspec.Raw(body[begin : found.start()]))
            begin = found.end()
        if begin and depth == 1:
            return _enveloped(body[:envelope] + body[found.start() :], calls)
        before = mark
    return None


def _enveloped(envelope: bytes, calls: list[msgspec.Raw]) -> Batch | None:
    try:
        batch = _batch.decode(envelope)
    except (msgspec.DecodeError, RecursionError):
        return None
    batch.batch = calls
    return batch


def read_single(body: bytes, kind: str) -> Batch:
    """Read a single call as a batch of one, giving it the type that its path named.

    Raises:
        Unreadable: it is not a JSON object.
    """
    try:
        fields = _object.decode(body)
        fields["type"] = msgspec.Raw(msgspec.json.encode(kind))
        return read_batch(msgspec.json.encode({"batch": [fields], **_beside(fields)}))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"The body is not a call: {error}.") from None


def time_of(sent_at: object) -> datetime | None:
    """Read the sender's clock, if it gave one that can be read."""
    try:
        return msgspec.convert(sent_at, datetime) if isinstance(sent_at, str) else None
    except msgspec.ValidationError:
        return None


def _beside(fields: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    return {name: fields[name] for name in ("sentAt", "writeKey") if name in fields}
