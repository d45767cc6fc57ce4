"""A picture of an e-mail, by the Chromium that is on this machine, if there is one."""

import json
import os
import shutil
import subprocess
import tempfile
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from runtime.errors import Broken, NotReady

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS: Final = 60
_HEIGHT: Final = 1_600
# The mail stands in a frame of the wished width: no window of Chromium is as narrow as a phone.
_PAGE: Final = """<!doctype html><meta charset="utf-8"><style>body {{ margin: 0 }} iframe {{ border: 0 }}</style>
<iframe sandbox="allow-same-origin" width="{width}" height="{height}" srcdoc="{html}"></iframe>
<script>onload = () => {{
  const seen = document.querySelector("iframe").contentDocument.documentElement;
  document.title = JSON.stringify({{ width: seen.scrollWidth, height: seen.scrollHeight }});
}}</script>"""


def chromium() -> str | None:
    """Find the browser. None where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def take(html: str, file: Path, *, width: int, height: int = _HEIGHT, public_url: str = "") -> None:
    """Write a PNG of an e-mail as a mailbox of this width in pixels shows it.

    Pictures in the mail are fetched from `public_url` only; nothing in it is run.

    Raises:
        NotReady: there is no Chromium.
        Broken: Chromium made no picture.
    """
    with tempfile.TemporaryDirectory() as folder:
        size = f"--window-size={width},{height}"
        _run(html, Path(folder), width, height, public_url, f"--screenshot={Path(folder) / 'mail.png'}", size)
        made = Path(folder) / "mail.png"
        if not made.exists():
            raise Broken("Chromium made no picture of the mail.")
        shutil.copyfile(made, file)


def measure(html: str, *, width: int) -> tuple[int, int]:
    """Tell how wide and high an e-mail is in a mailbox of this width, in pixels: wider is scrolled sideways.

    Raises:
        NotReady: there is no Chromium.
        Broken: Chromium did not tell.
    """
    with tempfile.TemporaryDirectory() as folder:
        page = _run(html, Path(folder), width, _HEIGHT, "", "--dump-dom")
    title = page.partition("<title>")[2].partition("</title>")[0]
    if not title:
        raise Broken("Chromium did not tell how large the mail is.")
    seen = json.loads(title)
    return seen["width"], seen["height"]


def _run(html: str, folder: Path, width: int, height: int, public_url: str, *what: str) -> str:
    browser = chromium()
    if browser is None:
        raise NotReady("There is no Chromium on this machine, which takes the picture: install Debian's `chromium`.")
    page = folder / "page.html"
    page.write_text(_PAGE.format(width=width, height=height, html=escape(html)), encoding="utf-8")
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
