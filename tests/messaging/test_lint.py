"""What is wrong with a template is told before anybody is written to, by part, line, column and code."""

import pytest

from hub.wording import brands, lint
from hub.wording.lint import Flaw, Purpose

WAY_OUT = "{{ links.unsubscribe }}"
NO_ADVERTISING = Purpose(advertises=False)


def mail(inside: str) -> str:
    return (
        f"<mjml><mj-body><mj-section><mj-column>\n{inside}\n<mj-text>{WAY_OUT}</mj-text>"
        "</mj-column></mj-section></mj-body></mjml>"
    )


def flaws(files: dict[str, str], purpose: Purpose | None = None) -> list[Flaw]:
    return lint.flaws_of("mail", files, purpose or Purpose())


def told(files: dict[str, str], purpose: Purpose | None = None) -> list[str]:
    return [str(it) for it in flaws(files, purpose)]


def test_a_template_without_a_flaw_has_none() -> None:
    files = {
        "en/subject": "{{ profile.firstName }}, your cart",
        "en/body.mjml": mail(
            "{% for p in event.products %}<mj-text>{{ p.name }} {{ forloop.index }}</mj-text>{% endfor %}"
            '<mj-button href="{{ event.products[0].url }}">Buy</mj-button>'
            '{% assign greeting = "Hi" %}<mj-text>{{ greeting }} {{ profile.shoe_size }}</mj-text>'
        ),
        "en/text": f"Hello. {WAY_OUT}",
        "en/push": "It waits.",
        "en/sms": "It waits.",
    }

    assert flaws(files) == []


@pytest.mark.parametrize(
    ("liquid", "said"),
    [
        ("{{ profile.first_name }}", "`profile.first_name`: `first_name` is not known. Did you mean `firstName`?"),
        ("{{ profile.adress.city }}", "`profile.adress.city`: `adress` is not known. Did you mean `address`?"),
        ("{{ event.products[0].naem }}", "`event.products[0].naem`: `naem` is not known. Did you mean `name`?"),
        (
            "{% for p in event.products %}{{ p.prise }}{% endfor %}",
            "`p.prise`: `prise` is not known. Did you mean `price`?",
        ),
        (
            "{{ links.unsubscibe }}",
            "`links.unsubscibe`: there is no `unsubscibe`, only preferences, unsubscribe, confirm.",
        ),
        ("{{ profil.firstName }}", "Nothing is called `profil`. Did you mean `profile`?"),
        ("{{ firstName }}", "Nothing is called `firstName`."),
    ],
)
def test_a_name_that_nothing_has_is_told_with_what_was_meant(liquid: str, said: str) -> None:
    [flaw] = flaws({"en/sms": f"Hello\n  {liquid}"}, NO_ADVERTISING)

    assert (flaw.place, flaw.problem.line, flaw.problem.code, flaw.is_hint) == ("en/sms", 2, "unknown_variable", False)
    assert flaw.problem.message == said


def test_a_shop_has_names_of_its_own() -> None:
    files = {"en/sms": "{{ profile.first_name }} {{ event.shelf }} {{ profile.points }}"}

    assert flaws(files, Purpose(own=frozenset({"first_name"}))) == []


def test_the_event_says_which_properties_there_are() -> None:
    files = {"en/sms": "{{ event.qery }}"}

    assert told(files, Purpose(event="Products Searched")) == [
        "en/sms:1:4: `event.qery`: `qery` is not known. Did you mean `query`? [unknown_variable]"
    ]
    assert told(files, Purpose(event="Order Completed")) == []


@pytest.mark.parametrize(
    ("tag", "column", "said"),
    [
        ('<mj-button href="">x</mj-button>', 12, "This href leads nowhere."),
        ('<mj-button href="#">x</mj-button>', 12, "This href leads nowhere."),
        (
            '<mj-button href="/cart">x</mj-button>',
            12,
            "This href is within a page, and a mail is on none: it begins with https://.",
        ),
        (
            "<mj-text><a href='javascript:x()'>x</a></mj-text>",
            13,
            "javascript: is no address for a mail; there are https://, http://, mailto:, tel:.",
        ),
        (
            '<mj-image src="data:image/png;base64,AA"/>',
            11,
            "data: is no address for a mail; there are https://, http://.",
        ),
    ],
)
def test_a_link_that_leads_nowhere_is_told(tag: str, column: int, said: str) -> None:
    [flaw] = flaws({"en/subject": "S", "en/body.mjml": mail(tag)})

    assert str(flaw) == f"en/body.mjml:2:{column}: {said} [broken_link]"


def test_advertising_shows_how_to_be_rid_of_it() -> None:
    files = {"en/subject": "S", "en/body.mjml": mail("").replace(WAY_OUT, "x"), "en/text": "Hello", "en/sms": "Hello"}

    assert [(it.place, it.problem.code) for it in flaws(files)] == [
        ("en/body.mjml", "no_way_out"),
        ("en/text", "no_way_out"),
    ]
    assert flaws(files, NO_ADVERTISING) == []


def test_a_language_that_lacks_what_others_say_is_told() -> None:
    files = {"en/subject": "S", "en/text": WAY_OUT, "en/sms": "x", "de/text": WAY_OUT, "fr/preheader": "P"}

    assert told(files) == [
        "de:1:1: There is no subject, which email needs. [missing_part]",
        "de:1:1: There is no sms: by sms these customers are written to in en. [other_language]",
        "fr:1:1: There is no sms: by sms these customers are written to in en. [other_language]",
        (
            "fr:1:1: There is no subject and text or body.mjml: by email these customers are written to in en. "
            "[other_language]"
        ),
    ]
    assert [it.is_hint for it in flaws(files)] == [False, True, True, True]


def test_an_sms_that_takes_several_is_a_hint() -> None:
    [flaw] = flaws({"en/sms": "x" * 161})

    assert flaw.is_hint
    assert str(flaw) == "en/sms:1:1: It takes 2 SMS (161 units of GSM-7) for a made-up customer. [several_sms]"


def test_a_push_message_that_no_phone_takes_is_told() -> None:
    assert told({"en/push": "ü" * 2048}) == [
        "en/push:1:1: It has 4121 bytes for a made-up customer; a push message has at most 4096. [too_large]"
    ]


def test_a_part_that_fails_for_somebody_is_told_with_its_line() -> None:
    assert told({"en/sms": "Hello\n{{ profile.firstName | slice: profile.lastName }}"}) == [
        "en/sms:2:1: It fails for a made-up customer: a value does not fit (FilterArgumentError). [fails]"
    ]


def test_what_makes_a_template_unusable_is_told_in_the_same_way() -> None:
    assert told({"en/subject": "S", "en/body.mjml": "<mjml>\n<mj-bdy></mj-bdy></mjml>", "en/txt": "x"}) == [
        "en/body.mjml:2:1: MJML has no <mj-bdy>. Did you mean `mj-body`? [unknown_element]",
        "en/txt:1:1: There is no such part. Did you mean `text`? [unknown_part]",
    ]


def test_an_sms_is_counted_with_its_links_as_they_are_sent() -> None:
    kit = brands.read("{brand: b, name: B, colours: {ink: '#000'}, fonts: {body: Georgia}, track: true}")
    long, short = f"https://shop.example/{'a' * 150}", "Hi https://s.io/a " + "x" * 140

    def counted(text: str, *, advertises: bool = True) -> list[str]:
        return [it.problem.message for it in flaws({"en/sms": text}, Purpose(advertises=advertises, kit=kit))]

    assert counted(long) == []  # it becomes an address of 36 characters
    assert counted(short) == [
        "It takes 2 SMS (180 units of GSM-7) for a made-up customer, with its links led through the hub."
    ]
    assert counted(long, advertises=False) == ["It takes 2 SMS (171 units of GSM-7) for a made-up customer."]
    assert counted(short, advertises=False) == []


def test_a_push_message_is_weighed_with_the_link_that_a_tap_opens() -> None:
    files = {"en/push": "x" * 3_000, "en/link": f"https://shop.example/{'a' * 1_100}"}
    kit = brands.read("{brand: b, name: B, colours: {ink: '#000'}, fonts: {body: Georgia}, track: true}")

    assert [it.problem.code for it in flaws(files)] == ["too_large"]
    assert flaws(files, Purpose(kit=kit)) == []  # its link is short when it is sent
