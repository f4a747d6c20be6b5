"""The import walls (.importlinter) stand in this repository, and each falls when it is pushed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import REPOSITORY

FLOORS = ("app", "contexts", "adapters", "api", "runtime", "ports", "contracts", "kernel")
ROOMS = ("contexts.orders", "contexts.payments", "runtime.saga", "runtime.relay")
PUSHES = (
    ("kernel", "contracts"),
    ("contracts", "ports"),
    ("ports", "runtime"),
    ("runtime", "api"),
    ("api", "adapters"),
    ("api", "contexts"),
    ("adapters", "contexts"),
    ("contexts.orders", "adapters"),
    ("contexts.orders", "app"),
)


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """lint-imports on the package below `root`, by this repository's contracts."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    options = ["--no-cache", "--config", str(REPOSITORY / ".importlinter")]
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "200"}
    return subprocess.run(
        command + options, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """An empty house: all floors, two contexts, nothing imported."""
    for name in ("", *FLOORS, *ROOMS):
        package = tmp_path.joinpath("src", "tradewind", *name.split("."))
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
    return tmp_path


def push(house: Path, importer: str, imported: str) -> None:
    """Let `importer` import `imported`."""
    module = house.joinpath("src", "tradewind", *importer.split("."), "__init__.py")
    module.write_text(f"import tradewind.{imported}\n")


def test_imports_of_this_repository_go_down_only() -> None:
    linted = lint(REPOSITORY)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_a_house_whose_imports_go_down_stands(house: Path) -> None:
    for importer, imported in (("app", "contexts.orders"), ("contexts.orders", "runtime"), ("adapters", "ports")):
        push(house, importer, imported)
    linted = lint(house)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(("importer", "imported"), PUSHES)
def test_an_import_that_goes_up_or_across_breaks_the_floors(importer: str, imported: str, house: Path) -> None:
    push(house, importer, imported)
    linted = lint(house)
    assert linted.returncode == 1
    assert (
        "Imports go down only: app, contexts or adapters, api, runtime, ports, contracts, kernel BROKEN"
        in linted.stdout
    )


def test_a_context_that_imports_another_breaks_the_wall_between_them(house: Path) -> None:
    push(house, "contexts.orders", "contexts.payments")
    linted = lint(house)
    assert linted.returncode == 1
    assert "Contexts never import each other; they share contracts BROKEN" in linted.stdout


def test_siblings_that_import_each_other_in_a_circle_are_found(house: Path) -> None:
    push(house, "runtime.saga", "runtime.relay")
    push(house, "runtime.relay", "runtime.saga")
    linted = lint(house)
    assert linted.returncode == 1
    assert "Packages that lie side by side never import each other in a circle BROKEN" in linted.stdout


def test_a_floor_that_nobody_planned_is_refused(house: Path) -> None:
    package = house / "src" / "tradewind" / "plugins"
    package.mkdir()
    (package / "__init__.py").touch()
    linted = lint(house)
    assert linted.returncode == 1
    assert "plugins" in linted.stdout
