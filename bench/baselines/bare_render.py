"""The same mail by python-liquid and MJML alone.

Fair, for both are used as their makers say: parsed once, values escaped, no fonts fetched. It bounds nothing, and keeps
no line breaks out of the subject.
"""

from collections.abc import Mapping
from typing import Any

import mjml
from liquid import Environment

_HTML = Environment(autoescape=True)
_TEXT = Environment()


class BareMail:
    """A mail that is rendered with nothing around it."""

    def __init__(self, subject: str, body: str, text: str) -> None:
        self._subject = _TEXT.from_string(subject)
        self._body = _HTML.from_string(body)
        self._text = _TEXT.from_string(text)

    def render(self, values: Mapping[str, Any]) -> tuple[str, str, str]:
        """Give the subject, the text and the HTML."""
        html = mjml.mjml2html(self._body.render(**values), fonts={})
        return self._subject.render(**values), self._text.render(**values), html
