"""What sort of picture some bytes are, and how large: told by the bytes, whatever their file is called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.kit.errors import HubError

LARGEST_BYTES: Final = 360 * 1024
"""A mail with heavier pictures is not read on the way to work; and it fits into one request of the API."""
MOST_PIXELS: Final = 8_000
"""On each side: a small file can be a picture that no phone has the memory for."""

_START_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_MARKER: Final = 0xFF
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})


class BadAsset(HubError):
    """Some bytes are no picture that a mail can show."""

    code = "BAD_ASSET"


@dataclass(frozen=True, slots=True)
class Picture:
    """What the bytes are: the ending of their file, their media type, and how many pixels they are wide and high."""

    ending: str
    media_type: str
    width: int
    height: int


def picture_of(content: bytes) -> Picture:
    """Tell what a picture is.

    Raises:
        BadAsset: it is none that mailboxes show, or it is too large.
    """
    if len(content) > LARGEST_BYTES:
        raise BadAsset(f"The picture has {len(content)} bytes, and may have {LARGEST_BYTES}: save it smaller.")
    for begins, ending, media_type in _KINDS:
        if content.startswith(begins):
            size = _SIZES[ending](content)
            if size is None:
                raise BadAsset(f"The picture begins as {ending} and does not go on as one.")
            if not (min(size) > 0 and max(size) <= MOST_PIXELS):
                raise BadAsset(f"The picture is {size[0]} x {size[1]} pixels, and may have {MOST_PIXELS} on each side.")
            return Picture(ending, media_type, *size)
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")):
        raise BadAsset("SVG is refused: it can run scripts, and most mailboxes do not show it. Save it as PNG.")
    raise BadAsset("These bytes are no picture: there are PNG, JPEG, GIF and WebP.")


def _png(content: bytes) -> tuple[int, int] | None:
    if content[12:16] != b"IHDR" or b"IEND" not in content[-16:]:
        return None
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def _gif(content: bytes) -> tuple[int, int] | None:
    if content[:6] not in {b"GIF87a", b"GIF89a"} or not content.endswith(b";"):
        return None
    return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """Walk the segments to the one that says how large the picture is."""
    at = 2
    while at + 9 < len(content) and content[at] == _MARKER:
        marker = content[at + 1]
        if marker in _START_OF_FRAME:
            height, width = int.from_bytes(content[at + 5 : at + 7]), int.from_bytes(content[at + 7 : at + 9])
            return width, height
        if marker == _MARKER:  # filled up with one more
            at += 1
        else:
            at += 2 if marker in _ALONE else 2 + int.from_bytes(content[at + 2 : at + 4])
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if content[8:12] != b"WEBP" or len(content) < 30:  # noqa: PLR2004 - the longest of the three heads
        return None
    if kind == b"VP8X":
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if kind == b"VP8L" and content[20] == 0x2F:  # noqa: PLR2004 - the signature of the format
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        size = int.from_bytes(content[26:28], "little"), int.from_bytes(content[28:30], "little")
        return size[0] & 0x3FFF, size[1] & 0x3FFF
    return None


_KINDS: Final = (
    (b"\x89PNG\r\n\x1a\n", "png", "image/png"),
    (b"\xff\xd8\xff", "jpg", "image/jpeg"),
    (b"GIF8", "gif", "image/gif"),
    (b"RIFF", "webp", "image/webp"),
)
_SIZES: Final[Mapping[str, Callable[[bytes], tuple[int, int] | None]]] = {
    "png": _png,
    "jpg": _jpeg,
    "gif": _gif,
    "webp": _webp,
}
