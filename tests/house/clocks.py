"""Time and randomness come in through kernel.clock and kernel.ids, so that a test can hold the clock."""

import ast

from tests.house.tree import Source, Tree

BANNED_CALLS = frozenset(
    {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
)
BANNED_IMPORTS = frozenset({"uuid.uuid1", "uuid.uuid4", "time.time", "time.time_ns"})
MAY_SPREAD = frozenset(
    {
        "src/tradewind/adapters/inventory/grpc.py",
        "src/tradewind/adapters/payments/grpc.py",
        "src/tradewind/runtime/saga/settling.py",
        "src/tradewind/contexts/notifications/_domain/timing.py",
        "src/tradewind/contexts/payments/_fallback/retries.py",
    }
)
"""Where `random` may spread retries in time (jitter). Nothing may be decided by it."""


def time_and_chance_come_through_the_kernel(tree: Tree) -> list[str]:
    """Nobody outside the kernel asks the machine for the time, an id or a random number."""
    return [
        f"{source.path}:{line} uses {name}. Take time from kernel.clock and ids from kernel.ids; durations from "
        "time.monotonic or time.perf_counter; list the file in tests/house/clocks.py when it spreads retries."
        for source in tree.sources
        if source.floor not in (None, "kernel") and not source.is_test
        for line, name in _asked(source)
    ]


def _asked(source: Source) -> list[tuple[int, str]]:
    asked = [
        (node.lineno, name)
        for node in ast.walk(source.module)
        if isinstance(node, ast.Attribute) and (name := ".".join(ast.unparse(node).split(".")[-2:])) in BANNED_CALLS
    ]
    for line, name in source.imported():
        by_chance = name.split(".")[0] == "random" and str(source.path) not in MAY_SPREAD
        if name in BANNED_IMPORTS or by_chance:
            asked.append((line, name))
    uuids = (
        node for node in ast.walk(source.module) if isinstance(node, ast.Attribute) and node.attr in ("uuid1", "uuid4")
    )
    return asked + [(node.lineno, f"uuid.{node.attr}") for node in uuids]
