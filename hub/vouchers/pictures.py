"""A code as a picture: QR for a phone's camera, Code 128 for the scanner at the till. Both are SVG."""

import io
import re
from typing import Final

import barcode
import segno

QUIET: Final = 10
"""Modules of white that a scanner wants on both sides of the bars."""
HEIGHT: Final = 60


def qr(text: str) -> str:
    """Draw a QR code: SVG without a size of its own, with a quiet zone, readable when a quarter of it is hidden."""
    drawn = io.BytesIO()
    segno.make(text, error="q", micro=False).save(drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, nl=False)
    return drawn.getvalue().decode()


def code128(text: str) -> str:
    """Draw a Code 128 barcode: SVG without a size of its own, with quiet zones; it may be stretched either way."""
    modules = "".join(barcode.Code128(text).build())
    bars = "".join(f"M{QUIET + it.start()} 0h{len(it[0])}v{HEIGHT}h-{len(it[0])}z" for it in re.finditer("1+", modules))
    size = f"0 0 {len(modules) + 2 * QUIET} {HEIGHT}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" preserveAspectRatio="none" class="code128">'
    return f'{head}<path d="{bars}"/></svg>'
