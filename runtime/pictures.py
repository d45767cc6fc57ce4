"""A picture of an e-mail, by the Chromium that is on this machine, if there is one."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from runtime.errors import Broken, NotReady

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS: Final = 60
_TALLEST: Final = 8_000
"""Pixels: more of a mail nobody looks at."""
# A mail stands in a frame of the wished width: no window of Chromium is as narrow as a phone.
_PAGE: Final = """<!doctype html><meta charset="utf-8">
<style>body {{ margin: 0 }} iframe {{ border: 0; display: block }}</style>
{frames}
<script>onload = () => {{
  const seen = [...document.querySelectorAll("iframe")].map(it => it.contentDocument.documentElement);
  document.title = JSON.stringify(seen.map(it => [it.scrollWidth, it.scrollHeight]));
}}</script>"""
_FRAME: Final = '<iframe sandbox="allow-same-origin" width="{width}" height="{height}" srcdoc="{html}"></iframe>'
_LOW: Final = 10
"""Pixels: in a frame that is lower than its mail, the mail says how high it is."""


def chromium() -> str | None:
    """Find the browser. None where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def take(html: str, file: Path, *, width: int, public_url: str = "") -> None:
    """Write a PNG of an e-mail as a mailbox of this width in pixels shows it.

    Pictures in the mail are fetched from `public_url` only; nothing in it is run.

    Raises:
        NotReady: there is no Chromium.
        Broken: Chromium made no picture.
    """
    ((_, needed),) = measure([(html, width)])
    height = min(needed, _TALLEST)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "mail.png"
        frame = _FRAME.format(width=width, height=height, html=escape(html))
        _run(frame, Path(folder), public_url, f"--screenshot={made}", f"--window-size={width},{height}")
        if not made.exists():
            raise Broken("Chromium made no picture of the mail.")
        shutil.copyfile(made, file)


def measure(mails: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
    """Tell how wide and high e-mails are in mailboxes of these widths, in pixels: wider is scrolled sideways.

    Raises:
        NotReady: there is no Chromium.
        Broken: Chromium did not tell.
    """
    frames = "\n".join(_FRAME.format(width=width, height=_LOW, html=escape(html)) for html, width in mails)
    with tempfile.TemporaryDirectory() as folder:
        page = _run(frames, Path(folder), "", "--dump-dom")
    title = page.partition("<title>")[2].partition("</title>")[0]
    if not title:
        raise Broken("Chromium did not tell how large the mail is.")
    return [(width, height) for width, height in json.loads(title)]


def _run(frames: str, folder: Path, public_url: str, *what: str) -> str:
    browser = chromium()
    if browser is None:
        raise NotReady("There is no Chromium on this machine, which takes the picture: install Debian's `chromium`.")
    page = folder / "page.html"
    page.write_text(_PAGE.format(frames=frames), encoding="utf-8")
    host = urlsplit(public_url).hostname
    known = f", EXCLUDE {host}" if host else ""
    words = [
        browser,
        "--headless=new",
        "--hide-scrollbars",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        f"--user-data-dir={folder / 'profile'}",
        f"--host-resolver-rules=MAP * ~NOTFOUND{known}",
        # Chromium's own sandbox does not start as root; the page runs nothing of the mail.
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        *what,
        page.as_uri(),
    ]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - found on PATH
    except subprocess.TimeoutExpired:
        raise Broken(f"Chromium did not answer within {_SECONDS} seconds.") from None
    return done.stdout
