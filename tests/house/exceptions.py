"""Catching everything hides bugs. Only the loops that must outlive any one piece of work may do it."""

import ast

from tests.house.tree import Tree

MAY_CATCH_ALL = {
    "src/tradewind/adapters/payment_provider/journaled/sweeping.py": "a sweep that breaks is made again next time",
    "src/tradewind/api/grpc/calls.py": "the outermost of a call: whatever broke, the caller gets a status",
    "src/tradewind/api/mqtt/taking.py": "one message that breaks must not stop the others",
    "src/tradewind/api/rest/app.py": "the outermost of a request: whatever broke, the client gets an answer",
    "src/tradewind/api/rest/pages.py": "whatever is wrong with a part, it is not ready",
    "src/tradewind/app/doctor/looking.py": "an engine whose client raises, whatever it is, is a finding",
    "src/tradewind/app/supervision.py": "a part that dies is started again",
    "src/tradewind/runtime/batching.py": "a batch that fails is tried one by one, and each caller gets its own error",
    "src/tradewind/runtime/dispatch.py": "the outermost of a command",
    "src/tradewind/runtime/feeds.py": "one event that cannot be handled must not stop the others",
    "src/tradewind/runtime/saga/runner.py": "one saga that breaks must not stop the others",
    "src/tradewind/runtime/saga/stage.py": "the runner's hands: a step that breaks is an outcome",
    "src/tradewind/runtime/tail.py": "one listener that breaks must not stop the others",
    "src/tradewind/runtime/timers.py": "a timer that fails is tried again next time",
}
_EVERYTHING = frozenset({"Exception", "BaseException"})


def only_loops_that_must_go_on_catch_everything(tree: Tree) -> list[str]:
    """`except Exception` stands in listed files only; elsewhere it must raise again."""
    return [
        f"{source.path}:{node.lineno} catches everything. Name what can go wrong here, or `raise` at the end; the "
        "loops that must go on are listed in tests/house/exceptions.py."
        for source in tree.sources
        if not source.is_test
        if str(source.path) not in MAY_CATCH_ALL
        for node in ast.walk(source.module)
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node) and not _raises_again(node)
    ]


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _EVERYTHING for kind in kinds)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise)
