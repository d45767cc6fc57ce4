"""Bombs: each ends in a named error within a fraction of a second, by the limit that is meant for it."""

import time

import pytest

from hub.profiles.model import Channel
from hub.wording import templates
from hub.wording.templates import InvalidTemplate, Limit, LimitExceeded, RenderContext

EMPTY = RenderContext(profile={}, event={"list": ["x"] * 100_000})
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
    "depth": ("{% for i in (1..2) %}" * 10 + "{% endfor %}" * 10, Limit.DEPTH),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_ends_in_a_named_error_within_half_a_second(bomb: str) -> None:
    source, limit = BOMBS[bomb]
    template = templates.template_of("bomb", {"en/sms": source})
    began = time.process_time()

    with pytest.raises(LimitExceeded) as caught:
        templates.render(template, Channel.SMS, language="en", context=EMPTY)

    assert caught.value.limit is limit
    assert time.process_time() - began < 0.5


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
