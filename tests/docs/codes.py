"""Finds the codes of problems and refusals in the source, for what the code can say must be explained."""

import ast
from pathlib import Path

SAYING = {"report", "Problem", "within", "BadName", "Refusal", "_Unusable", "_refused", "bury"}
"""Functions and classes that are handed a code."""


def codes_in(folder: Path) -> set[str]:
    """The codes that the modules of a folder hand to whoever reports them."""
    return {
        word.value
        for file in folder.glob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and name_of(call.func) in SAYING
        for word in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "code")]
        if isinstance(word, ast.Constant) and isinstance(word.value, str) and word.value.replace("_", "").islower()
        if " " not in word.value and word.value.isidentifier()
    }


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
