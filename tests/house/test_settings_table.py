"""README's table of settings: what it says of a default is what the owner may write, and comes to the same."""

import re

from tests.house.tree import REPOSITORY
from tradewind.app.settings import Settings

ROW = re.compile(r"^\| `(TRADEWIND_\w+)` \| (.+?) \| ((?:[^|]|\\\|)+) \|$", re.MULTILINE)


def test_each_setting_has_a_row_of_three_cells_and_its_default_written_out_changes_nothing() -> None:
    table = (REPOSITORY / "README.md").read_text().partition("<!-- settings: ")[2].partition("<!-- settings end -->")[0]
    rows = ROW.findall(table)
    assert [name for name, _, _ in rows] == [f"TRADEWIND_{name.upper()}" for name in Settings.__slots__]
    written = {name: default.strip("`").replace(r"\|", "|") for name, default, _ in rows if default != "–"}
    told = {name: value for name, value in written.items() if name not in ("TRADEWIND_HOME", "TRADEWIND_PUBLIC_URL")}
    assert Settings.from_environment(told) == Settings.from_environment({})
