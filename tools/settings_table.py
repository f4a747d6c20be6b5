"""Writes README's table of settings: each field of app/settings.py, with what its docstring says and its default."""

import ast
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

from tools.marks import between
from tradewind.app import settings
from tradewind.app.settings import Settings

DEFAULTS: Final = {"home": "`.tradewind` in the present folder", "public_url": "`http://<host>:<port>`"}
"""What cannot be read off the class."""


def table() -> str:
    """The table, one row a setting."""
    said = _docstrings()
    rows = [
        f"| `TRADEWIND_{one.name.upper()}` | {_cell(_default(one.name, one.default))} | {_cell(said[one.name])} |"
        for one in fields(Settings)
    ]
    return "\n".join(["| variable | default | what it decides |", "| --- | --- | --- |", *rows, ""])


def into(readme: str) -> str:
    """README with the table of now between its marks."""
    return between("settings", readme, table())


def _default(name: str, default: Any) -> str:
    if name in DEFAULTS:
        return DEFAULTS[name]
    if isinstance(default, bool):  # 1 and 0 are equal to them
        return "`on`" if default else "`off`"
    if default in (None, MISSING, (), ""):  # fields that hide their value have a default too, which says nothing
        return "–"
    return f"`{'|'.join(default)}`" if isinstance(default, tuple) else f"`{default}`"


def _cell(text: str) -> str:
    """The text, where a | would begin the next cell."""
    return text.replace("|", "\\|")


def _docstrings() -> dict[str, str]:
    """Field to the text below it; a field without one shares the next one's."""
    module = ast.parse(Path(settings.__file__).read_text())
    shape = next(node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    found: dict[str, str] = {}
    waiting: list[str] = []
    for node in shape.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            waiting.append(node.target.id)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found |= dict.fromkeys(waiting, " ".join(str(node.value.value).split()))
            waiting = []
    return found
