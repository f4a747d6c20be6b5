"""Nothing grows until nobody can read it: a file has at most 400 lines, a function at most 50."""

from tests.house.tree import Tree

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50


def files_are_short(tree: Tree) -> list[str]:
    """No module is longer than FILE_LINES_MAX."""
    return [
        f"{source.path} has {lines} lines; {FILE_LINES_MAX} is the wall. Split it by what its parts are for."
        for source in tree.sources
        if (lines := len(source.text.splitlines())) > FILE_LINES_MAX
    ]


def functions_are_short(tree: Tree) -> list[str]:
    """No function is longer than FUNCTION_LINES_MAX."""
    return [
        f"{source.path}:{function.lineno} {function.name}() has {lines} lines; {FUNCTION_LINES_MAX} is the wall. "
        "Give its steps names of their own."
        for source in tree.sources
        for function in source.functions()
        if (lines := (function.end_lineno or function.lineno) - function.lineno + 1) > FUNCTION_LINES_MAX
    ]
