"""What the hub's own pages have in common: how they look, in which language, and what a browser may do with them.

They work without JavaScript. A link in a message may be fetched by a scanner: GET only shows, POST acts.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from hub.kit.languages import LAST_RESORT, by_nearness

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_HERE: Final = Path(__file__).parent
_MOST_WISHES: Final = 10
_PAGES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "html"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@cache
def texts(name: str) -> dict[str, dict[str, Any]]:
    """Read what a page says, by language: `texts/NAME.LANG.json`."""
    files = sorted((_HERE / "texts").glob(f"{name}.*.json"))
    return {file.name.split(".")[1]: json.loads(file.read_text(encoding="utf-8")) for file in files}


def language_of(request: Request, name: str) -> str:
    """Choose the language in which a browser's user would rather read a page."""
    wishes: list[tuple[float, str]] = []
    for wish in request.headers.get("accept-language", "").split(",")[:_MOST_WISHES]:
        tag, _, quality = wish.strip().partition(";q=")
        try:
            wishes.append((-float(quality or 1), tag))
        except ValueError:
            continue
    known = texts(name)
    for _, tag in sorted(wishes, key=lambda wish: wish[0]):
        nearest = by_nearness(known, tag)[0]
        if tag.casefold().startswith(nearest):
            return nearest
    return LAST_RESORT


def page(
    name: str, language: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    """Show the page `html/NAME.html` in a language; it finds what it says under `say`."""
    content = _PAGES.get_template(f"{name}.html").render(language=language, say=texts(name)[language], **values)
    return Response(content, status, media_type="text/html", headers={**HEADERS, **(headers or {})})


def text_in(form: FormData, name: str) -> str:
    """Read one field of a form; empty where it is left out, or is a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""
