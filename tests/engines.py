"""Real engines, for tests that need one: named by the environment, as settings are.

A test that is marked `engine("redis")` asks `address("REDIS_URL")`, and is left out where that says nothing; the end of
the run tells what was left out. With `--engines=required` only such tests run, and none may be left out: a matrix of
ports and engines is printed, and the run fails where one is missing.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

import pytest

REASON: Final = "engine: "
REQUIRED: Final = "required"
PROPERTY: Final = "engine"
ENGINES: Final = (
    "CASSANDRA_SERVERS", "CLICKHOUSE_URL", "CONNECT_URL", "KAFKA_SERVERS", "KEYCLOAK_URL", "MONGODB_URL",
    "MOSQUITTO_URL", "OPA_URL", "OPENSEARCH_URL", "RABBITMQ_URL", "REDIS_URL", "UNLEASH_URL", "UNLEASH_TOKEN",
    "VAULT_URL", "VAULT_TOKEN",
)  # fmt: skip
"""What names an engine to tests, by itself no shop's: a shop of a test that is to use it is told so by the test."""
KEPT: Final = "TESTED_"
LEFT_OUT: Final = "left out for want of an engine (make engines, then make test-engines)"


def address(name: str) -> str:
    """What TRADEWIND_<name> said; the test is left out where it said nothing."""
    found = os.environ.get(f"{KEPT}{name}", "")
    if not found:
        pytest.skip(f"{REASON}TRADEWIND_{name} names no {name.partition('_')[0].capitalize()}")
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    """How missing engines are taken."""
    help_ = "required: run the tests of real engines alone, and fail where an engine is missing"
    parser.addoption("--engines", choices=("optional", REQUIRED), default="optional", help=help_)


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Keep engines from shops of tests that are about something else; processes that are started inherit this."""
    for name in ENGINES:
        if found := os.environ.pop(f"TRADEWIND_{name}", ""):
            os.environ[f"{KEPT}{name}"] = found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which engine each test is about; keep only those that are about one where they are what is asked for."""
    for item in items:
        for mark in item.iter_markers("engine"):
            item.user_properties.append((PROPERTY, f"{_port(item.nodeid)}|{mark.args[0]}"))
    if config.getoption("--engines") == REQUIRED:
        kept = [item for item in items if item.get_closest_marker("engine")]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def _port(nodeid: str) -> str:
    """The folder of the suite: `cache` of tests/adapters/cache/…, else what the file is about."""
    parts = nodeid.partition("::")[0].split("/")
    return parts[2] if parts[:2] == ["tests", "adapters"] else parts[-1].removeprefix("test_").removesuffix(".py")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The matrix, or what was left out."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            for port, engine in _about(report):
                found[engine, port]["failed" if outcome == "error" else outcome] += 1
    if config.getoption("--engines") == REQUIRED:
        _print(terminalreporter, "real engines", ("passed", "failed", "skipped"), found)
    elif left_out := {key: outcomes for key, outcomes in found.items() if outcomes["skipped"]}:
        _print(terminalreporter, LEFT_OUT, ("skipped",), left_out)


def _about(report: Any) -> Sequence[tuple[str, str]]:
    pairs = [value.split("|") for name, value in getattr(report, "user_properties", ()) if name == PROPERTY]
    return [(port, engine) for port, engine in pairs]


def _print(reporter: Any, title: str, columns: Sequence[str], found: dict[tuple[str, str], Counter[str]]) -> None:
    reporter.section(title, sep="-")
    reporter.line(f"{'engine':<14}{'port':<24}" + "".join(f"{one:>9}" for one in columns))
    for (engine, port), outcomes in sorted(found.items()):
        reporter.line(f"{engine:<14}{port:<24}" + "".join(f"{outcomes[one]:>9}" for one in columns))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A required engine that is missing fails the run."""
    if session.config.getoption("--engines") != REQUIRED or exitstatus:
        return
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and any(_about(report) for report in reporter.stats.get("skipped", [])):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
