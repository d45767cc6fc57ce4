import pytest

from hub.conditions import catalogue, kinds, parser
from hub.conditions.kinds import Kind, Scope
from hub.conditions.model import Compare, Comparison, tallies_in
from hub.conditions.shapes import Happenings
from hub.kit.problems import InvalidDefinition

CHECKOUT = catalogue.scope_of("Checkout Started")
FLAGS: Scope = {"profile": {"vip": Kind.BOOLEAN, "tags": Kind.LIST}}


def refusals_of(text: str, scope: Scope = CHECKOUT) -> list[str]:
    with pytest.raises(InvalidDefinition) as refused:
        kinds.read(text, scope)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    "text",
    [
        "properties.value > 0",
        "properties.value between 10 and 20.5",
        'properties.coupon in ["A", "B"]',
        "profile.email != null",
        'profile.address.country = "DE"',
        'profile.birthday < "1990-01-01"',
        "exists(properties.products)",
        'properties.something_of_our_own > "ten"',
        "profile.favourite.colour = 3",
    ],
)
def test_what_fits_or_is_unknown_is_allowed(text: str) -> None:
    assert kinds.read(text, CHECKOUT) == parser.parse(text)


@pytest.mark.parametrize(
    ("text", "refusals"),
    [
        (
            'properties.value > "ten"',
            ['1:20: `properties.value` is a number, `"ten"` is text: `>` compares like with like. [wrong_type]'],
        ),
        (
            "profile.email between 1 and 2",
            [
                "1:23: `profile.email` is text, `1` is a number: `between` compares like with like. [wrong_type]",
                "1:29: `profile.email` is text, `2` is a number: `between` compares like with like. [wrong_type]",
            ],
        ),
        (
            'properties.value in [1, "b"]',
            ['1:25: `properties.value` is a number, `"b"` is text: `in` compares like with like. [wrong_type]'],
        ),
        ("profile.score > true", ["1:17: `>` takes text or a number, `true` is true or false. [wrong_type]"]),
        ("profile.score <= null", ["1:18: `<=` takes text or a number, `null` is null. [wrong_type]"]),
        ("profile.score starts 3", ["1:22: `starts` takes text, `3` is a number. [wrong_type]"]),
        (
            'profile.score between 1 and "b"',
            ["1:29: `between` takes two of a kind, here are a number and text. [wrong_type]"],
        ),
        (
            "properties.value contains 3",
            ["1:1: `properties.value` is a number, which `contains` cannot compare. [wrong_type]"],
        ),
        (
            "properties.products = 3",
            ["1:1: `properties.products` is a list of objects, which `=` cannot compare. [wrong_type]"],
        ),
        ('profile.address = "DE"', ["1:1: `profile.address` is an object, which `=` cannot compare. [wrong_type]"]),
        ("exists(profile.email.domain)", ["1:8: `profile.email` is text and has no `domain` inside. [wrong_type]"]),
        (
            "profil.email = 'x' and\n country = 'DE'",
            [
                (
                    "1:1: `profil` is not known here: a name begins with `properties.` or `profile.`."
                    " Did you mean `profile`? [unknown_name]"
                ),
                (
                    "2:2: `country` is not known here: a name begins with `properties.` or `profile.`."
                    " Did you mean `profile.country`? [unknown_name]"
                ),
            ],
        ),
        ("exists(profile)", ["1:8: `profile` needs a name behind it, as in `profile.NAME`. [unknown_name]"]),
    ],
)
def test_every_fault_is_reported_with_both_types_and_its_place(text: str, refusals: list[str]) -> None:
    assert refusals_of(text) == refusals


def test_true_and_false_have_no_order() -> None:
    assert refusals_of("profile.vip > true", FLAGS) == [
        "1:1: `profile.vip` is true or false, which `>` cannot compare. [wrong_type]"
    ]


def test_a_list_contains_any_literal() -> None:
    assert kinds.read("profile.tags contains 3", FLAGS) == Compare(("profile", "tags"), Comparison.CONTAINS, (3,))


def test_properties_have_the_kinds_of_their_event() -> None:
    kinds.read('properties.value = "ten"', catalogue.scope_of("Something Of Our Own"))
    kinds.read('properties.value = "ten"', catalogue.scope_of("Promotion Viewed"))
    assert len(refusals_of('properties.value = "ten"', catalogue.scope_of("Product Viewed"))) == 1


def test_a_segment_that_there_is_not_is_refused_with_what_was_meant() -> None:
    known: Scope = {**CHECKOUT, kinds.SEGMENT: kinds.Names({"vips": Kind.OBJECT})}

    assert kinds.read('segment("vips")', known)
    assert refusals_of('segment("vip")', known) == [
        "1:9: There is no segment `vip`. Did you mean `vips`? [unknown_name]"
    ]
    assert refusals_of('segment("vips")', CHECKOUT) == ["1:9: No segment can be asked for here. [unknown_name]"]
    assert kinds.read('segment("whatever")', {**CHECKOUT, kinds.SEGMENT: kinds.ANY_SEGMENT})
    assert "`segment.`" not in refusals_of("segments.x = 1", known)[0]


def test_within_asks_for_text_only() -> None:
    assert refusals_of("within(profile.age, 3d)") == [
        "1:8: `profile.age` is a number; `within` asks for a time, which is text. [wrong_type]"
    ]
    assert kinds.read("within(profile.birthday, 3d)", CHECKOUT)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "profile.answers.matters-most.valeu = 'price'",
            (
                "1:1: `profile.answers.matters-most` has no `valeu`. "
                "Did you mean `profile.answers.matters-most.value`? [unknown_name]"
            ),
        ),
        (
            "exists(profile.answers.matters-most)",
            (
                "1:8: `profile.answers.matters-most` needs a name behind it, "
                "as in `profile.answers.matters-most.value`. [unknown_name]"
            ),
        ),
        (
            "exists(profile.answers)",
            "1:8: `profile.answers` needs a name behind it, as in `profile.answers.NAME`. [unknown_name]",
        ),
        ("exists(profile.answers.Matters.value)", "1:8: `profile.answers` has no `Matters`. [unknown_name]"),
    ],
)
def test_an_answer_has_a_value_a_version_and_a_time_and_nothing_else(text: str, refusal: str) -> None:
    assert kinds.read('profile.answers.matters-most.value = "price"', CHECKOUT)
    assert kinds.read("within(profile.answers.matters-most.at, 30d) and profile.answers.a.version > 1", CHECKOUT)

    assert refusals_of(text) == [refusal]


@pytest.mark.parametrize(
    "text",
    [
        'any(product.category = "coffee" and product.price > 3)',
        "not any(exists(product.coupon)) and properties.total > 10",
        'any(product.something_of_our_own = "x")',
    ],
)
def test_any_asks_whether_one_of_the_products_is_so(text: str) -> None:
    assert kinds.read(text, CHECKOUT) == parser.parse(text)
    assert kinds.read(text, catalogue.scope_of("Something Of Our Own"))


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "any(product.price = 'x')",
            '1:21: `product.price` is a number, `"x"` is text: `=` compares like with like. [wrong_type]',
        ),
        (
            'any(category = "coffee")',
            (
                "1:5: `category` is not known here: a name begins with `product.`."
                " Did you mean `product.category`? [unknown_name]"
            ),
        ),
        (
            "any(properties.total > 1)",
            "1:5: `properties` is not known here: a name begins with `product.`. [unknown_name]",
        ),
        ("any(segment('a'))", "1:13: No segment can be asked for here. [unknown_name]"),
        (
            "any(any(product.price = 1))",
            "1:9: `any` asks for the products of an event, and here is none. [unknown_name]",
        ),
        (
            "any(product.price > 1) = 2",
            ("1:24: `any(product.price > 1)` is true or false by itself, so `=` has nothing to compare. [wrong_type]"),
        ),
    ],
)
def test_what_is_wrong_with_a_product_is_said_at_its_place(text: str, refusal: str) -> None:
    assert refusals_of(text) == [refusal]


def test_of_customers_no_products_can_be_asked() -> None:
    assert refusals_of("any(product.price = 1)", {"profile": {}}) == [
        "1:5: `any` asks for the products of an event, and here is none. [unknown_name]"
    ]


EVENTS: Scope = {"profile": {}, kinds.DID: Happenings(catalogue.EVENTS)}


@pytest.mark.parametrize(
    "text",
    [
        'did("Order Completed", >= 3, within 90d, where properties.total > 50)',
        'not did("Something Of Our Own", where properties.x = 1)',
        'sum(["Order Completed", "Product Viewed"], properties.x) > 1',
        'average("Order Completed", units(product.price > 3), within 2w) >= 2',
        'last("Order Completed", properties.coupon) in ["A", null]',
        'did(["order_completed"], after ["Product Views"])',
    ],
)
def test_what_somebody_did_can_be_asked_where_it_is_counted(text: str) -> None:
    assert kinds.read(text, EVENTS) == parser.parse(text)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "did('orderCompleted')",
            (
                "1:5: `orderCompleted` is not known. Did you mean `Order Completed`?"
                ' A name of your own stands in brackets: ["orderCompleted"]. [unknown_name]'
            ),
        ),
        (
            'did("A", after "Order Complete")',
            (
                "1:16: `Order Complete` is not known. Did you mean `Order Completed`?"
                ' A name of your own stands in brackets: ["Order Complete"]. [unknown_name]'
            ),
        ),
        (
            'did(["A", "Segment Left"])',
            '1:11: `Segment Left` follows from segments: ask for one by `segment("NAME")`. [bad_condition]',
        ),
        (
            'did("Order Completed", where properties.total > "x")',
            '1:49: `properties.total` is a number, `"x"` is text: `>` compares like with like. [wrong_type]',
        ),
        (
            'did("Order Completed", where profile.age > 3)',
            "1:30: `profile` is not known here: a name begins with `properties.`. [unknown_name]",
        ),
        (
            'did("A", where did("B"))',
            (
                "1:16: What somebody did can be asked in a segment: publish one,"
                ' and ask `segment("NAME")` here. [unknown_name]'
            ),
        ),
        (
            'sum("Order Completed", properties.coupon) > 3',
            "1:24: `properties.coupon` is no number, which could be added up. [wrong_type]",
        ),
        (
            'sum("Order Completed", properties.products) > 3',
            (
                "1:24: `properties.products` is a list of objects:"
                " what is added up is a property with one value, or `units`. [wrong_type]"
            ),
        ),
        (
            'sum("Order Completed", properties.total) > "x"',
            '1:44: `sum` is a number, `"x"` is text: `>` compares like with like. [wrong_type]',
        ),
        (
            'sum("A", units(product.x = 1 and total = 2)) > 3',
            "1:34: `total` is not known here: a name begins with `product.`. [unknown_name]",
        ),
        (
            'first("Order Completed", properties.total) = "x"',
            '1:46: `first` is a number, `"x"` is text: `=` compares like with like. [wrong_type]',
        ),
        ("did('A', where a.b = 1)", "1:16: `a` is not known here: a name begins with `properties.`. [unknown_name]"),
    ],
)
def test_what_is_wrong_with_what_is_asked_of_events_is_said_at_its_place(text: str, refusal: str) -> None:
    assert refusals_of(text, EVENTS) == [refusal]


def test_of_events_only_what_is_counted_can_be_asked_where_nobody_has_more_counted() -> None:
    rule = 'did("A", within 30d)'
    (name,) = tallies_in(parser.parse(rule))

    assert kinds.read(rule, {kinds.DID: Happenings(catalogue.EVENTS, {name})})
    assert refusals_of(rule, {kinds.DID: Happenings(catalogue.EVENTS, ())}) == [
        f"1:1: {kinds.NOT_COUNTED} [unknown_name]"
    ]
    assert refusals_of(rule, CHECKOUT) == [f"1:1: {kinds.NOT_HERE} [unknown_name]"]
