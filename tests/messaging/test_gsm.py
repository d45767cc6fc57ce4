"""SMS are counted as phones do: figures of 3GPP TS 23.038."""

import pytest

from hub.wording.gsm import Size, size_of


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Size("GSM-7", 0, 1)),
        ("Grüße à la carte", Size("GSM-7", 16, 1)),
        ("x" * 160, Size("GSM-7", 160, 1)),
        ("x" * 161, Size("GSM-7", 161, 2)),
        ("x" * 306, Size("GSM-7", 306, 2)),
        ("x" * 307, Size("GSM-7", 307, 3)),
        ("9.95 €", Size("GSM-7", 7, 1)),
        ("€" * 80, Size("GSM-7", 160, 1)),
        ("x" * 152 + "€" + "x" * 152, Size("GSM-7", 306, 3)),
        ("Servus ç", Size("UCS-2", 8, 1, "ç")),
        ("я" * 70, Size("UCS-2", 70, 1, "я")),
        ("я" * 71, Size("UCS-2", 71, 2, "я")),
        ("🛒" * 35, Size("UCS-2", 70, 1, "🛒")),
        ("🛒" * 36, Size("UCS-2", 72, 2, "🛒")),
        ("я" * 66 + "🛒" + "я" * 66, Size("UCS-2", 134, 3, "я")),
    ],
)
def test_a_text_takes_so_many_sms(text: str, size: Size) -> None:
    assert size_of(text) == size


def test_the_count_says_which_character_made_it_dear() -> None:
    assert str(size_of("Hi “there”" * 10)) == "2 SMS (100 units of UCS-2 because of '“')"
