"""Real engines, for tests that need one: named by the environment, as settings are.

A test that is marked `engine("redis")` asks `address("REDIS_URL")`, and is left out where that says nothing; the end of
the run tells what was left out. With `--engines=required` those tests run, and none may be left out. Beside them run
the same suites for adapters that need no engine (`adapter("memory")`), and a matrix of ports and adapters is printed.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

import pytest

REASON: Final = "engine: "
REQUIRED: Final = "required"
PROPERTY: Final = "adapter"
REAL, OWN, PLAYED = "real engine", "no engine", "played"
"""What an adapter is tried against; `played` is a server of the tests' own."""
ENGINES: Final = (
    "CASSANDRA_SERVERS", "CLICKHOUSE_URL", "CONNECT_URL", "KAFKA_SERVERS", "KEYCLOAK_URL", "LOG_FOLDER", "MONGODB_URL",
    "MOSQUITTO_URL", "OPA_URL", "OPENSEARCH_URL", "RABBITMQ_URL", "REDIS_URL", "SCHEMA_REGISTRY_URL", "UNLEASH_URL",
)  # fmt: skip
"""What names an engine to tests, by itself no shop's: a shop of a test that is to use it is told so by the test."""
KEPT: Final = "TESTED_"
Row = tuple[str, str, str]
LEFT_OUT: Final = "left out for want of an engine (make engines, then make test-engines)"


def address(name: str) -> str:
    """What TRADEWIND_<name> said; the test is left out where it said nothing."""
    found = os.environ.get(f"{KEPT}{name}") or os.environ.get(f"TRADEWIND_{name}", "")
    if not found:
        pytest.skip(f"{REASON}TRADEWIND_{name} names no {name.partition('_')[0].capitalize()}")
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    """How missing engines are taken."""
    help_ = "required: run the suites of adapters alone, and fail where an engine is missing"
    parser.addoption("--engines", choices=("optional", REQUIRED), default="optional", help=help_)


def requires_engines(config: pytest.Config) -> bool:
    """Whether this is the run of real engines, rather than that of everything else."""
    return bool(config.getoption("--engines", None) == REQUIRED)


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Keep engines from shops of tests that are about something else; processes that are started inherit this."""
    for name in ENGINES:
        if found := os.environ.pop(f"TRADEWIND_{name}", ""):
            os.environ[f"{KEPT}{name}"] = found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which adapter each test is about; keep only those that are about one where they are what is asked for."""
    for item in items:
        found = [(mark.args[0], REAL) for mark in item.iter_markers("engine")]
        for mark in item.iter_markers("adapter"):
            found.append((mark.args[0], PLAYED if mark.kwargs.get("played") else OWN))
        for name, against in found:
            item.user_properties.append((PROPERTY, f"{_port(item.nodeid)}|{name}|{against}"))
    if requires_engines(config):
        kept = [item for item in items if _about(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def _port(nodeid: str) -> str:
    """The folder of the suite: `cache` of tests/adapters/cache/…, `sensors` of tests/sensors/…"""
    folders = nodeid.partition("::")[0].split("/")[1:-1]
    return [*(folders[1:] if folders[:1] == ["adapters"] else folders), "-"][0]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The matrix, or what was left out."""
    found: dict[Row, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            for row in _about(report):
                found[row]["failed" if outcome == "error" else outcome] += 1
    if requires_engines(config):
        _print(terminalreporter, "ports and their adapters", ("passed", "failed", "skipped"), found)
    elif left_out := {row: outcomes for row, outcomes in found.items() if outcomes["skipped"] and row[2] == REAL}:
        _print(terminalreporter, LEFT_OUT, ("skipped",), left_out)


def _about(one: Any) -> Sequence[Row]:
    """Port, adapter, and what it is tried against, of a test or a report of one."""
    rows = [value.split("|") for name, value in getattr(one, "user_properties", ()) if name == PROPERTY]
    return [(port, adapter, against) for port, adapter, against in rows]


def misses(report: Any) -> bool:
    """Whether this was left out for want of an engine, rather than as something that an adapter does not have."""
    return bool(_about(report)) and REASON in str(report.longrepr)


def _print(reporter: Any, title: str, columns: Sequence[str], found: dict[Row, Counter[str]]) -> None:
    reporter.section(title, sep="-")
    reporter.line(f"{'port':<20}{'adapter':<14}{'against':<14}" + "".join(f"{one:>9}" for one in columns))
    for (port, adapter, against), outcomes in sorted(found.items()):
        counts = "".join(f"{outcomes[one]:>9}" for one in columns)
        reporter.line(f"{port:<20}{adapter:<14}{against:<14}{counts}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A required engine that is missing fails the run."""
    if not requires_engines(session.config) or exitstatus:
        return
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and any(misses(report) for report in reporter.stats.get("skipped", [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
