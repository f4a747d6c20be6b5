"""SQL is written by hand, as constants, in the context whose schema it speaks of; nothing is ever pasted into it."""

import ast
import re
from collections.abc import Iterator

from tests.house.tree import REPOSITORY, Source, Tree

CONTEXT_SCHEMAS = tuple(
    sorted(one.parent.name for one in (REPOSITORY / "src/tradewind/contexts").glob("*/manifest.py"))
)
"""A context's schema is called as it is."""
MAY_BUILD = frozenset(
    {
        "src/tradewind/adapters/database/embedded.py",  # makes the database before anybody can connect to it
        "src/tradewind/runtime/database.py",  # puts statements together that are constants themselves
        "src/tradewind/runtime/migrate.py",  # names the schema that a migration lives in
    }
)
LOOKS_LIKE_SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE [\w.]+|DELETE FROM|MERGE INTO|TRUNCATE|CREATE|ALTER|DROP|LOCK TABLE|COPY [\w.]+)\s"
    r"|\s*WITH (RECURSIVE )?\w+ (\([\w, ]+\) )?AS\b"
)
_SPEAKS_OF_TABLES = re.compile(r"\b(FROM|JOIN|INTO|UPDATE|SELECT|REFERENCES|TABLE|INDEX)\b")
_NAMED = re.compile(rf"(?<![\w.'])({'|'.join(CONTEXT_SCHEMAS)})\.[a-z_]+")
_SAGA_ROWS = re.compile(r"\bruntime\.saga")
_SQL_COMMENT = re.compile(r"--[^\n]*")
_BLIND_FLOORS = frozenset({"runtime", "api", "adapters", "ports", "contracts", "kernel"})


def sql_stays_in_its_own_schema(tree: Tree) -> list[str]:
    """No statement and no migration names the schema of another context."""
    return [
        f"{place} names the schema {schema!r}, which belongs to another context. Ask that context through its peer "
        "protocol in contracts, or keep what you need by subscribing to its events."
        for place, owner, sql in [*_statements(tree), *_migrations(tree)]
        for schema in sorted(set(_NAMED.findall(sql)) - {owner})
    ]


def sagas_are_spoken_to_by_their_definitions(tree: Tree) -> list[str]:
    """No context reads or writes saga rows by itself: by an id alone it could hold another context's saga."""
    return [
        f"{place} speaks of saga rows. Begin sagas by runtime.saga.store.begin, speak to them by runtime.saga.signals, "
        "which wants their definitions; others' sagas are held and woken by a peer protocol of their context."
        for place in [*_naming_sagas(tree), *_storing_sagas(tree)]
    ]


def _naming_sagas(tree: Tree) -> Iterator[str]:
    for place, context, sql in _statements(tree):
        if context and _SAGA_ROWS.search(sql):
            yield place


def _storing_sagas(tree: Tree) -> Iterator[str]:
    for source in tree.sources:
        if source.is_test or not source.context:
            continue
        names = {
            alias.asname or alias.name
            for node in ast.walk(source.module)
            if isinstance(node, ast.ImportFrom) and node.module == "tradewind.runtime.saga"
            for alias in node.names
            if alias.name == "store"
        }
        for node in ast.walk(source.module):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in names and attribute != "begin":
                    yield f"{source.path}:{node.lineno}"


def _statements(tree: Tree) -> Iterator[tuple[str, str | None, str]]:
    for source in tree.sources:
        if not source.is_test and (source.context or source.floor in _BLIND_FLOORS):
            for node in ast.walk(source.module):
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and _SPEAKS_OF_TABLES.search(node.value)
                ):
                    yield f"{source.path}:{node.lineno}", source.context, node.value


def _migrations(tree: Tree) -> Iterator[tuple[str, str | None, str]]:
    for path in tree.files:
        if path.suffix == ".sql" and path.parts[:2] == ("src", "tradewind"):
            owner = path.parts[3] if path.parts[2] == "contexts" else None
            yield str(path), owner, _SQL_COMMENT.sub("", (tree.root / path).read_text())


def sql_is_never_formatted(tree: Tree) -> list[str]:
    """Values reach a statement as parameters: no f-string, no `%`, no `format`, no `+` on SQL."""
    return [
        f"{source.path}:{line} puts text into SQL. Pass values as parameters ($1, unnest($1::text[])); a choice of "
        "statements is a choice of constants."
        for source in tree.sources
        if source.path.parts[:2] == ("src", "tradewind") and not source.is_test and str(source.path) not in MAY_BUILD
        for line in _formatted(source)
    ]


def _formatted(source: Source) -> Iterator[int]:
    for node in ast.walk(source.module):
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *rest]) if LOOKS_LIKE_SQL.match(text) and any(
                _varies(part) for part in rest
            ):
                yield node.lineno
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()) if LOOKS_LIKE_SQL.match(text):
                yield node.lineno
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add(), right=right) if LOOKS_LIKE_SQL.match(
                text
            ) and not isinstance(right, ast.Constant | ast.Name):
                yield node.lineno
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format" | "format_map")) if (
                LOOKS_LIKE_SQL.match(text)
            ):
                yield node.lineno


def _varies(part: ast.expr) -> bool:
    """Whether a piece of an f-string is anything but a constant (by its name in capitals)."""
    if not isinstance(part, ast.FormattedValue):
        return False
    return not (isinstance(part.value, ast.Name) and part.value.id.strip("_").isupper())


def sql_stands_in_constants(tree: Tree) -> list[str]:
    """A statement is a constant of its module, where the preparing test and the reader find it."""
    return [
        f"{source.path}:{node.lineno} has SQL inside a function. Make it a constant of the module, named by a verb in "
        "capitals: tests/house/test_statements.py prepares every one of them."
        for source in tree.sources
        if source.path.parts[:2] == ("src", "tradewind") and not source.is_test and str(source.path) not in MAY_BUILD
        for function in source.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and LOOKS_LIKE_SQL.match(node.value)
    ]
