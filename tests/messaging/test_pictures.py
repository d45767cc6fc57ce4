"""What a picture is, its bytes say; what none is, or too large, is refused with the reason."""

import struct

import pytest

from hub.wording.pictures import LARGEST_BYTES, BadAsset, Picture, picture_of


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + bytes(9) + b"\0\0\0\0IEND\xaeB`\x82"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def jpeg(width: int, height: int) -> bytes:
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    return head + b"\xff\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03\x01\x11\0\xff\xd9"


def webp(head: bytes) -> bytes:
    return b"RIFF\x40\0\0\0WEBP" + head + bytes(20)


LOSSY = b"VP8 \x20\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480)
LOSSLESS = b"VP8L\x20\0\0\0\x2f" + struct.pack("<I", 639 | 479 << 14)
EXTENDED = b"VP8X\x0a\0\0\0\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("content", "picture"),
    [
        (png(640, 480), Picture("png", "image/png", 640, 480)),
        (gif(640, 480), Picture("gif", "image/gif", 640, 480)),
        (jpeg(640, 480), Picture("jpg", "image/jpeg", 640, 480)),
        *((webp(head), Picture("webp", "image/webp", 640, 480)) for head in (LOSSY, LOSSLESS, EXTENDED)),
    ],
)
def test_the_bytes_say_what_a_picture_is_and_how_large(content: bytes, picture: Picture) -> None:
    assert picture_of(content) == picture


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "These bytes are no picture: there are PNG, JPEG, GIF and WebP."),
        (b"<html><script>", "These bytes are no picture: there are PNG, JPEG, GIF and WebP."),
        (
            b'\xef\xbb\xbf\n<svg xmlns="http://www.w3.org/2000/svg"/>',
            "SVG is refused: it can run scripts, and most mailboxes do not show it. Save it as PNG.",
        ),
        (b"\x89PNG\r\n\x1a\n<script>", "The picture begins as png and does not go on as one."),
        (b"\xff\xd8\xff<script>", "The picture begins as jpg and does not go on as one."),
        (b"GIF89a<script>", "The picture begins as gif and does not go on as one."),
        (b"RIFF\0\0\0\0WAVE<script>", "The picture begins as webp and does not go on as one."),
        (gif(640, 480)[:-1], "The picture begins as gif and does not go on as one."),
        (png(9000, 1), "The picture is 9000 x 1 pixels, and may have 8000 on each side."),
        (png(0, 1), "The picture is 0 x 1 pixels, and may have 8000 on each side."),
        (bytes(LARGEST_BYTES + 1), "The picture has 368641 bytes, and may have 368640: save it smaller."),
    ],
)
def test_what_is_no_picture_for_a_mail_is_refused_with_the_reason(content: bytes, said: str) -> None:
    with pytest.raises(BadAsset) as refused:
        picture_of(content)

    assert refused.value.message == said


def test_every_beginning_of_a_picture_is_told_or_refused() -> None:
    for whole in (png(640, 480), gif(640, 480), jpeg(640, 480), webp(LOSSY), webp(LOSSLESS), webp(EXTENDED)):
        for length in range(len(whole)):
            try:
                assert picture_of(whole[:length]).width == 640
            except BadAsset:
                continue
