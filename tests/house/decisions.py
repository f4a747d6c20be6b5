"""Decisions are numbered without gaps, keep one form, and name the test that holds us to them."""

import re

from tests.house.tree import Tree

FOLDER = "docs/decisions"
SECTIONS = ("## Context", "## Decision", "## Consequences", "## Alternatives")
_NAME = re.compile(r"(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")
_ENFORCED = re.compile(r"^Enforced by: (.+)$", re.MULTILINE)
_NODE = re.compile(r"[\w./-]+\.py::\w+")


def decisions_are_numbered_and_enforced(tree: Tree) -> list[str]:
    """docs/decisions/NNNN-verb-phrase.md, from 0001 on; each has its sections and names tests that exist."""
    breaches, numbers = [], []
    for path, text in tree.texts():
        if str(path.parent) != FOLDER or path.name == "template.md":
            continue
        if not (match := _NAME.fullmatch(path.name)):
            breaches.append(f"{path}: name it NNNN-verb-phrase.md.")
            continue
        numbers.append(int(match[1]))
        breaches += [
            f"{path} lacks {heading!r}; docs/decisions/template.md shows the form."
            for heading in SECTIONS
            if heading not in text
        ]
        named = [node for line in _ENFORCED.findall(text) for node in _NODE.findall(line)]
        if not named:
            breaches.append(f"{path} names no test. Add a line 'Enforced by: path/test_x.py::test_name'.")
        breaches += [f"{path} names {node}, which does not exist." for node in named if not tree.has_test(node)]
    if numbers != list(range(1, len(numbers) + 1)):
        breaches.append(f"{FOLDER} is numbered {numbers}; numbers start at 0001 and have no gap and no double.")
    return breaches
