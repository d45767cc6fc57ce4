import pytest

from hub.kit.problems import Problem
from hub.profiles.model import Channel
from hub.wording import templates
from hub.wording.parts import InvalidTemplate, NoSuchPart, RenderingFailed
from hub.wording.templates import RenderContext, Rendered, Template

ADA = RenderContext(
    profile={"first_name": "Ada", "email": "ada@example.com"},
    event={"order_id": "A-1", "value": 120, "products": [{"name": "Shoe"}, {"name": "Hat"}]},
)
CART = templates.template_of(
    "cart-reminder",
    {
        "en/subject": "{{ profile.first_name }}, your cart",
        "en/text": "Hello {{ profile.first_name }},\n{% for p in event.products %}- {{ p.name }}\n{% endfor %}",
        "en/push": "Order {{ event.order_id }} waits.",
        "de/subject": "Dein Korb",
        "de/text": "Hallo {{ profile.first_name }}",
        "de-AT/text": "Servus {{ profile.first_name }}",
        "fr/sms": "Ton panier t'attend",
    },
)


def say(template: Template, channel: Channel, language: str | None = "en", context: RenderContext = ADA) -> Rendered:
    return templates.render(template, channel, language=language, context=context)


def one_part(source: str, part: str = "sms") -> Template:
    return templates.template_of("one", {f"en/{part}": source, "en/text": "."})


def problems(name: str, files: dict[str, str]) -> list[Problem]:
    with pytest.raises(InvalidTemplate) as caught:
        templates.template_of(name, files)
    return list(caught.value.problems)


def test_an_email_has_a_subject_and_a_text() -> None:
    assert say(CART, Channel.EMAIL) == Rendered("Ada, your cart", "Hello Ada,\n- Shoe\n- Hat")


def test_a_push_message_takes_the_subject_for_its_title() -> None:
    assert say(CART, Channel.PUSH) == Rendered("Ada, your cart", "Order A-1 waits.")
    assert say(templates.template_of("t", {"en/push": "Hi"}), Channel.PUSH) == Rendered("", "Hi")


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("https://shop.example/orders/{{ event.order_id }}\n", "https://shop.example/orders/A-1"),
        ("shop://cart/{{ event.order_id | downcase }}", "shop://cart/a-1"),
        ("{{ event.nothing }}", None),
    ],
)
def test_a_push_message_may_lead_somewhere(source: str, link: str | None) -> None:
    template = templates.template_of("t", {"en/push": "Hi", "en/link": source})

    assert say(template, Channel.PUSH) == Rendered("", "Hi", link)


@pytest.mark.parametrize("source", ["cart", "java{{ '' }}script:alert(1)", "data:text/html,x", "https://a b", "/cart"])
def test_a_link_that_is_no_address_is_not_sent(source: str) -> None:
    template = templates.template_of("t", {"en/push": "Hi", "en/link": source})

    with pytest.raises(RenderingFailed, match="en/link, it is no address"):
        say(template, Channel.PUSH)


def test_a_link_is_of_push_messages_only() -> None:
    template = templates.template_of("t", {"en/sms": "Hi", "en/link": "nowhere"})

    assert say(template, Channel.SMS) == Rendered("", "Hi")


def test_an_sms_has_no_subject() -> None:
    assert say(templates.template_of("t", {"en/subject": "No", "en/sms": "Hi"}), Channel.SMS) == Rendered("", "Hi")


@pytest.mark.parametrize(
    ("wished", "text"),
    [("de", "Hallo Ada"), ("de-CH", "Hallo Ada"), ("DE_de", "Hallo Ada"), ("it", "Hello Ada"), (None, "Hello Ada")],
)
def test_the_nearest_language_is_spoken(wished: str | None, text: str) -> None:
    assert say(CART, Channel.EMAIL, wished).text.startswith(text)


def test_a_language_that_lacks_a_part_is_passed_over_and_never_mixed_with_another() -> None:
    assert say(CART, Channel.EMAIL, "de-AT") == Rendered("Dein Korb", "Hallo Ada")
    assert say(CART, Channel.SMS, "de").text == "Ton panier t'attend"


def test_a_template_without_the_part_of_a_channel_says_so() -> None:
    with pytest.raises(NoSuchPart) as caught:
        say(templates.template_of("t", {"en/subject": "S", "en/sms": "Hi"}), Channel.EMAIL)

    assert (
        str(caught.value) == "The template 't' has no subject and text or body.mjml in any language, which email needs."
    )


def test_a_name_that_is_missing_renders_empty() -> None:
    assert say(one_part("Hi {{ profile.nickname.short }}{{ event.nothing }}{{ order }}!"), Channel.SMS).text == "Hi !"


def test_a_subject_is_one_line_whatever_a_customer_is_called() -> None:
    mallory = RenderContext({"first_name": "M\r\nBcc: all@example.com\x00\x1b[1m\u2028\x85end"}, {})

    rendered = say(CART, Channel.EMAIL, context=mallory)

    assert rendered.subject == "M Bcc: all@example.com[1m end, your cart"


def test_a_text_keeps_its_lines_and_loses_control_characters() -> None:
    assert say(one_part("a\r\n\tb\x00\x1b\x7fc\n\n"), Channel.SMS).text == "a\n\tbc"


def test_text_is_not_escaped_for_html() -> None:
    tom = RenderContext({"first_name": "Tom & <Jerry>"}, {})

    assert say(one_part("{{ profile.first_name }}"), Channel.SMS, context=tom).text == "Tom & <Jerry>"


def test_a_template_reads_values_and_never_the_objects_behind_them() -> None:
    sources = ["profile.__class__", "profile.first_name.__class__", "event.products.__len__", "profile.keys"]

    assert [say(one_part("[{{ %s }}]" % source), Channel.SMS).text for source in sources] == ["[]"] * 4  # noqa: UP031  braces


def test_an_error_of_a_customers_value_names_the_place_and_not_the_value() -> None:
    template = one_part("Hello\n{{ profile.first_name | slice: profile.email }}")

    with pytest.raises(RenderingFailed) as caught:
        say(template, Channel.SMS)

    assert str(caught.value) == (
        "The template 'one' could not be rendered: en/sms line 2, a value does not fit (FilterArgumentError)."
    )
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_every_fault_of_a_template_is_reported_with_its_place() -> None:
    found = problems(
        "Cart!",
        {
            "en/subject": "Hello\n  {{ profile.first_name | upcaze }}",
            "en/text": "{% if profile.vip %}\nHi",
            "en/body": "",
            "english/sms": "",
            "de/push": "{% include 'secrets' %}",
            "de/sms": "x" * 32_769,
        },
    )

    assert [(it.line, it.column, it.code) for it in found] == [
        (1, 1, "bad_name"),
        (1, 1, "too_long"),
        (1, 1, "unknown_language"),
        (1, 1, "unknown_part"),
        (1, 4, "bad_liquid"),
        (2, 3, "bad_liquid"),
        (2, 27, "unknown_filter"),
    ]
    assert found[-1].message == "en/subject: there is no filter `upcaze`. Did you mean `upcase`?"
    assert found[4].message == "de/push: unexpected tag 'include'."


def test_a_template_has_at_least_one_language() -> None:
    assert [it.code for it in problems("cart", {})] == ["no_language"]
