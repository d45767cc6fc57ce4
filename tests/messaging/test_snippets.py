"""Snippets: the same words in many templates, in the language of each part, escaped where that is due."""

import pytest

from hub.kit.problems import InvalidDefinition
from hub.wording import lint, snippets
from hub.wording.lint import Purpose
from hub.wording.parts import InvalidTemplate
from hub.wording.snippets import Snippet

FOOTER = snippets.read(
    "snippet: footer\n"
    "texts: {en: 'Finch & Sons,\n\n  {{ profile.country }}', de: Finch und Söhne}\n"
    "html: {en: '<mj-text>Finch</mj-text>'}\n"
)
HELLO = Snippet("hello", "", {"en": 'Hello & {{ profile.firstName | default: "you" }}\n<3'}, {}, version=7)
KNOWN = {"footer": FOOTER, "hello": HELLO}
NO_ADVERTISING = Purpose(advertises=False)


def mail(inside: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"


def test_a_snippet_is_said_in_the_language_of_the_part_and_in_the_nearest_where_it_lacks_it() -> None:
    files = {
        "en/sms": "A {% snippet 'footer' %}!",
        "de-AT/sms": '{%- snippet "footer" -%}',
        "fr/sms": "{% snippet 'footer' %}",
    }

    expanded = snippets.expand("t", files, KNOWN)

    assert expanded.files == {
        "en/sms": "A Finch & Sons,\n{{ profile.country }}!",
        "de-AT/sms": "Finch und Söhne",
        "fr/sms": "Finch & Sons,\n{{ profile.country }}",
    }
    assert expanded.used == {"footer": 0}


def test_in_a_body_it_is_mjml_or_its_text_escaped_between_its_liquid() -> None:
    files = {"en/body.mjml": "{% snippet 'footer' %}|{% snippet 'hello' %}"}

    expanded = snippets.expand("t", files, KNOWN)

    assert expanded.files["en/body.mjml"] == (
        '<mj-text>Finch</mj-text>|Hello &amp; {{ profile.firstName | default: "you" }}<br />\n&lt;3'
    )
    assert expanded.used == {"footer": 0, "hello": 7}


def test_a_snippet_that_nobody_has_agreed_to_is_named_with_its_place() -> None:
    with pytest.raises(InvalidTemplate) as refused:
        snippets.expand("t", {"en/sms": "Hi\n  {% snippet 'foter' %}"}, KNOWN)

    [problem] = refused.value.problems
    assert str(problem) == "2:3: en/sms: there is no snippet `foter`. Did you mean `footer`? [unknown_snippet]"


def test_problems_stand_where_they_were_written_also_behind_a_snippet_of_many_lines() -> None:
    bad = Snippet("bad", "", {"en": "one\ntwo\n{{ profil.x }}"}, {})
    files = {"en/sms": "Hi\n{% snippet 'footer' %} {% snippet 'bad' %}\n{{ firstNam }}"}

    flaws = lint.flaws_of("t", files, NO_ADVERTISING, {**KNOWN, "bad": bad})

    assert [(it.problem.line, it.problem.column, it.problem.message) for it in flaws] == [
        (2, 24, "Nothing is called `profil`. Did you mean `profile`?"),
        (3, 4, "Nothing is called `firstNam`."),
    ]


def test_a_template_that_says_snippets_is_checked_with_their_words_in_it() -> None:
    files = {"en/subject": "S", "en/body.mjml": mail("{% snippet 'footer' %}")}

    checked = lint.checked("t", files, NO_ADVERTISING, KNOWN)

    assert checked.template.languages["en"]["body.mjml"] == mail("<mj-text>Finch</mj-text>")
    assert checked.expanded.written == files


def test_a_snippet_contains_no_other() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        snippets.read("snippet: a\ntexts: {en: \"{% snippet 'a' %}\"}\n")

    assert [it.code for it in refused.value.problems] == ["bad_liquid"]


def test_every_problem_of_a_snippet_is_named() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        snippets.read("snippet: Foot er\ntone: 3\ntexts: {english!: '{{'}\nhtml: x\nlogo: y\n")

    assert [(it.line, it.code) for it in refused.value.problems] == [
        (1, "bad_name"),
        (2, "wrong_type"),
        (3, "unknown_language"),
        (3, "bad_liquid"),
        (4, "wrong_type"),
        (5, "unknown_key"),
    ]
