"""Switching a check off is allowed where it names the check; leaving a test out is allowed where it says why."""

import ast
import re

from tests.house.tree import Source, Tree

_IGNORED = re.compile(r"#\s*type:\s*ignore(?!\[[\w-]+)")
_NOQA = re.compile(r"#\s*noqa(?!:\s*[A-Z]+\d+)", re.IGNORECASE)
_LEAVES_OUT = ("skip", "skipif", "xfail")


def suppressions_name_their_check(tree: Tree) -> list[str]:
    """`type: ignore` and `noqa` carry a code."""
    return [
        f"{source.path}:{line} switches off every check at once. Write `type: ignore[code]` or `noqa: CODE`, and why."
        for source in tree.sources
        for line, comment in source.comments
        if _IGNORED.search(comment) or _NOQA.search(comment)
    ]


def tests_left_out_say_why(tree: Tree) -> list[str]:
    """`skip`, `skipif` and `xfail` give their reason."""
    return [
        f"{source.path}:{line} leaves a test out without a reason. Say under which condition it will run."
        for source in tree.sources
        for line in _unexplained(source)
    ]


def _unexplained(source: Source) -> list[int]:
    nodes = list(ast.walk(source.module))
    calls = [node for node in nodes if isinstance(node, ast.Call) and _leaves_out(node.func)]
    called = {id(call.func) for call in calls}
    bare = [node for node in nodes if isinstance(node, ast.Attribute) and _leaves_out(node) and id(node) not in called]
    return [call.lineno for call in calls if not _has_reason(call)] + [node.lineno for node in bare]


def _leaves_out(node: ast.expr) -> bool:
    name = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
    return name in {f"pytest.{prefix}{kind}" for prefix in ("", "mark.") for kind in _LEAVES_OUT}


def _has_reason(call: ast.Call) -> bool:
    first_is_reason = not ast.unparse(call.func).endswith("skipif") and bool(call.args)
    return first_is_reason or any(keyword.arg == "reason" for keyword in call.keywords)
