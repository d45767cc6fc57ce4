"""The links of a message as they are measured: led through the hub, with campaign parameters and a picture.

Only addresses of the web are led through the hub, and never its own: an unsubscribe link stays what it is.
"""

import re
from collections.abc import Callable
from html import escape, unescape
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

LONGEST: Final = 2_000
"""Characters of an address; a longer one is left as it is. Browsers and mail programs cut off what is much longer."""

_WEB: Final = frozenset({"http", "https"})
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\\"<>^`{|}]")
_TAG: Final = re.compile(r"""<(?:a|area|v:[a-z]+)\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>""", re.IGNORECASE)
_HREF: Final = re.compile(r"""(\shref\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_IN_TEXT: Final = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_BEHIND: Final = ".,;:!?"
_BODY_END: Final = re.compile(r"</body\s*>", re.IGNORECASE)


def is_web_address(text: str) -> bool:
    """Tell whether a link may be led through the hub: an address of the web, of a host, without a user in it."""
    if len(text) > LONGEST or _UNSAFE.search(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme.lower() in _WEB and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def html_led(html: str, lead: Callable[[str], str]) -> str:
    """Give the HTML with every link to the web as `lead` makes it."""

    def link(found: re.Match[str]) -> str:
        written = found[2] if found[2] is not None else found[3]
        address = unescape(written).strip()
        led = lead(address) if is_web_address(address) else address
        return found[0] if led == address else f'{found[1]}"{escape(led)}"'

    return _TAG.sub(lambda tag: _HREF.sub(link, tag[0], count=1), html)


def text_led(text: str, lead: Callable[[str], str]) -> str:
    """Give the text with every address of the web as `lead` makes it. A full stop behind one is none of it."""

    def address(found: re.Match[str]) -> str:
        written = found[0]
        bare = written.rstrip(_BEHIND)
        while bare.endswith(")") and bare.count(")") > bare.count("("):
            bare = bare[:-1].rstrip(_BEHIND)
        return (lead(bare) if is_web_address(bare) else bare) + written[len(bare) :]

    return _IN_TEXT.sub(address, text)


def addresses_in(text: str) -> list[str]:
    """List what could be an address of the web in a text, each with what stands right behind it."""
    return _IN_TEXT.findall(text)


def with_picture(html: str, address: str) -> str:
    """Put a picture of one pixel at the end of the HTML."""
    picture = f'<img src="{escape(address)}" alt="" width="1" height="1" style="display:block;border:0">'
    ends = list(_BODY_END.finditer(html))
    end = ends[-1].start() if ends else len(html)
    return f"{html[:end]}{picture}{html[end:]}"


def with_parameters(address: str, parameters: dict[str, str]) -> str:
    """Add parameters to an address, but none that it has already."""
    parts = urlsplit(address)
    known = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = urlencode({name: value for name, value in parameters.items() if name not in known}, quote_via=quote)
    query = "&".join(filter(None, (parts.query, added)))
    return urlunsplit(parts._replace(query=query))
