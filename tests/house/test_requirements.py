"""The ledger of requirements keeps its texts, and cannot claim what no test of the run has shown."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import REPOSITORY, Tree
from tools.requirements import LEDGER, UnreadableLedger, as_json, by_group, read

COUNT = 505
TEXTS = "0ffc0b9715636ef6037141fd0ccf03276db8a36a31acd8d10a426fbf688c4620"
"""SHA-256 over all ids and texts: they are the customer's words and nobody edits them."""
TWO_GROUPS = """
## A. First
- [x] **S0-1** (§1) Met. — shown by: tests/test_a.py::test_one, `tests/test_a.py::test_two`
- [ ] **S0-2** (§1) Open — still.
## B. Second
- [ ] **S1-1** (§0) Open.
"""
SUITE = """
import pytest
from tests.engines import address
@pytest.mark.engine("nowhere")
def test_on_an_engine(): address("NOWHERE_URL")
@pytest.mark.parametrize("n", [1, 2])
def test_passes(n): pass
@pytest.mark.skip("not today")
def test_skipped(): pass
@pytest.mark.parametrize("engine", ["here", pytest.param("away", marks=pytest.mark.skip("away"))])
def test_where_it_can(engine): pass
"""
HALF = """
@pytest.mark.parametrize("n", [1, 2])
def test_half(n): assert n == 1
"""
WITH_AND_WITHOUT_WORKERS = pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "workers"])


def test_all_requirements_are_there_in_the_customers_words() -> None:
    requirements = read(LEDGER.read_text())
    assert len(requirements) == len({one.id for one in requirements}) == COUNT
    texts = "\n".join(f"{one.id} {one.text}" for one in requirements)
    assert hashlib.sha256(texts.encode()).hexdigest() == TEXTS, "docs/requirements.md: a text was edited; restore it"


def test_every_test_that_the_ledger_names_is_written_down() -> None:
    tree = Tree(REPOSITORY)
    missing = [
        f"{one.id} names {test}" for one in read(LEDGER.read_text()) for test in one.tests if not tree.has_test(test)
    ]
    assert not missing, "\n".join(["docs/requirements.md names tests that do not exist:", *missing])


def test_the_ledger_is_read_with_its_groups_and_tests() -> None:
    first, second, third = read(TWO_GROUPS)
    assert first.tests == ("tests/test_a.py::test_one", "tests/test_a.py::test_two")
    assert (second.text, second.met) == ("(§1) Open — still.", False)
    assert by_group([first, second, third]) == {"A. First": (1, 1), "B. Second": (0, 1)}
    assert '"met": 1' in as_json([first, second, third])


@pytest.mark.parametrize(
    "line",
    [
        "- [x] **S0-1** (§1) Ticked without a test.",
        "- [ ] **S0-1** (§1) A test without a tick. — shown by: tests/test_a.py::test_one",
        "- [x] **S0-1** (§1) Not a test. — shown by: somebody",
        "- [X] **S0-1** (§1) Not the form.",
        " - [x] S0-1 Not the form.",
    ],
)
def test_a_line_without_the_right_form_is_refused(line: str) -> None:
    with pytest.raises(UnreadableLedger, match="line 2"):
        read(f"## A. First\n{line}")


def run_suite(folder: Path, *named: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """A suite of its own, in a process of its own, whose ledger names `named`."""
    (folder / "test_suite.py").write_text(SUITE + HALF * ("test_half" in named))
    (folder / "conftest.py").write_text('pytest_plugins = ("tests.engines", "tests.house.ledger")')
    (folder / "pytest.ini").write_text("[pytest]\ntestpaths = .\nmarkers =\n  engine\n  adapter\n")
    lines = [f"- [x] **S0-{n}** (§1) Text. — shown by: test_suite.py::{test}" for n, test in enumerate(named)]
    (folder / "ledger.md").write_text("\n".join(["## A. First", *lines]))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(REPOSITORY), "TRADEWIND_LEDGER": str(folder / "ledger.md")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # half a second in place of four
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "xdist.plugin", *options]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@WITH_AND_WITHOUT_WORKERS
def test_a_ledger_whose_tests_all_passed_lets_the_run_pass(options: tuple[str, ...], tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "test_passes", "test_where_it_can", "test_on_an_engine", options=options)
    assert ran.returncode == 0, ran.stdout
    assert "3 passed, 3 skipped" in ran.stdout


@WITH_AND_WITHOUT_WORKERS
def test_a_ledger_that_names_a_test_that_did_not_pass_fails_the_run(options: tuple[str, ...], tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "test_passes", "test_skipped", "test_that_is_not_there", "test_half", options=options)
    assert ran.returncode == 1, ran.stdout
    assert "S0-1 names test_suite.py::test_skipped, which skipped" in ran.stdout
    assert "S0-2 names test_suite.py::test_that_is_not_there, which did not run" in ran.stdout
    assert "S0-3 names test_suite.py::test_half, which failed" in ran.stdout
    assert "2 failed, 4 passed, 3 skipped" in ran.stdout


def test_the_run_of_engines_is_asked_for_what_they_alone_can_show(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "test_passes", "test_on_an_engine", options=("--engines=required",))
    assert ran.returncode == 1, ran.stdout
    assert "test_passes" not in ran.stdout
    assert "S0-1 names test_suite.py::test_on_an_engine, which was left out for want of an engine" in ran.stdout


def test_a_run_of_some_tests_is_not_asked_for_all(tmp_path: Path) -> None:
    ran = run_suite(tmp_path, "test_that_is_not_there", options=("test_suite.py",))
    assert ran.returncode == 0, ran.stdout
