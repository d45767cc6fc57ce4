from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kit import money
from hub.kit.money import DIGITS, MOST_MINOR, BadMoney, Money

CURRENCIES = st.sampled_from(sorted(DIGITS))
MINOR = st.integers(-MOST_MINOR // 1000, MOST_MINOR // 1000)


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("19.99", "EUR", 1999),
        (19.99, "EUR", 1999),
        (20, "EUR", 2000),
        (" -0.5 ", "EUR", -50),
        ("12.000", "EUR", 1200),
        (1200, "JPY", 1200),
        (1200.0, "JPY", 1200),
        ("1.234", "KWD", 1234),
        (0.1 + 0.2, "EUR", 30),
        (1.1 * 3, "EUR", 330),
        (10_000_000_000_000.0, "EUR", 10**15),
    ],
)
def test_an_amount_of_the_wire_is_read_exactly_with_the_digits_of_its_currency(
    value: object, currency: str, minor: int
) -> None:
    assert Money.of(value, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        ("19.999", "EUR"),
        (19.999, "EUR"),
        (0.5, "JPY"),
        ("1.2345", "KWD"),
        (float("nan"), "EUR"),
        (float("inf"), "EUR"),
        (1e300, "EUR"),
        (10**15, "EUR"),
        (2**63, "EUR"),
        ("123456789012345678901234567890", "JPY"),
        ("1,50", "EUR"),
        ("1e3", "EUR"),
        ("NaN", "EUR"),
        ("١٢", "EUR"),
        ("", "EUR"),
        (None, "EUR"),
        (True, "EUR"),
        ([1], "EUR"),
        ("1.00", "EUX"),
        ("1.00", "eur"),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused_without_being_quoted(value: object, currency: str) -> None:
    with pytest.raises(BadMoney) as refused:
        Money.of(value, currency)

    assert str(value) not in refused.value.message or value in {"", 10**15}


@given(MINOR, CURRENCIES)
def test_every_amount_comes_back_from_its_text_and_from_its_json_number(minor: int, currency: str) -> None:
    amount = Money(minor, currency).amount

    assert Money.of(str(amount), currency) == Money(minor, currency)
    assert Money.of(float(amount), currency) == Money(minor, currency)
    assert -amount.as_tuple().exponent == DIGITS[currency]  # type: ignore[operator]  # a finite Decimal has a number


def test_amounts_of_one_currency_add_up_and_of_two_do_not() -> None:
    assert Money(150, "EUR") + Money(50, "EUR") - Money(1, "EUR") == Money(199, "EUR")
    assert Money(1990, "EUR").amount == Decimal("19.90")
    with pytest.raises(ValueError, match="USD cannot be counted with EUR"):
        Money(1, "EUR") + Money(1, "USD")


def test_a_currency_is_read_in_any_case_and_an_unknown_one_is_refused() -> None:
    assert money.currency_of(" eur ") == "EUR"
    for value in ("EUX", "", None, 978, "EURO"):
        with pytest.raises(BadMoney):
            money.currency_of(value)
