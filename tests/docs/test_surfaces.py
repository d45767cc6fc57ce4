"""`docs/surfaces.md` explains every surface."""

from hub.messaging.surfaces import Surface
from tests.docs.pages import ROOT, first_column, section

PAGE = (ROOT / "docs" / "surfaces.md").read_text(encoding="utf-8")


def test_every_surface_is_explained() -> None:
    whole = section(PAGE, "# Surfaces: where customers meet what you say")

    assert first_column(whole.partition("\n## ")[0]) == set(Surface)
