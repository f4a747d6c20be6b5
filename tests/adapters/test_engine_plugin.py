"""What is said of engines that are missing, and when that fails a run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = """
import os
import pytest
from tests.engines import address

@pytest.mark.engine("redis")
def test_it() -> None:
    assert address("REDIS_URL") == "redis://somewhere"
    assert "TRADEWIND_REDIS_URL" not in os.environ, "a shop would use it"

@pytest.mark.parametrize("way", [pytest.param("memory", marks=pytest.mark.adapter("memory", played=True))])
def test_beside_it(way: str) -> None:
    pass

@pytest.mark.adapter("disk")
def test_what_it_lacks() -> None:
    pytest.skip("a disk has no such thing")

def test_other() -> None:
    pass
"""


def run(tmp_path: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  engine(name): needs it\n  adapter(name): needs none\n")
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.engines",
        "-c",
        str(tmp_path / "pytest.ini"),
        *options,
        str(tmp_path),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_REDIS_URL")}
    return subprocess.run(
        argv,
        cwd=ROOT,
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_without_engines_passes_and_tells_what_was_left_out(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed, 2 skipped" in done.stdout
    _, told = done.stdout.split("left out for want of an engine")
    assert "redis" in told
    assert "memory" not in told


@pytest.mark.parametrize(
    ("named", "code", "counts"), [({}, 1, "0 0 1"), ({"TRADEWIND_REDIS_URL": "redis://somewhere"}, 0, "1 0 0")]
)
def test_a_run_that_requires_engines_runs_their_tests_alone_and_fails_without(
    tmp_path: Path, named: dict[str, str], code: int, counts: str
) -> None:
    done = run(tmp_path, "--engines=required", **named)
    assert done.returncode == code, done.stdout
    assert "1 deselected" in done.stdout
    _, matrix = done.stdout.split("ports and their adapters")
    words = {line.split()[1]: line.split()[-3:] for line in matrix.splitlines() if line.count("  ") > 2}
    assert (words["memory"], words["disk"]) == (["1", "0", "0"], ["0", "0", "1"])
    assert words["redis"] == counts.split()
