"""Brand kits: templates read them, and what steps outside is told by place."""

import pytest

from hub.kit.problems import InvalidDefinition
from hub.wording import brands, lint
from hub.wording.brands import Kit
from hub.wording.lint import Purpose

SOURCE = """
brand: default
name: Little Finch
sender: Finch & Sons
logo: https://hub.example/a/x.png
colours: {primary: "#8A3F1D", paper: "#fff"}
fonts: {body: "Georgia, 'Times New Roman', serif"}
banned: [cheap, act now]
required: {en: [Finch of Berlin], de: [Finch aus Berlin]}
"""
KIT = brands.read(SOURCE)
NOT_OURS = "is not of Little Finch, which has #8A3F1D, #fff."
WAY_OUT = "{{ links.unsubscribe }} Finch of Berlin"


def body(tag: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column>\n{tag}\n</mj-column></mj-section></mj-body></mjml>"


def told(files: dict[str, str], *, advertises: bool = False, kit: Kit | None = KIT) -> list[str]:
    return [str(it) for it in lint.flaws_of("t", files, Purpose(advertises=advertises, kit=kit))]


@pytest.mark.parametrize(
    "tag",
    [
        '<mj-text color="#8a3f1d" container-background-color="#FFFFFF">x</mj-text>',
        '<mj-text color="{{ brand.colours.primary }}" font-family="{{ brand.fonts.body }}">x &#39;</mj-text>',
        "<mj-text font-family=\"Georgia,'Times New Roman',serif\" color='transparent'>Issue #123456 is red</mj-text>",
        "<mj-text><p style=\"color: #fff; font-family: Georgia, 'Times New Roman', serif\">x</p></mj-text>",
        '<mj-button href="https://shop.example/#abc">x</mj-button>',
    ],
)
def test_what_keeps_to_the_kit_has_no_flaw(tag: str) -> None:
    assert told({"en/subject": "S", "en/body.mjml": body(tag)}) == []


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        (
            '<mj-text color="#123456">x</mj-text>',
            f"2:17: The colour #123456 {NOT_OURS}",
        ),
        ('<mj-text color="red">x</mj-text>', f"2:10: The colour red {NOT_OURS}"),
        (
            '<mj-text><b style="color: Red;">x</b></mj-text>',
            f"2:20: The colour Red {NOT_OURS}",
        ),
        (
            '<mj-text><b style="background: rgb(1, 2, 3)">x</b></mj-text>',
            f"2:32: The colour rgb(1, 2, 3) {NOT_OURS}",
        ),
        (
            '<mj-text font-family="Arial">x</mj-text>',
            "2:10: The font Arial is not of Little Finch, which has Georgia, 'Times New Roman', serif.",
        ),
    ],
)
def test_a_colour_or_font_outside_of_the_kit_is_told(tag: str, said: str) -> None:
    assert told({"en/subject": "S", "en/body.mjml": body(tag)}) == [f"en/body.mjml:{said} [off_brand]"]
    assert told({"en/subject": "S", "en/body.mjml": body(tag)}, kit=None) == []


def test_a_banned_word_is_told_wherever_it_is_said_and_not_within_another() -> None:
    assert told({"en/sms": "Cheaper. So CHEAP, act now!"}) == [
        "en/sms:1:13: `cheap` is not said by Little Finch. [banned_word]",
        "en/sms:1:20: `act now` is not said by Little Finch. [banned_word]",
    ]


def test_advertising_says_what_the_brand_always_says_in_its_language() -> None:
    files = {"en/subject": "S", "en/text": WAY_OUT, "de/subject": "S", "de/text": WAY_OUT}

    assert told(files, advertises=True) == [
        "de/text:1:1: Little Finch always says: Finch aus Berlin [missing_line]",
    ]
    assert told(files) == []


def test_a_colour_that_the_kit_does_not_have_is_an_unknown_name() -> None:
    [said] = told({"en/sms": "{{ brand.colours.secondary }}{{ brand.name }}"})

    assert said == (
        "en/sms:1:4: `brand.colours.secondary`: there is no `secondary`, only primary, paper. [unknown_variable]"
    )
    assert told({"en/sms": "{{ brand.colours.secondary }}"}, kit=None) == []


def test_the_brands_name_stands_before_the_address_of_the_sender() -> None:
    assert KIT.sender_of("Engagement Hub <hub@example.com>") == '"Finch & Sons" <hub@example.com>'
    assert KIT.sender_of("hub@example.com") == '"Finch & Sons" <hub@example.com>'


def test_every_problem_of_a_kit_is_named() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        brands.read(
            'brand: No Name\nname: x\nsender: "a <b@c>"\nlogo: http://x\ncolours: {a: red}\nfonts: 3\n'
            "banned: cheap\nrequired: {english!: [x]}\nfoo: 1\n"
        )

    assert [(it.line, it.code) for it in refused.value.problems] == [
        (1, "bad_name"),
        (3, "bad_name"),
        (4, "bad_name"),
        (5, "bad_name"),
        (6, "wrong_type"),
        (7, "wrong_type"),
        (8, "unknown_language"),
        (9, "unknown_key"),
    ]
