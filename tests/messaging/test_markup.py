"""HTML e-mails: what may be written, what becomes of it for one person, and what ends in a named error."""

import pytest

from hub.profiles.model import Channel
from hub.wording import sandbox, templates
from hub.wording.parts import InvalidTemplate, Limit, LimitExceeded, RenderingFailed
from hub.wording.templates import RenderContext, Rendered

HOSTILE = """<b>"x'</b>&<mj-carousel><a href="https://evil.example">"""


def body(inside: str, head: str = "") -> str:
    return f"<mjml>{head}<mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"


def say(inside: str, context: RenderContext | None = None, **parts: str) -> Rendered:
    files = {f"en/{part}": source for part, source in {"subject": "S", "body.mjml": body(inside), **parts}.items()}
    shown = context or RenderContext(profile={"name": HOSTILE}, event={})
    return templates.render(templates.template_of("mail", files), Channel.EMAIL, language="en", context=shown)


def html(inside: str, context: RenderContext | None = None, **parts: str) -> str:
    made = say(inside, context, **parts).html
    assert made is not None
    return made


def fault(source: str) -> tuple[int, int, str, str]:
    with pytest.raises(InvalidTemplate) as caught:
        templates.template_of("mail", {"en/subject": "S", "en/body.mjml": source})
    [problem] = caught.value.problems
    return problem.line, problem.column, problem.code, problem.message


def test_a_body_becomes_html_and_the_text_is_derived_from_it() -> None:
    rendered = say('<mj-text>Hello</mj-text><mj-button href="https://shop.example">Buy</mj-button>')

    assert (rendered.subject, rendered.text) == ("S", "Hello\n\nBuy (https://shop.example)")
    assert rendered.html is not None
    assert rendered.html.startswith("<!doctype html>")
    assert '<a href="https://shop.example"' in rendered.html


def test_a_text_part_is_said_instead_of_the_derived_one() -> None:
    assert say("<mj-text>Hello</mj-text>", text="In my own words").text == "In my own words"


def test_a_customers_value_is_text_in_the_html_wherever_it_stands() -> None:
    made = html(
        '<mj-text>{{ profile.name }}</mj-text><mj-image src="https://a.example/a.png" alt="{{ profile.name }}"/>'
    )

    escaped = "&lt;b&gt;&#34;x&#39;&lt;/b&gt;&amp;&lt;mj-carousel&gt;&lt;a href=&#34;https://evil.example&#34;&gt;"
    assert made.count(escaped) == 2
    assert "<b>" not in made


@pytest.mark.parametrize("name", sorted(sandbox.HTML_FILTERS))
def test_no_filter_lets_a_customers_bracket_through(name: str) -> None:
    values = [
        "profile.name",
        "profile.coded",
        "profile.base64",
        "profile.list",
        '"a" | append: profile.name',
        "captured",
    ]
    arguments = ["", ": profile.name", ": profile.name, profile.name", ': "a", profile.name', ': 99, "x"', ': "%Y"']
    profile = {"name": HOSTILE, "coded": "%3Cb%3E+PGI+", "base64": "PGI+", "list": [HOSTILE]}
    captured = "{% capture captured %}{{ profile.name }}aaa{% endcapture %}"

    for value in values:
        for argument in arguments:
            source = f"{captured}{{{{ {value} | {name}{argument} }}}}"
            try:
                made = sandbox.parse(source, html=True).render(profile=profile)
            except Exception:  # noqa: BLE001, S112 - that a value does not fit is another rule
                continue
            assert "<b>" not in made, source
            assert "<mj-carousel" not in made, source


def test_the_filter_that_would_trust_a_customers_html_does_not_exist() -> None:
    assert fault(body("<mj-text>{{ profile.bio | safe }}</mj-text>"))[2:] == (
        "unknown_filter",
        "en/body.mjml: there is no filter `safe`.",
    )


def test_the_preheader_is_shown_behind_the_subject_and_nowhere_else() -> None:
    made = html("<mj-text>Hello</mj-text>", preheader="For {{ profile.name | slice: 0, 3 }}\nonly")

    assert ">For &lt;b&gt; only</div>" in made
    assert say("<mj-text>Hello</mj-text>", preheader="For you").text == "Hello"


def test_what_is_shown_behind_the_subject_is_said_in_one_place() -> None:
    with pytest.raises(InvalidTemplate) as caught:
        templates.template_of(
            "mail",
            {
                "en/subject": "S",
                "en/preheader": "P",
                "en/body.mjml": body("", "<mj-head><mj-preview>Q</mj-preview></mj-head>"),
            },
        )

    assert [it.code for it in caught.value.problems] == ["two_preheaders"]


def test_the_html_says_which_language_it_is_in() -> None:
    assert '<html lang="en"' in html("<mj-text>Hello</mj-text>")


@pytest.mark.parametrize(
    ("inside", "place", "code", "said"),
    [
        ("<mj-text><p>x</mj-text>", (3, 14), "wrong_end", "</mj-text> ends nothing here, where </p> is due."),
        ("<mj-text>{% if a %}<b>{% endif %}</mj-text>", (3, 34), "wrong_end", None),
        ("<mj-txet>x</mj-txet>", (3, 1), "unknown_element", "MJML has no <mj-txet>. Did you mean `mj-text`?"),
        (
            '<mj-include path="/etc/passwd"/>',
            (3, 1),
            "refused_element",
            "<mj-include> is refused: a template reads no files.",
        ),
        ("<mj-carousel/>", (3, 1), "refused_element", None),
        ("<mj-raw><script>x</script></mj-raw>", (3, 9), "refused_element", None),
        ("<mj-text>1 < 2</mj-text>", (3, 12), "stray_bracket", None),
        ("<mj-text a=b>x</mj-text>", (1, 1), "bad_mjml", None),
        ('<mj-social><mj-social-element name="x"/></mj-social>', (3, 12), "no_icon", None),
        ("<mj-text>" + "<div>" * 65 + "</div>" * 65 + "</mj-text>", (3, 305), "too_deep", None),
    ],
)
def test_a_fault_of_mjml_is_named_with_its_part_line_and_column(
    inside: str, place: tuple[int, int], code: str, said: str | None
) -> None:
    line, column, found, message = fault(
        f"<mjml>\n<mj-body><mj-section><mj-column>\n{inside}\n</mj-column></mj-section></mj-body></mjml>"
    )

    assert ((line, column), found) == (place, code)
    assert message.startswith("en/body.mjml: ")
    if said:
        assert message == f"en/body.mjml: {said}"


def test_a_body_whose_tag_is_never_closed_is_no_template() -> None:
    assert fault("<mjml><mj-body>")[:3] == (1, 7, "not_closed")
    assert fault("Hello")[2] == "bad_mjml"


def test_liquid_may_compare_and_comment_inside_mjml() -> None:
    liquid = "{% if 1 < 2 %}yes{% endif %}{% comment %}<p>{% endcomment %}{% raw %}a{% endraw %}"

    assert say(f"<mj-text>{liquid}</mj-text>").text == "yesa"


def test_blanks_between_elements_do_no_harm_wherever_liquid_leaves_them() -> None:
    inside = (
        "<mj-social> {% if true %} <mj-social-element src='https://a.example/x.png'>A</mj-social-element>   {% endif %}"
        "{% for i in (1..2) %} <mj-social-element src='https://a.example/y.png'>B</mj-social-element>{% endfor %} "
        "</mj-social>"
    )

    assert html(inside).count("https://a.example/") == 3
    assert fault("<mjml> <mj-body> <mj-txet/></mj-body></mjml>")[:3] == (1, 18, "unknown_element")


BOMBS = {
    "tags in tags": (
        "<mj-text>{% for i in (1..500) %}<div>{% endfor %}{% for i in (1..500) %}</div>{% endfor %}</mj-text>"
    ),
    "rows": "{% for i in (1..2000) %}<mj-button>x</mj-button>{% endfor %}",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_body_that_grows_out_of_hand_ends_in_a_named_error(bomb: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        say(BOMBS[bomb])

    assert caught.value.limit is Limit.OUTPUT
    assert caught.value.part == "en/body.mjml"


@pytest.mark.parametrize(
    "liquid",
    [
        "{{ \"<mj-include path='/etc/passwd'/>\" }}",
        '{{ "<mj-" | append: "carousel/>" }}',
        '{{ "<div" }}',
    ],
)
def test_an_element_that_liquid_makes_up_is_refused_before_anything_is_read(liquid: str) -> None:
    with pytest.raises(RenderingFailed) as caught:
        say(liquid)

    assert caught.value.part == "en/body.mjml"
    assert "passwd" not in caught.value.message
