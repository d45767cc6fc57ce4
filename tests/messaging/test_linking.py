"""Links of e-mails are led through the hub: those to the web, each under its number, and nothing else of the mail."""

from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.wording import linking

SHOP = "https://shop.example/p?a=1&b=2#top"


def led(address: str) -> str:
    return f"https://hub.example/{len(address)}"


@pytest.mark.parametrize(
    "address",
    [SHOP, "http://shop.example", "HTTPS://SHOP.EXAMPLE:8443/x", "https://münchen.example/ä", "https://[::1]/"],
)
def test_an_address_of_the_web_may_be_led(address: str) -> None:
    assert linking.is_web_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "#top",
        "/p",
        "//evil.example",
        "mailto:ada@example.com",
        "tel:+49301",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https:///p",
        "https://user@evil.example",
        "https://shop.example@evil.example/",
        "https://shop.example\\@evil.example",
        "https://shop.example/\r\nX: y",
        "https://shop.example/a b",
        "https://shop.example:port/",
        "https://shop.example/" + "x" * 2_000,
    ],
)
def test_nothing_else_may(address: str) -> None:
    assert not linking.is_web_address(address)


def test_links_of_html_are_led_and_the_rest_stays_letter_by_letter() -> None:
    html = (
        f'<p title="{SHOP}">See <a class="x" href="{escape(SHOP)}" target=_blank>{SHOP}</a>'
        "<a href='https://a.example'>a</a><a href=\"mailto:a@b.c\">m</a><a name=x>n</a>"
        '<img src="https://a.example/i.png"><!--[if mso]><v:roundrect href="https://b.example"></v:roundrect><![endif]-->'
    )

    found = linking.html_led(html, led)

    assert found == (
        f'<p title="{SHOP}">See <a class="x" href="{led(SHOP)}" target=_blank>{SHOP}</a>'
        f'<a href="{led("https://a.example")}">a</a><a href="mailto:a@b.c">m</a><a name=x>n</a>'
        '<img src="https://a.example/i.png"><!--[if mso]>'
        f'<v:roundrect href="{led("https://b.example")}"></v:roundrect><![endif]-->'
    )


def test_addresses_of_a_text_are_led_without_what_ends_the_sentence() -> None:
    text = f"Look ({SHOP}), or at https://a.example/x_(y). Else: HTTP://b.example! Write to ada@example.com."

    assert linking.text_led(text, led) == (
        f"Look ({led(SHOP)}), or at {led('https://a.example/x_(y)')}. Else: {led('HTTP://b.example')}! "
        "Write to ada@example.com."
    )


def test_the_picture_stands_at_the_end_of_the_body() -> None:
    picture = '<img src="https://h/m/o/T" alt="" width="1" height="1" style="display:block;border:0">'

    assert linking.with_picture("<body>x</body></html>", "https://h/m/o/T") == f"<body>x{picture}</body></html>"
    assert linking.with_picture("x", "https://h/m/o/T") == f"x{picture}"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.example", "https://a.example?utm_source=s%20%C3%A4&utm_medium=email"),
        ("https://a.example/?x=1#y", "https://a.example/?x=1&utm_source=s%20%C3%A4&utm_medium=email#y"),
        ("https://a.example/?utm_source=mine", "https://a.example/?utm_source=mine&utm_medium=email"),
        ("https://a.example/?utm_source=", "https://a.example/?utm_source=&utm_medium=email"),
    ],
)
def test_campaign_parameters_are_added_and_take_nothing_away(address: str, expected: str) -> None:
    assert linking.with_parameters(address, {"utm_source": "s ä", "utm_medium": "email"}) == expected


@given(st.text(max_size=80))
def test_whatever_a_mail_holds_leading_nothing_leaves_it_as_it_is(text: str) -> None:
    assert linking.html_led(text, lambda address: address) == text
    assert linking.text_led(text, lambda address: address) == text


@given(st.text(alphabet=st.characters(exclude_characters='<>"\x00'), max_size=40))
def test_whatever_the_path_is_the_target_is_what_the_attribute_means(path: str) -> None:
    address, seen = f"https://a.example/{path}", []

    linking.html_led(f'<a href="{escape(address)}">x</a>', lambda it: seen.append(it) or it)

    assert seen in ([], [unescape(escape(address)).strip()])
    assert bool(seen) == linking.is_web_address(address.strip())
