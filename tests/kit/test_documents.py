import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kit import documents
from hub.kit.documents import Fields, Items, Node, Value
from hub.kit.problems import InvalidDefinition, Problem


def plain(node: Node) -> object:
    match node:
        case Fields(fields):
            return {key: plain(field.node) for key, field in fields.items()}
        case Items(items):
            return [plain(item) for item in items]
        case Value(value):
            return value


def problems_of(source: str) -> list[tuple[int, int, str]]:
    with pytest.raises(InvalidDefinition) as refused:
        documents.load(source)
    return [(problem.line, problem.column, problem.code) for problem in refused.value.problems]


def test_every_key_and_value_knows_its_place() -> None:
    document = documents.load("a: 1\nlist:\n  - x\n  - {b: 'y'}\n")

    assert isinstance(document, Fields)
    field = document.fields["list"]
    assert (field.key.line, field.key.column) == (2, 1)
    assert isinstance(field.node, Items)
    first, second = field.node.items
    assert (first.line, first.column) == (3, 5)
    assert isinstance(second, Fields)
    assert (second.line, second.column) == (4, 5)
    assert (second.fields["b"].key.column, second.fields["b"].node.column) == (6, 9)


def test_only_what_json_would_not_call_text_is_no_text() -> None:
    source = "[true, null, ~, 3, -2.5, 1e3, NO, yes, 01234, 2026-11-01, 1:30, '7', 0x1F, .inf, 1234567890123456789]"

    assert plain(documents.load(source)) == [
        True, None, None, 3, -2.5, 1000.0,
        "NO", "yes", "01234", "2026-11-01", "1:30", "7", "0x1F", ".inf", "1234567890123456789",
    ]  # fmt: skip


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text("aé\"'\\\n\t:#-{}[], €😀", max_size=12),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc: #", min_size=1), inner, max_size=4),
        max_leaves=20,
    ),
    st.sampled_from([None, 2, "\t"]),
)
def test_json_is_read_as_json(value: object, indent: int | str | None) -> None:
    assert plain(documents.load(json.dumps(value, ensure_ascii=False, indent=indent))) == value


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("", (1, 1, "bad_yaml")),
        ("a: [1, 2", (2, 1, "bad_yaml")),
        ("a: 1\nb: c: d\n", (2, 5, "bad_yaml")),
        ("a:\n\tb: 1\n", (2, 1, "bad_yaml")),
        ("a: 1\n---\nb: 2\n", (2, 1, "bad_yaml")),
        ("a: &x 1\n", (1, 4, "bad_yaml")),
        ("a: 1\nb: *a\n", (2, 4, "bad_yaml")),
        ("a: !!python/name:os.system x\n", (1, 4, "bad_yaml")),
        ("1: a\n", (1, 1, "bad_yaml")),
        ("[a]: b\n", (1, 1, "bad_yaml")),
        ("a: é\x00\n", (1, 5, "bad_yaml")),
        ("a: \ud800\n", (1, 4, "bad_yaml")),
        ("a: 1\nb: 2\na: 3\n", (3, 1, "duplicate_key")),
        ("[" * 65 + "]" * 65, (1, 65, "too_deep")),
        ("#" * 256 * 1024 + "#", (1, 1, "too_large")),
    ],
)
def test_what_is_refused_is_refused_at_its_place(source: str, problem: tuple[int, int, str]) -> None:
    assert problems_of(source) == [problem]


def test_a_tab_is_called_a_tab() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        documents.load("a:\n\tb: 1\n")

    assert str(refused.value) == "2:1: A tab cannot indent YAML: use spaces. [bad_yaml]"


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("ab:-[]{},'\"\n &*!|>#%?@`\t", max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(source: str) -> None:
    with contextlib.suppress(InvalidDefinition):
        documents.load(source)


@pytest.mark.parametrize("source", ["[" * 262_144, "{" * 262_144, "- " * 131_072, "? " * 131_072, "a: " * 87_381])
def test_hostile_nesting_is_refused_within_a_second(source: str) -> None:
    begin = time.process_time()

    assert len(problems_of(source)) == 1
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a: one two ERR", (1, 12)),
        ("a: 'it''s ERR'", (1, 11)),
        (r'a: "q\"\u00e9\n\x41 ERR"', (1, 21)),
        ("a:\n  one\n  two ERR\n", (3, 7)),
        ("a: |\n  one\n\n  two ERR\n", (4, 7)),
        ("a: >-\n  one\n    ERR\n", (3, 5)),
        ('a: "one\n  two ERR"', (2, 7)),
        ("a: |2\r\n  one\r\n  ERR\r\n", (3, 3)),
    ],
)
def test_a_place_inside_a_text_is_found_in_the_document(source: str, place: tuple[int, int]) -> None:
    document = documents.load(source)
    assert isinstance(document, Fields)
    value = document.fields["a"].node
    assert isinstance(value, Value)
    text = str(value.value)

    moved = value.outside(Problem.within(text, text.index("ERR"), "bad_condition", "Here."))

    assert (moved.line, moved.column) == place
