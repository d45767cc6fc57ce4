"""Reading a document while collecting everything that is wrong with it, so that its author hears it all at once."""

from collections.abc import Collection, Mapping
from typing import Final

from hub.kit.documents import Field, Fields, Items, Node, Value
from hub.kit.problems import Problem, did_you_mean

_SHOWN: Final = 60


class Reading:
    """The problems found so far. A method that reports one answers with nothing, and reading goes on."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, at: Node, code: str, message: str) -> None:
        """Note a problem of the node `at`."""
        self.problems.append(Problem(at.line, at.column, code, message))

    def fields(self, node: Node, name: str, known: Collection[str], *needed: str) -> Mapping[str, Field]:
        """Read keys and values, of which those in `needed` must be there. `name` is what the author calls the node.

        Reports `wrong_type`, `unknown_key` and `missing_key`; answers with the known fields.
        """
        if not isinstance(node, Fields):
            self.report(node, "wrong_type", f"{_begin(name)} takes {_keys(known)}, not {spoken(node)}.")
            return {}
        for key, field in node.fields.items():
            if key not in known:
                hint = did_you_mean(key, known) or f" Known here: {', '.join(known)}."
                self.report(field.key, "unknown_key", f"`{key[:_SHOWN]}` is no key of {name}.{hint}")
        for key in needed:
            if key not in node.fields:
                self.report(node, "missing_key", f"{_begin(name)} needs `{key}`.")
        return {key: field for key, field in node.fields.items() if key in known}

    def items(self, node: Node, name: str) -> tuple[Node, ...]:
        """Read a list, or report `wrong_type`, or `empty_list` for one without items."""
        if not isinstance(node, Items):
            self.report(node, "wrong_type", f"{_begin(name)} takes a list, not {spoken(node)}.")
            return ()
        if not node.items:
            self.report(node, "empty_list", f"{_begin(name)} takes a list that holds something.")
        return node.items

    def text(self, node: Node, name: str, *, longest: int) -> str | None:
        """Read a text of 1 to `longest` characters, or report `wrong_type` or `bad_length`."""
        if not isinstance(node, Value) or not isinstance(node.value, str):
            self.report(node, "wrong_type", f"{_begin(name)} takes text, not {spoken(node)}.")
            return None
        if not 1 <= len(node.value) <= longest:
            message = f"{_begin(name)} has 1 to {longest} characters, here are {len(node.value)}."
            self.report(node, "bad_length", message)
            return None
        return node.value


def spoken(node: Node) -> str:
    """Say in words what a node is."""
    match node:
        case Items():
            return "a list"
        case Fields():
            return "keys and values"
        case Value(value=None):
            return "nothing"
        case Value(value=str()):
            return "text"
        case Value(value=bool()):
            return "true or false"
    return "a number"


def _begin(name: str) -> str:
    return name[0].upper() + name[1:]


def _keys(known: Collection[str]) -> str:
    return f"keys and values ({', '.join(known)})" if known else "nothing"
