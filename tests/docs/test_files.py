"""`docs/files.md` names every code of a refused row, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("hub/bulk/rows.py", "hub/bulk/imports.py", "integrations/files/columns.py", "integrations/files/reading.py")
RAISED = re.compile(r'(?:BadRow\(|Refused\(number, )"([a-z0-9_]+)"')
TOLD = re.compile(r"`([a-z0-9_]+)`")
AS_FOR_A_CALL = {"invalid", "missing_identity", "too_large", "too_deep", "not_storable", "unknown_member"}


def test_the_page_names_every_code_of_a_refused_row_and_no_other() -> None:
    raised = {code for name in SOURCES for code in RAISED.findall((ROOT / name).read_text(encoding="utf-8"))}
    page = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    rows = page.split("| code | means |")[1].split("## Out")[0].splitlines()
    told = {code for row in rows for code in TOLD.findall(row.split("|")[1] if row.startswith("| `") else "")}

    assert told == raised | AS_FOR_A_CALL | {
        "bad_order",
        "bad_review",
    }  # which are the codes of orders and reviews themselves
