"""Voucher codes: hard to guess, and every slip of a finger is found."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.database import Database
from hub.kit import ids
from hub.profiles.codes import ALPHABET
from hub.settings import Settings
from hub.vouchers import pictures
from hub.vouchers.codes import LENGTH, Codes, code_form, code_of, shown, voucher_id

CODES = st.binary(min_size=10, max_size=32).map(code_of)


def test_a_code_follows_from_its_random_bytes() -> None:
    assert code_of(bytes(range(16))) == "FG3T06C1A82GG3RF"


@given(CODES)
def test_a_code_is_found_however_it_is_written(code: str) -> None:
    assert (len(code), set(code) <= set(ALPHABET)) == (LENGTH, True)
    alike = code.replace("1", "l").replace("0", "o")
    for written in (code, code.lower(), alike, shown(code), f" {shown(code)} ", f"https://shop.example/q/{code}/"):
        assert code_form(written) == code


@given(CODES)
def test_every_wrong_character_at_every_place_makes_it_no_code(code: str) -> None:
    for place in range(LENGTH):
        for other in set(ALPHABET) - {code[place]}:
            assert code_form(code[:place] + other + code[place + 1 :]) is None


@given(CODES)
def test_any_two_that_changed_places_make_it_no_code(code: str) -> None:
    for one in range(LENGTH):
        for another in range(one):
            swapped = list(code)
            swapped[one], swapped[another] = swapped[another], swapped[one]
            expected = code if code[one] == code[another] else None
            assert code_form("".join(swapped)) == expected


@given(CODES, st.integers(0, LENGTH - 1))
def test_a_character_too_few_or_too_many_makes_it_no_code(code: str, place: int) -> None:
    assert code_form(code[:place] + code[place + 1 :]) is None
    assert code_form(code[:place] + "7" + code[place:]) is None


@given(st.text(max_size=24))
def test_whatever_else_is_written_is_no_code_or_checks(text: str) -> None:
    form = code_form(text)

    assert form is None or code_form(form) == form


async def test_the_same_key_gives_the_same_code_and_only_with_the_hubs_own_secret(
    settings: Settings, database: Database
) -> None:
    del database
    one, another = ids.key_of("test", "one"), ids.key_of("test", "another")
    code = await Codes(settings).of(one)

    assert await Codes(settings).of(one) == code
    assert await Codes(settings).of(another) != code
    assert code != code_of(one.bytes + one.bytes)  # who knows the key, and not the secret, knows nothing


def test_a_voucher_is_found_by_its_code() -> None:
    assert voucher_id("FG3T06C1A82GG3RF") == UUID("8115cd14-4c2f-5612-9ba9-76168fabc8f3")


def test_a_code_is_drawn_for_cameras_and_for_scanners() -> None:
    square, bars = pictures.qr("FG3T06C1A82GG3RF"), pictures.code128("FG3T06C1A82GG3RF")

    assert square.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"')
    assert bars.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 231 60"')
    assert bars.count("M") == widths_of(16)
    assert "FG3T06C1A82GG3RF" not in bars


def widths_of(characters: int) -> int:
    """Three bars for the start, each character and its check, and four for the stop."""
    return 3 * (characters + 2) + 4
