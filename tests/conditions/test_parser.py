from datetime import timedelta
from decimal import Decimal

import pytest

from hub.conditions import parser
from hub.conditions.model import Compare, Comparison, End, Every, Exists, InSegment, Not, Ranked, Some, Within
from hub.conditions.spelling import spell
from hub.kit.problems import InvalidDefinition

VALUE = Compare(("properties", "value"), Comparison.GREATER, (0,))
COUNTRY = Compare(("profile", "country"), Comparison.IN, ("DE", "AT"))
PHONE = Exists(("profile", "phone"))


def refusal_of(text: str) -> str:
    with pytest.raises(InvalidDefinition) as refused:
        parser.parse(text)
    return str(refused.value)


def test_the_example_of_the_design_is_read() -> None:
    text = 'properties.value > 0 and profile.country in ["DE", "AT"] and not exists(profile.phone)'

    condition = parser.parse(text)

    assert condition == Every((VALUE, COUNTRY, Not(PHONE)))
    assert spell(condition) == text


def test_not_binds_before_and_and_and_before_or() -> None:
    text = 'not exists(profile.phone) and properties.value > 0 or profile.country in ["DE", "AT"]'

    assert parser.parse(text) == Some((Every((Not(PHONE), VALUE)), COUNTRY))


def test_parentheses_group_and_are_kept_where_they_matter() -> None:
    text = "not (exists(profile.phone) or properties.value > 0) and exists(profile.phone)"

    assert parser.parse(text) == Every((Not(Some((PHONE, VALUE))), PHONE))
    assert spell(parser.parse(f"(({text}))")) == text


def test_within_looks_back_or_ahead() -> None:
    text = "within(profile.createdAt, 1d12h) and not within(profile.renewal, next 1w)"

    assert parser.parse(text) == Every(
        (
            Within(("profile", "createdAt"), timedelta(hours=36)),
            Not(Within(("profile", "renewal"), timedelta(days=7), ahead=True)),
        )
    )
    assert spell(parser.parse(text)) == text


def test_a_ranking_takes_a_number_and_a_share() -> None:
    text = "top(purchases.sum, 10%) and not bottom(purchases.days_since_last, 0.5%)"

    assert parser.parse(text) == Every(
        (
            Ranked(("purchases", "sum"), Decimal(10), End.TOP),
            Not(Ranked(("purchases", "days_since_last"), Decimal("0.5"), End.BOTTOM)),
        )
    )
    assert spell(parser.parse(text)) == text
    assert spell(parser.parse("top(p.x, 1e1 %)")) == "top(p.x, 10%)"


def test_a_segment_is_asked_for_by_its_name() -> None:
    text = 'segment("german-vips") and not segment("lapsed")'

    assert parser.parse(text) == Every((InSegment("german-vips"), Not(InSegment("lapsed"))))
    assert spell(parser.parse(text)) == text


def test_between_keeps_its_own_and() -> None:
    text = "properties.value between 10 and 20 and exists(profile.phone)"

    assert parser.parse(text) == Every((Compare(("properties", "value"), Comparison.BETWEEN, (10, 20)), PHONE))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'single'", "single"),
        (r'"q\" \' \\ \/ \n\tA"', "q\" ' \\ / \n\tA"),
        (r'"\u00e9"', "é"),
        ("-3", -3),
        ("2.50", 2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
    ],
)
def test_literals_are_read(text: str, value: object) -> None:
    condition = parser.parse(f"p.x = {text}")

    assert isinstance(condition, Compare)
    assert condition.values == (value,)
    assert condition.kinds == (type(value),)


def test_one_and_true_are_two_literals() -> None:
    assert parser.parse("p.x = 1") != parser.parse("p.x = true")


def test_words_of_the_language_may_be_parts_of_a_name() -> None:
    assert parser.parse("p.in in [1]") == Compare(("p", "in"), Comparison.IN, (1,))


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "1:1: Expected a name such as `profile.country`, found the end. [bad_condition]"),
        ("p.x == 1", "1:5: `==` is not part of the language. Did you mean `=`? [bad_condition]"),
        ("p.x = 1 && p.y = 2", "1:9: `&&` is not part of the language. Did you mean `and`? [bad_condition]"),
        ("p.x = 1\n  AND p.y = 2", "2:3: Expected `and` or `or`, found `AND`. Did you mean `and`? [bad_condition]"),
        (
            "p.x = DE",
            (
                "1:7: Expected text in quotes, a number, true, false or null, found `DE`."
                ' Text stands in quotes: "DE". [bad_condition]'
            ),
        ),
        (
            "p.x = True",
            (
                "1:7: Expected text in quotes, a number, true, false or null, found `True`."
                " Did you mean `true`? [bad_condition]"
            ),
        ),
        (
            "p.vip",
            (
                "1:6: Expected a comparison (= != < <= > >= in contains starts ends between), found the end."
                " Did you mean `p.vip = true`? [bad_condition]"
            ),
        ),
        (
            "p.x not in ['a']",
            (
                "1:5: Expected a comparison (= != < <= > >= in contains starts ends between), found `not`."
                " Did you mean `not p.x in [...]`? `not` stands first. [bad_condition]"
            ),
        ),
        (
            "p.x NOT IN ['a']",
            (
                "1:5: Expected a comparison (= != < <= > >= in contains starts ends between), found `NOT`."
                " Did you mean `not p.x in [...]`? `not` stands first. [bad_condition]"
            ),
        ),
        (
            "p.x start 'a'",
            (
                "1:5: Expected a comparison (= != < <= > >= in contains starts ends between), found `start`."
                " Did you mean `starts`? [bad_condition]"
            ),
        ),
        (
            "exist(p.x)",
            (
                "1:6: Expected a comparison (= != < <= > >= in contains starts ends between), found `(`."
                " Did you mean `exists`? [bad_condition]"
            ),
        ),
        (
            "p.x matches '(a+)+$'",
            (
                "1:5: Expected a comparison (= != < <= > >= in contains starts ends between), found `matches`."
                " There are no patterns: use `contains`, `starts` or `ends`. [bad_condition]"
            ),
        ),
        (
            "p.x > 30d",
            (
                "1:7: Expected text in quotes, a number, true, false or null, found `30d`."
                " How long ago something was, `within(NAME, 30d)` asks. [bad_condition]"
            ),
        ),
        ("top(p.x)", "1:8: Expected `,`, found `)`. [bad_condition]"),
        ("top(p.x, ten)", "1:10: Expected a share such as 10%, found `ten`. [bad_condition]"),
        ("top(p.x, 10)", "1:12: Expected `%`, found `)`. Did you mean `10%`? [bad_condition]"),
        ("top(p.x, 0%)", "1:10: A share is more than 0% and 100% at most. [bad_condition]"),
        ("bottom(p.x, 100.1%)", "1:13: A share is more than 0% and 100% at most. [bad_condition]"),
        (
            "segment(vips)",
            (
                '1:9: Expected the name of a segment in quotes, as in `segment("german-vips")`, found `vips`.'
                " [bad_condition]"
            ),
        ),
        (
            "count(p.x)",
            (
                "1:6: Expected a comparison (= != < <= > >= in contains starts ends between), found `(`."
                ' The functions are `exists(NAME)`, `within(NAME, 30d)`, `segment("NAME")`,'
                ' `any(product.NAME = "x")`, `did("EVENT", within 30d)` and `top(NAME, 10%)`. [bad_condition]'
            ),
        ),
        (
            "p.x =~ '^a'",
            (
                "1:5: `=~` is not part of the language."
                " There are no patterns: use `contains`, `starts` or `ends`. [bad_condition]"
            ),
        ),
        (
            "p.x ~ '^a'",
            (
                "1:5: `~` is not part of the language."
                " There are no patterns: use `contains`, `starts` or `ends`. [bad_condition]"
            ),
        ),
        (
            "p.x = /a/",
            "1:7: `/` cannot stand here. There are no patterns: use `contains`, `starts` or `ends`. [bad_condition]",
        ),
        (
            "regex(p.x, 'a')",
            (
                "1:6: Expected a comparison (= != < <= > >= in contains starts ends between), found `(`."
                " There are no patterns: use `contains`, `starts` or `ends`. [bad_condition]"
            ),
        ),
        (
            "p.x ends with 'a'",
            (
                "1:10: Expected text in quotes, a number, true, false or null, found `with`."
                " `starts` and `ends` stand without it. [bad_condition]"
            ),
        ),
        (
            "p.x after '2026-01-01'",
            (
                "1:5: Expected a comparison (= != < <= > >= in contains starts ends between), found `after`."
                " Did you mean `>`? [bad_condition]"
            ),
        ),
        (
            "p.x within 30d",
            (
                "1:5: Expected a comparison (= != < <= > >= in contains starts ends between), found `within`."
                " Did you mean `within(p.x, 30d)`? [bad_condition]"
            ),
        ),
        (
            "within(p.x, 30)",
            "1:13: Expected a duration such as 30d or 12h, found `30`. Did you mean `30d`? [bad_condition]",
        ),
        (
            "within(p.x, 2 weeks)",
            "1:13: Expected a duration such as 30d or 12h, found `2`. Did you mean `2w`? [bad_condition]",
        ),
        (
            "within(p.x, 3months)",
            (
                "1:13: Expected a duration such as 30d or 12h, found `3`."
                " Months and years are not all as long: write days, as in `30d`. [bad_condition]"
            ),
        ),
        (
            "within(p.x, last 30d)",
            (
                "1:13: Expected a duration such as 30d or 12h, found `last`."
                " Leave it out: what is not `next` lies behind. [bad_condition]"
            ),
        ),
        ("within(p.x 30d)", "1:12: Expected `,`, found `30d`. [bad_condition]"),
        ("within(p.x, 0d)", "1:13: `0d` is no duration: write it like 30s, 15m, 1h30m, 2d or 1w. [bad_duration]"),
        ("within(p.x, 1h1d)", "1:13: `1h1d` is no duration: write it like 30s, 15m, 1h30m, 2d or 1w. [bad_duration]"),
        ("within(p.x, 99999d)", "1:13: `within` looks 36500d away at most. [bad_duration]"),
        (
            "within(p.x, 3d) = true",
            "1:17: `within(p.x, 3d)` is true or false by itself, so `=` has nothing to compare. [wrong_type]",
        ),
        (
            "exists(p.x) > 3",
            "1:13: `exists(p.x)` is true or false by itself, so `>` has nothing to compare. [wrong_type]",
        ),
        ("p.x = 'a", "1:7: This text has no closing quote in its line. [bad_condition]"),
        ("p. x = 1", "1:2: A dot stands between two names, without blanks. [bad_condition]"),
        ("p.x = $1", "1:7: `$` cannot stand here. [bad_condition]"),
        ("(p.x = 1", "1:9: Expected `)`, found the end. [bad_condition]"),
        (
            "p.x in []",
            "1:9: Expected text in quotes, a number, true, false or null, found `]`. [bad_condition]",
        ),
        (
            r"p.x = 'a\q'",
            r"1:9: `\q` is no character. Known are \" \' \\ \/ \n \t \r \b \f and \uXXXX. [bad_condition]",
        ),
        (
            r'p.x = "\ud800"',
            r"1:8: `\ud800` is no character. Known are \" \' \\ \/ \n \t \r \b \f and \uXXXX. [bad_condition]",
        ),
        ("p.x = 9223372036854775808", "1:7: A whole number has at most 63 bits. [bad_condition]"),
        ("p.x = 1e999", "1:7: This number is too large. [bad_condition]"),
        ("p.x = " + "9" * 3_000, "1:7: This number is too large. [bad_condition]"),
        ("not " * 32 + "p.x = 1", "1:129: A condition is nested at most 32 deep. [bad_condition]"),
        ("(" * 4_000, "1:33: A condition is nested at most 32 deep. [bad_condition]"),
        ("p" * 4_001, "1:4001: A condition has at most 4000 characters. [bad_condition]"),
    ],
)
def test_a_refusal_names_place_reason_and_what_was_meant(text: str, refusal: str) -> None:
    assert refusal_of(text) == refusal


def test_a_name_that_stands_alone_is_read() -> None:
    assert parser.path("properties.order_id") == ("properties", "order_id")
    with pytest.raises(InvalidDefinition):
        parser.path("properties.order_id = 1")


ARGUMENTS_EXPECTED = 'Expected how often, such as `>= 3`, or `after "EVENT"`, `within 90d`, `where properties.NAME = …`'
EVENT_EXPECTED = 'Expected the name of an event in quotes, as in `did("Order Completed")`'


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            'did("A") >= 3',
            '1:10: How often somebody did it stands inside, as in `did("Order Completed", >= 3)`. [wrong_type]',
        ),
        (
            'did("A", 3)',
            (f"1:10: {ARGUMENTS_EXPECTED}, in this order, found `3`. [bad_condition]"),
        ),
        (
            'did("A", wihtin 3d)',
            (f"1:10: {ARGUMENTS_EXPECTED}, in this order, found `wihtin`. Did you mean `within`? [bad_condition]"),
        ),
        (
            'did("A", within 3d, >= 3)',
            (f"1:21: {ARGUMENTS_EXPECTED}, in this order, found `>=`. [bad_condition]"),
        ),
        (
            "did(A)",
            (
                '1:5: Expected the name of an event in quotes, as in `did("Order Completed")`,'
                " found `A`. [bad_condition]"
            ),
        ),
        (
            'did("A", within 12h)',
            "1:17: Events are counted by whole UTC days, 1d to 730d, today included. [bad_duration]",
        ),
        (
            'did("A", within 731d)',
            "1:17: Events are counted by whole UTC days, 1d to 730d, today included. [bad_duration]",
        ),
        (
            'did("A", within 30 days)',
            "1:17: Expected a duration such as 30d, found `30`. Did you mean `30d`? [bad_condition]",
        ),
        (
            'did("A", >= 3, after "B")',
            (
                f"1:16: {ARGUMENTS_EXPECTED},"
                " in this order, found `after`. How often it came after something else cannot be asked,"
                " only whether. [bad_condition]"
            ),
        ),
        (
            'did("A", before "B")',
            (
                f"1:10: {ARGUMENTS_EXPECTED},"
                " in this order, found `before`. What came before something else is asked of the later one:"
                ' `did("LATER", after "EARLIER")`. [bad_condition]'
            ),
        ),
        ('did("A", after B)', f"1:16: {EVENT_EXPECTED}, found `B`. [bad_condition]"),
        ('did("A", >= 1.5)', "1:13: How often is a whole number from 0 to 1,000,000. [wrong_type]"),
        ('did("A", = null)', "1:12: How often is a whole number from 0 to 1,000,000. [wrong_type]"),
        ('did("A", contains 3)', "1:10: How often somebody did something, `contains` cannot compare. [bad_condition]"),
        (
            'sum("A", within 3d) > 2',
            "1:10: Expected a property such as `properties.total` or `units`, found `within`. [bad_condition]",
        ),
        (
            'last("A", properties.x, within 3d) = 1',
            "1:25: Expected `where properties.NAME = …`, found `within`. [bad_condition]",
        ),
        (
            'last("A", within 3d) = 1',
            "1:11: Expected a property such as `properties.total`, found `within`. [bad_condition]",
        ),
        (
            'average("A", properties.x)',
            (
                "1:27: Expected a comparison (= != < <= > >= in contains starts ends between), found the end."
                " Did you mean `average(…) >= 1`? [bad_condition]"
            ),
        ),
        ("did([])", f"1:6: {EVENT_EXPECTED}, found `]`. [bad_condition]"),
        ("did('')", f"1:5: {EVENT_EXPECTED}, found `''`. [bad_condition]"),
        (f"did('{'x' * 129}')", "1:5: The name of an event has at most 128 characters. [bad_condition]"),
        (
            f"did([{', '.join(repr(str(it)) for it in range(21))}])",
            "1:116: At most 20 events are counted together. [bad_condition]",
        ),
    ],
)
def test_a_refusal_of_what_is_asked_of_events_names_place_reason_and_what_was_meant(text: str, refusal: str) -> None:
    assert refusal_of(text) == refusal


def test_a_condition_on_events_that_grows_when_it_is_written_out_is_refused() -> None:
    assert refusal_of(f"did('A', where properties.x = '{chr(1) * 3_900}')") == (
        "1:10: This `where` is too long to be counted. [bad_condition]"
    )
