"""Bombs: each ends in a named error within a tenth of a second, by the limit that is meant for it."""

import math
import time
import tracemalloc
from contextlib import suppress

import pytest
from liquid.exceptions import LiquidError

from hub.profiles.model import Channel
from hub.wording import markup, sandbox, templates
from hub.wording.nodes import TimeUsedUp
from hub.wording.parts import InvalidTemplate, Limit, LimitExceeded
from hub.wording.sandbox import CPU_LIMIT
from hub.wording.templates import RenderContext

ONE_STEP = 0.15
"""Seconds: the slowest filter takes a third of it here."""
ELEMENT, ENTRY = "<mj-social-element src='x'/>", "<mj-navbar-link href='x'>x</mj-navbar-link>"
COLUMN = "<mj-column>" + "<mj-text mj-class='a'>x</mj-text>" * 1_000 + "</mj-column>"
LONG = "a" * 60_000
LARGE = [
    "x" * 65_000,
    "<x>" * 21_000,
    "<!--" * 16_000,
    "&amp;" * 13_000,
    " \n" * 32_000,
    "a " * 32_000,
    list(range(8_000)),
    [str(it) for it in range(8_000)],
    [{"a": it} for it in range(8_000)],
    [[[it]] for it in range(8_000)],
    1 << 500_000,
]
ALONE = {"abs", "capitalize", "ceil", "compact", "downcase", "escape", "escape_once", "escapejs", "first", "floor"} | {
    *("last", "lstrip", "newline_to_br", "reverse", "round", "rstrip", "safe", "size", "squish", "strip", "strip_html"),
    *("strip_newlines", "sum", "uniq", "upcase", "url_decode", "url_encode", "sort", "sort_natural", "base64_decode"),
    *("base64_encode", "base64_url_safe_decode", "base64_url_safe_encode"),
}


def mjml(inside: str, head: str = "") -> str:
    return f"<mjml><mj-head>{head}</mj-head><mj-body><mj-section>{inside}</mj-section></mj-body></mjml>"


EMPTY = RenderContext(
    profile={}, event={"list": ["x"] * 100_000, "many": [[it] for it in range(8_000)], "novel": " \n" * 9_000}
)
BOMBS = {
    "one long loop": ("{% for i in (1..1000000) %}x{% endfor %}", Limit.WORK),
    "loops in loops": ("{% for i in (1..500) %}{% for j in (1..500) %}x{% endfor %}{% endfor %}", Limit.WORK),
    "loops in a row": ("{% for i in (1..1000) %}{% endfor %}" * 800, Limit.WORK),
    "table rows": ("{% tablerow i in (1..1000000) %}x{% endtablerow %}", Limit.WORK),
    "silent blocks": ("{% for i in (1..1000) %}" + "{% if true %}{% endif %}" * 1300 + "{% endfor %}", Limit.WORK),
    "look-ups": (
        "{% for i in (1..1000) %}" + "{% if event.a.b or event.c %}{% endif %}" * 800 + "{% endfor %}",
        Limit.WORK,
    ),
    "filters": ("{% for i in (1..1000) %}" + "{{ event.z | strip | strip }}" * 1000 + "{% endfor %}", Limit.WORK),
    "a long range": ("{{ (1..1000000000) | join }}", Limit.WORK),
    "a long list": ("{{ event.list | reverse | size }}", Limit.OUTPUT),
    "much output": ("{% for i in (1..1000) %}" + "x" * 1000 + "{% endfor %}", Limit.OUTPUT),
    "replace": ("{% assign s = 'xxxxxxxxxx' %}{{ s " + "| replace: 'x', s " * 12 + "}}", Limit.OUTPUT),
    "join": (
        "{% assign s = 'xxxxxxxxxx' %}{% assign l = s | split: '' %}{{ l" + " | join: s | split: ''" * 12 + "}}",
        Limit.OUTPUT,
    ),
    "great numbers": (
        "{% assign x = 9999999 %}{% for i in (1..60) %}{% assign x = x | times: x %}{% endfor %}",
        Limit.OUTPUT,
    ),
    "doubling": ("{% assign s = 'xxxxxxxx' %}" + "{% assign s = s | append: s %}" * 40, Limit.MEMORY),
    "capturing": (
        "{% capture a %}" + "x" * 30_000 + "{% endcapture %}{% assign b = a | append: a %}{% assign c = a %}",
        Limit.MEMORY,
    ),
    "comparing all with all": ("{{ event.many | uniq | size }}", Limit.WORK),
    "a date in a novel": ("{{ event.novel | date: '%Y' }}", Limit.OUTPUT),
    "depth": ("{% for i in (1..2) %}" * 10 + "{% endfor %}" * 10, Limit.DEPTH),
}


BODIES = {
    "many columns": mjml("<mj-column/>" * 9_000),
    "empty sections": mjml("</mj-section><mj-section>" * 4_500),
    "for all": mjml(COLUMN, f"<mj-attributes><mj-all color='{LONG}'/></mj-attributes>"),
    "for a class": mjml(COLUMN, f"<mj-attributes><mj-class name='a' color='{LONG}'/></mj-attributes>"),
    "a social bar": mjml(f"<mj-column><mj-social color='{LONG}'>{ELEMENT * 1_000}</mj-social></mj-column>"),
    "a menu": mjml(f"<mj-column><mj-navbar base-url='{LONG}'>{ENTRY * 1_000}</mj-navbar></mj-column>"),
}
"""Bodies as Liquid would leave them, which MRML would make into dozens of megabytes."""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_in_a_named_error_within_a_tenth_of_a_second_and_one_step(bomb: str) -> None:
    source, limit = BOMBS[bomb]
    template = templates.template_of("bomb", {"en/sms": source})
    sandbox.parse(source)  # which is done once a process
    began = time.thread_time()

    with pytest.raises(LimitExceeded) as caught:
        templates.render(template, Channel.SMS, language="en", context=EMPTY)

    assert time.thread_time() - began < CPU_LIMIT + ONE_STEP
    assert caught.value.limit in {limit, Limit.TIME}  # the clock is first on a machine that is slow


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_takes_less_than_fifty_megabytes(bomb: str) -> None:
    source, _ = BOMBS[bomb]
    parsed = sandbox.parse(source)
    tracemalloc.start()
    try:
        with pytest.raises(LiquidError):
            sandbox.render(parsed, {"event": EMPTY.event}, until=sandbox.until())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 50_000_000


def test_what_takes_too_long_is_refused_by_the_clock_with_its_place() -> None:
    source = "Hello\n{% for i in (1..500) %}{{ event.numbers | sort_natural | size }}{% endfor %}"
    slow = RenderContext(profile={}, event={"numbers": [str(it) for it in range(8_000)]})

    with pytest.raises(LimitExceeded) as caught:
        templates.render(templates.template_of("slow", {"en/sms": source}), Channel.SMS, language="en", context=slow)

    assert caught.value.limit is Limit.TIME
    assert caught.value.message == (
        "The template 'slow' could not be rendered: en/sms line 2, it exceeds the limit of time."
    )


def test_the_parts_of_a_message_share_its_time() -> None:
    half = "{% for i in (1..500) %}{{ event.numbers | sort_natural | size }}{% endfor %}"
    parsed, numbers = sandbox.parse(half), {"event": {"numbers": [str(it) for it in range(8_000)]}}
    until = sandbox.until()

    for _ in range(2):
        with pytest.raises(TimeUsedUp):
            sandbox.render(parsed, numbers, until=until)

    assert time.thread_time() - until < 2 * ONE_STEP


@pytest.mark.parametrize("name", sorted(sandbox.FILTERS))
def test_no_filter_is_a_long_step_whatever_it_is_given(name: str) -> None:
    source = "{{ it | " + name + ("" if name in ALONE else ": ''") + " | size }}"
    parsed = sandbox.parse(source)
    for value in LARGE:
        began = time.thread_time()
        with suppress(Exception):  # most filters refuse most of these; here only the time counts
            sandbox.render(parsed, {"it": value}, until=math.inf)
        assert time.thread_time() - began < ONE_STEP


@pytest.mark.parametrize("bomb", BODIES)
def test_a_body_that_would_become_dozens_of_megabytes_is_refused_before(bomb: str) -> None:
    began = time.thread_time()

    with pytest.raises(markup.TooMuchMarkup):
        markup.html_of(BODIES[bomb], language="en")

    assert time.thread_time() - began < CPU_LIMIT


def test_a_long_mail_with_attributes_for_all_its_elements_is_made() -> None:
    head = "<mj-attributes><mj-all font-family='Georgia, Times, serif'/><mj-text color='#222'/></mj-attributes>"
    products = "<mj-text>Espresso, dark, 500 g</mj-text><mj-button href='https://shop.example/1'>Buy</mj-button>"

    html = markup.html_of(mjml(f"<mj-column>{products * 60}</mj-column>", head), language="en")

    assert html.count("Georgia, Times, serif") >= 120


@pytest.mark.parametrize(
    "source",
    [
        "{% include 'other' %}",
        "{% render 'other' %}",
        "{% liquid include 'other' %}",
        "{% if true %}" * 40 + "{% endif %}" * 40,
        "{{ " + "a[" * 3000 + "]" * 3000 + " }}",
    ],
    ids=["include", "render", "include in liquid", "nested blocks", "nested brackets"],
)
def test_what_would_read_another_file_or_nests_without_end_is_no_template(source: str) -> None:
    with pytest.raises(InvalidTemplate) as caught:
        templates.template_of("bomb", {"en/sms": source})

    assert [problem.code for problem in caught.value.problems] == ["bad_liquid"]


def test_a_long_but_honest_mail_is_rendered() -> None:
    lines = RenderContext(profile={"name": "Ada"}, event={"lines": [{"name": "Shoe", "cents": 995}] * 200})
    line = "{{ forloop.index }}. {{ l.name | upcase }} {{ l.cents | divided_by: 100.0 }}\n"
    source = "{% for l in event.lines %}" + line + "{% endfor %}"

    rendered = templates.render(
        templates.template_of("long", {"en/sms": source}), Channel.SMS, language="en", context=lines
    )

    assert rendered.text.splitlines()[199] == "200. SHOE 9.95"
