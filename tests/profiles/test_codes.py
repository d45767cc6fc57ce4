"""Member codes: short, and hard to mistype into somebody else's."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.profiles.codes import ALPHABET, LENGTH, code_form, code_of

CODES = st.uuids().map(code_of)


def test_a_code_follows_from_its_key() -> None:
    assert code_of(UUID(int=0)) == "00000000000"
    assert code_of(UUID(int=0x1234567890ABCDEF)) == "FFKQA82FP2X"


@given(CODES)
def test_a_code_is_found_however_it_is_written(code: str) -> None:
    assert (len(code), set(code) <= set(ALPHABET)) == (LENGTH, True)
    alike = code.replace("1", "l").replace("0", "o")
    for written in (
        code,
        code.lower(),
        alike,
        f" {code[:3]} {code[3:7]}-{code[7:]}",
        f"https://shop.example/q/{code}/",
    ):
        assert code_form(written) == code


@given(CODES, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_makes_it_no_code(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]

    assert code_form(wrong) == (code if other == code[place] else None)


@given(CODES, st.integers(0, LENGTH - 2))
def test_two_neighbours_that_changed_places_make_it_no_code(code: str, place: int) -> None:
    pair = code[place : place + 2]
    swapped = code[:place] + pair[::-1] + code[place + 2 :]

    assert (code_form(swapped) is None) == (len({*pair}) == 2 and {*pair} != {"0", "Z"})


@given(st.text(max_size=20))
def test_whatever_else_is_written_is_no_code_or_checks(text: str) -> None:
    form = code_form(text)

    assert form is None or code_form(form) == form
