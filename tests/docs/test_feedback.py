from hub.messaging import reports
from hub.messaging.reports import SOFT_BOUNCES, SOFT_WINDOW
from hub.profiles.keywords import WORDINGS
from tests.docs.pages import ROOT, code_words, section

PAGE = (ROOT / "docs" / "feedback.md").read_text(encoding="utf-8")


def test_every_event_that_reports_announce_is_explained() -> None:
    told = code_words(section(PAGE, "## What becomes of a message"))

    assert set(reports._NAMES.values()) <= told


def test_every_wording_is_listed_with_its_keyword() -> None:
    rows = section(PAGE, "## SMS that come in").splitlines()
    listed = {
        name: code_words(row) for name in ("STOP", "START", "HELP") for row in rows if row.startswith(f"| {name} | `")
    }

    assert listed == {keyword.name: set(wordings) for keyword, wordings in WORDINGS.items()}


def test_the_page_says_how_many_passing_bounces_wear_an_address_out() -> None:
    assert (SOFT_BOUNCES, SOFT_WINDOW.days) == (5, 30)
    assert "at the fifth within 30 days" in section(PAGE, "## Addresses")
