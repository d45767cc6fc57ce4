"""Advertising by e-mail shows a way out, to whoever reads it and wherever it is said."""

import pytest

from hub.profiles.model import Channel
from hub.profiles.topics import Catalogue, Topic, TopicClass
from hub.wording import ways_out
from hub.wording.parts import InvalidTemplate
from hub.wording.templates import Template, template_of
from hub.wording.ways_out import WaysOut

WAY_OUT = "{{ links.unsubscribe }}"
OF_A_BRAND = Topic("finch", "receipts", TopicClass.TRANSACTIONAL, {"en": "Receipts"}, {})


def mail(text: str, **others: str) -> Template:
    return template_of("sale", {"en/subject": "Sale", "en/text": text, **others})


def body(inside: str) -> str:
    return (
        f"<mjml><mj-body><mj-section><mj-column><mj-text>{inside}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )


@pytest.mark.parametrize(
    "text",
    [
        WAY_OUT,
        "{{ links.preferences }}",
        "{% if links.unsubscribe %}Go: {{ links.unsubscribe }}{% endif %}",
        "{% assign away = links.unsubscribe %}{{ away }}",
    ],
)
def test_a_mail_that_shows_one_of_the_two_links_has_a_way_out(text: str) -> None:
    assert list(ways_out.lacking(mail(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "Hello",
        "{% if links.unsubscribe %}You may unsubscribe.{% endif %}",
        f"{{% comment %}}{WAY_OUT}{{% endcomment %}}",
        f"{{% if profile.firstName %}}{WAY_OUT}{{% endif %}}",
        f"{{% unless profile.firstName %}}{WAY_OUT}{{% endunless %}}",
    ],
)
def test_what_only_speaks_of_it_or_shows_it_to_some_is_no_way_out(text: str) -> None:
    assert list(ways_out.lacking(mail(text))) == ["en/text"]


def test_the_html_and_the_text_beside_it_show_it_in_each_language_that_is_mailed() -> None:
    template = template_of(
        "sale",
        {
            "en/subject": "Sale",
            "en/body.mjml": body(f"<a href='{WAY_OUT}'>No more</a>"),
            "en/text": "Sale",
            "de/subject": "Sale",
            "de/body.mjml": body("Hallo"),
            "fr/subject": "Soldes",
            "fr/sms": "Soldes",
        },
    )

    assert sorted(ways_out.lacking(template)) == ["de/body.mjml", "en/text"]


def test_it_is_asked_of_advertising_by_email_only() -> None:
    ways = WaysOut.of([mail("Hello")], Catalogue({OF_A_BRAND.id: OF_A_BRAND}))
    fault = (
        "`sale` advertises by e-mail, and its en/text shows no way out: "
        "link to `links.unsubscribe` or `links.preferences`."
    )

    assert ways.fault_of("sale", [Channel.SMS, Channel.EMAIL], "default", "marketing") == fault
    assert ways.fault_of("sale", [Channel.EMAIL], "default", "a-topic-that-nobody-has-described") == fault
    assert ways.fault_of("sale", [Channel.SMS, Channel.PUSH], "default", "marketing") is None
    assert ways.fault_of("sale", [Channel.EMAIL], "default", "service") is None
    assert ways.fault_of("sale", [Channel.EMAIL], "finch", "receipts") is None
    assert ways.fault_of("another", [Channel.EMAIL], "default", "marketing") is None


def test_what_is_used_as_advertising_already_is_held_to_it_whatever_its_author_says() -> None:
    ways_out.check(mail("Hello"), [])
    ways_out.check(mail(WAY_OUT), ["The broadcast `Sale`"])

    with pytest.raises(InvalidTemplate) as refused:
        ways_out.check(mail("Hello"), ["The broadcast `Sale`"])

    [problem] = refused.value.problems
    assert (problem.code, problem.message) == (
        "no_way_out",
        "en/text: The broadcast `Sale` says it as advertising: link to `links.unsubscribe` or `links.preferences`.",
    )
