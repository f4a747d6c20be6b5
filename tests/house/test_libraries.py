"""What the shop stands on is chosen with a reason, and used."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECISION = ROOT / "docs/decisions/0014-stand-on-well-kept-libraries.md"


def direct() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {re.split(r"[\[<>=~! ;]", one)[0] for one in wanted}


def test_every_direct_dependency_has_its_reason_in_a_decision() -> None:
    reasons = set(re.findall(r"[a-z0-9-]+", DECISION.read_text()))
    missing = direct() - reasons
    assert not missing, f"Say in {DECISION.name} why it is these: {sorted(missing)}"
