"""The repository as the house rules see it: its text files and its Python modules, parsed once."""

import ast
import io
import os
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parents[2]
_NOT_OURS = frozenset({"__pycache__", "node_modules", "dist", "build"})
_OUR_HIDDEN = frozenset({".ci", ".importlinter", ".gitignore", ".gitattributes", ".editorconfig"})
_TEXT_BYTES_MAX = 2_000_000

type_of_function = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """One Python module. `path` is relative to the repository."""

    path: PurePosixPath
    text: str

    @cached_property
    def module(self) -> ast.Module:
        """The parsed module."""
        return ast.parse(self.text, filename=str(self.path))

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        """(line, text) of every comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]

    @property
    def is_test(self) -> bool:
        """Whether it is test code: a test file, its fixtures, or anything below tests/."""
        return self.path.name.startswith("test_") or self.path.name == "conftest.py" or self.path.parts[0] == "tests"

    @property
    def context(self) -> str | None:
        """The context that it belongs to."""
        parts = self.path.parts
        return parts[3] if parts[:3] == ("src", "tradewind", "contexts") and len(parts) > 4 else None

    @property
    def floor(self) -> str | None:
        """The floor of src/tradewind that it lies on."""
        parts = self.path.parts
        return parts[2] if parts[:2] == ("src", "tradewind") and len(parts) > 3 else None

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function, nested ones too."""
        yield from (node for node in ast.walk(self.module) if isinstance(node, type_of_function))

    def imported(self) -> Iterator[tuple[int, str]]:
        """(line, dotted name) of everything imported, `from a import b` as `a.b`."""
        for node in ast.walk(self.module):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


class Tree:
    """All that lies below `root` and is ours."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def files(self) -> list[PurePosixPath]:
        """Every file, relative to the root."""
        return sorted(self._walk())

    def _walk(self) -> Iterator[PurePosixPath]:
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if self._ours(name)]
            here = Path(folder).relative_to(self.root)
            yield from (PurePosixPath(here.as_posix(), name) for name in names if self._ours(name))

    @staticmethod
    def _ours(name: str) -> bool:
        if name.startswith("."):
            return name in _OUR_HIDDEN
        return name not in _NOT_OURS and not name.endswith(".egg-info")

    @cached_property
    def sources(self) -> list[Source]:
        """Every Python module."""
        return [Source(path, (self.root / path).read_text()) for path in self.files if path.suffix == ".py"]

    def texts(self) -> Iterator[tuple[PurePosixPath, str]]:
        """Every file that is text."""
        for path in self.files:
            file = self.root / path
            if file.is_file() and file.stat().st_size <= _TEXT_BYTES_MAX:
                raw = file.read_bytes()
                if b"\0" not in raw:
                    yield path, raw.decode(errors="replace")

    def has_test(self, node_id: str) -> bool:
        """Whether `path::name` is a test function that is written down."""
        path, _, name = node_id.partition("::")
        named = [source for source in self.sources if str(source.path) == path]
        return any(function.name == name for source in named for function in source.functions())


Rule = Callable[[Tree], list[str]]
"""Tells its breaches, one sentence each: where, what, and what to do about it."""
