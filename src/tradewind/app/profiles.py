"""Profiles: files of settings, a line each, for the deployments that there are (deploy/profiles)."""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import fields
from pathlib import Path
from typing import Final

from tradewind.app.settings import SettingError, Settings

MAX_BYTES: Final = 64 * 1024
"""Longest profile."""
OWN: Final = "TRADEWIND_"
OTHERS: Final = "OTEL_"
"""What telemetry's own library reads may stand in a profile, too."""
_LINE: Final = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


def read(file: Path) -> dict[str, str]:
    """What a profile sets. A line is NAME=value, verbatim, without quotes; empty lines and those with # count nothing.

    Raises:
        SettingError: It cannot be read, or a line says what no setting is. Values are not shown: they may be secrets.

    """
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(MAX_BYTES + 1)
    except (OSError, UnicodeDecodeError) as reason:
        raise SettingError(f"The profile {file} cannot be read: {type(reason).__name__}") from None
    if len(text) > MAX_BYTES:
        raise SettingError(f"The profile {file} is longer than {MAX_BYTES // 1024} KiB")
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _understood(line.strip(), f"{file}:{number}")
            if name in found:
                raise SettingError(f"{file}:{number} sets {name} a second time")
            found[name] = value
    return found


def apply(file: Path, environment: MutableMapping[str, str]) -> None:
    """Set what a profile sets, unless the environment says otherwise. Raises SettingError, and then changes nothing."""
    fill(environment, read(file))


def fill(environment: MutableMapping[str, str], found: Mapping[str, str]) -> None:
    """Set what the environment says nothing of. An empty value says nothing: compose files pass what nobody set."""
    for name, value in found.items():
        if not environment.get(name, "").strip():
            environment[name] = value


def _understood(line: str, where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise SettingError(f"{where} is not NAME=value")
    name, value = match[1], match[2].strip()
    if not is_setting(name):
        raise SettingError(f"{where}: {name} is no setting")
    if value[:1] in ("'", '"'):
        raise SettingError(f"{where}: the value of {name} is taken as it stands; write it without quotes")
    return name, value


def is_setting(name: str) -> bool:
    """Whether the shop, or what it tells of itself by, reads that name."""
    return name.startswith(OTHERS) or name in {OWN + one.name.upper() for one in fields(Settings)}
