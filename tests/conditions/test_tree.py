import pytest

from hub.conditions import tree
from hub.conditions.model import Condition
from hub.conditions.parser import parse
from hub.kit import documents
from hub.kit.reading import Reading


def read(source: str) -> tuple[Condition | None, list[str]]:
    reading = Reading()
    condition = tree.read(documents.load(source), {"p": {}}, reading)
    return condition, [f"{problem.line}:{problem.column} {problem.code}" for problem in reading.problems]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("p.x = 1", "p.x = 1"),
        ("all: [p.x = 1, p.y = 2]", "p.x = 1 and p.y = 2"),
        ("any:\n  - p.x = 1\n  - all: [p.y = 2, p.z = 3]", "p.x = 1 or p.y = 2 and p.z = 3"),
        ("not: {any: [p.x = 1, p.y = 2]}", "not (p.x = 1 or p.y = 2)"),
        ("all: [exists(p.x)]", "exists(p.x)"),
        ("all: [p.x = 1, {all: [p.y = 2, p.z = 3]}]", "p.x = 1 and (p.y = 2 and p.z = 3)"),
        ('all: ["p.x in [1, 2]", "p.y = 2 or p.z = 3"]', "p.x in [1, 2] and (p.y = 2 or p.z = 3)"),
    ],
)
def test_keys_and_text_make_the_same_tree(source: str, text: str) -> None:
    assert read(source) == (parse(text), [])


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("3", ["1:1 wrong_type"]),
        ("[p.x = 1]", ["1:1 wrong_type"]),
        ("{}", ["1:1 bad_condition"]),
        ("{all: [p.x = 1], any: [p.y = 1]}", ["1:1 bad_condition"]),
        ("al: [p.x = 1]", ["1:1 unknown_key"]),
        ("all: []", ["1:6 empty_list"]),
        ("all: p.x = 1", ["1:6 wrong_type"]),
        ("all:\n  - p.x == 1\n  - 'p.y = 2'\n  - not: 'q.z = ''a'''", ["2:9 bad_condition", "4:11 unknown_name"]),
        ("{not: " * 32 + "p.x = 1" + "}" * 32, ["1:193 bad_condition"]),
    ],
)
def test_every_fault_of_a_tree_is_reported_at_its_place(source: str, problems: list[str]) -> None:
    assert read(source) == (None, problems)
