"""Errors as clients see them: a stable code, the request's id, and not a word of what somebody's variables held."""

import re
from collections.abc import Iterator
from typing import Any, Final

import structlog
from graphql import (
    FloatValueNode,
    GraphQLError,
    GraphQLSyntaxError,
    IntValueNode,
    Node,
    StringValueNode,
    Visitor,
    print_ast,
    visit,
)
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from hub.kit.errors import HubError, TryLater

log = structlog.get_logger(__name__)

PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
INTERNAL: Final = HubError.code

_FOUND: Final = re.compile(r"(found|Unexpected) (\w+:?) ['\"].*", re.DOTALL)
_VARIABLE: Final = re.compile(
    r"Variable '\$(\w+)' has invalid (?:default )?value(?: at ([\w.\[\]]+))?: (.*)", re.DOTALL
)
_REASON: Final = re.compile(
    r"Expected (?:a )?value of (?:non-null )?type '[\w!\[\]]+' "
    r"(?:to be provided|not to be None|to be an object|to include required field '\w+')"
    r"|\w+ cannot represent [A-Za-z -]+(?=: )"
)
"""What graphql-core says of a value, up to where it begins to quote it."""


def failure(code: str, message: str, request_id: str) -> dict[str, Any]:
    """Make an answer that is one error and no data."""
    return {"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]}


def shown(result: ExecutionResult | PreExecutionError, request_id: str) -> Iterator[dict[str, Any]]:
    """Show the errors of a result. What was not foreseen is logged and masked."""
    for error in result.errors or ():
        code, message = _told(error, request_id, valid=not isinstance(result, PreExecutionError))
        later = error.original_error
        yield {
            "message": message,
            **({"locations": [it.formatted for it in error.locations]} if error.locations else {}),
            **({"path": list(error.path)} if error.path else {}),
            "extensions": {
                "code": code,
                "requestId": request_id,
                **({"retryAfter": later.retry_after} if isinstance(later, TryLater) else {}),
            },
        }


def _told(error: GraphQLError, request_id: str, *, valid: bool) -> tuple[str, str]:
    """Choose the code and the sentence of an error."""
    original = error.original_error
    if isinstance(original, HubError) and original.code != INTERNAL:
        return original.code, original.message
    if isinstance(original, RecursionError | ValueError) and not valid:
        # graphql-core lets Python's own limits through, for frames and for the digits of a number.
        return PARSE_FAILED, "The document nests too deep, or has a number of too many digits."
    if error.path or not isinstance(original, GraphQLError | None):
        log.error("graphql_failed", request_id=request_id, exc_info=original or error)
        return INTERNAL, "Something went wrong on our side. Name the request's id when you ask about it."
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED, _FOUND.sub(r"\1 \2.", error.message)
    if valid:
        return BAD_USER_INPUT, _of_variable(error.message)
    return VALIDATION_FAILED, _without_literals(error)


def _of_variable(message: str) -> str:
    """Tell which variable is wrong, where in it and why, without its value."""
    variable = _VARIABLE.match(message)
    if variable is None:
        return "The variables cannot be used."
    name, at, reason = variable.groups()
    return f"Variable ${name}{at or ''}: {_reason(reason)}"


def _reason(reason: str) -> str:
    safe = _REASON.match(reason)
    return f"{safe[0]}." if safe else "Its value is not of the declared type."


def _without_literals(error: GraphQLError) -> str:
    """Take out of a message what the document says between quotes, and its numbers."""
    if isinstance(error, StrawberryInputCoercionError):
        return _reason(error.message)  # a scalar that refuses a literal does not say where it stands
    literals = _Literals()
    for node in error.nodes or ():
        visit(node, literals)
    message = error.message
    for text in sorted(literals.found, key=len, reverse=True):
        message = message.replace(text, "…")
    return message


class _Literals(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter(self, node: Node, *_: Any) -> None:
        if isinstance(node, StringValueNode):
            self.found |= {print_ast(node), repr(node.value), f'"{node.value}"'}
        elif isinstance(node, IntValueNode | FloatValueNode):
            self.found.add(node.value)
