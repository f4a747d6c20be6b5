"""Names say what a thing is for. Some names say nothing, and what lies under them grows for ever."""

import ast
import re
from itertools import chain

from tests.house.tree import Tree

BANNED = frozenset(
    "util utils helper helpers common misc base manager managers service services processor processors impl".split()
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_SENTENCE_WORDS_MIN = 4


def modules_are_named_for_what_they_do(tree: Tree) -> list[str]:
    """No module or package carries a name that says nothing."""
    return [
        f"{source.path} is named {part!r}, which says nothing. Name it after what it does, or move its parts to where "
        "they are used."
        for source in tree.sources
        for part in chain(source.path.parts[:-1], (source.path.stem,))
        if part.strip("_").split("_")[-1] in BANNED
    ]


def classes_are_named_for_what_they_are(tree: Tree) -> list[str]:
    """No class is a Manager, a Service, a Processor, an Impl or a Base."""
    return [
        f"{source.path}:{node.lineno} class {node.name}: say what it is; no {', '.join(sorted(BANNED))}."
        for source in tree.sources
        for node in ast.walk(source.module)
        if isinstance(node, ast.ClassDef) and _says_nothing(node.name)
    ]


def _says_nothing(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(words) and (words[-1] in BANNED or words[0] == "base")


def tests_are_flat_sentences(tree: Tree) -> list[str]:
    """A test is a function whose name is a sentence; classes of tests are not needed."""
    breaches = []
    for source in tree.sources:
        if not source.path.name.startswith("test_"):
            continue
        for node in source.module.body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                breaches.append(f"{source.path}:{node.lineno} class {node.name}: write its tests as flat functions.")
        breaches += [
            f"{source.path}:{function.lineno} {function.name}: name it as a sentence that says what holds."
            for function in source.functions()
            if function.name.startswith("test_") and len(function.name.split("_")) - 1 < _SENTENCE_WORDS_MIN
        ]
    return breaches


def modules_say_what_they_are_for(tree: Tree) -> list[str]:
    """Every module begins with a docstring; an empty __init__.py may stay empty."""
    return [
        f"{source.path} has no docstring. Begin it with one sentence: what it is for."
        for source in tree.sources
        if source.text.strip() and not ast.get_docstring(source.module)
    ]
