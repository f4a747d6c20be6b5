"""The front door: `make` lists every target, and what takes a change in runs what a contributor runs."""

import re
import subprocess

from tests.house.tree import REPOSITORY


def test_make_lists_every_target_that_it_has() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    printed = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make ([\w-]+) +\S", printed, re.MULTILINE) == phony[1].split()


def test_a_change_is_taken_in_by_the_commands_that_the_readme_names() -> None:
    steps = (REPOSITORY / ".ci" / "run").read_text()
    assert "make --keep-going check" in steps
    assert "\nmake test" in steps
    assert "make check" in (REPOSITORY / "CONTRIBUTING.md").read_text()
