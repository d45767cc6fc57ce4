"""A code as a picture: QR for a phone's camera, Code 128 for the scanner at the till. Both are SVG."""

import io

import barcode
import segno
from barcode.writer import SVGWriter


def qr(text: str) -> str:
    """Draw a QR code: SVG without a size of its own, with a quiet zone, readable when a quarter of it is hidden."""
    drawn = io.BytesIO()
    segno.make(text, error="q", micro=False).save(drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, nl=False)
    return drawn.getvalue().decode()


def code128(text: str) -> str:
    """Draw a Code 128 barcode: SVG in millimetres, without the text below it."""
    drawn = barcode.Code128(text, writer=SVGWriter()).render({"write_text": False, "module_height": 14.0})
    svg = drawn.decode() if isinstance(drawn, bytes) else str(drawn)
    return svg[svg.index("<svg") :].strip()
