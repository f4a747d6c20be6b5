"""Flags out of a file of the owner's, a line each; without a file the defaults hold.

    checkout = false                       # off for everybody
    recommendations = { percent = 25 }     # on for a quarter of the customers, always the same ones
    # of what is not said, the default holds

It is read again when it has changed. One that cannot be understood changes nothing: what was read last holds, and the
log says what is wrong with it.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from tradewind.adapters.flags.source import Source, on_or_off
from tradewind.ports.flags import FLAGS, Flag
from tradewind.runtime.telemetry.logs import log

MAX_BYTES: Final = 64 * 1024
ALL: Final = 100.0
"""Percent of the customers."""
_BUCKETS: Final = 10_000
_NAMES: Final = {flag.name: flag for flag in FLAGS}


class FlagFileError(Exception):
    """The file cannot be understood. The message says where, and what to do."""


class FlagFileUnreadError(FlagFileError):
    """It cannot be read, which may end though the file stays as it is."""


def read(file: Path) -> dict[str, float]:
    """For how many of the customers each flag is on, in percent, of those that the file names. Raises FlagFileError."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise FlagFileUnreadError(
            f"{file} cannot be read ({error.strerror}): put it there, readable for the shop"
        ) from None
    if len(content) > MAX_BYTES:
        raise FlagFileError(f"{file} is longer than {MAX_BYTES // 1024} KiB: it needs a line for each flag")
    try:
        text = content.decode()
        found = tomllib.loads(text)
    except ValueError as error:
        raise FlagFileError(f"{file} is no TOML: {error}; write lines like `checkout = false`") from None
    return {name: _percent(file, text, name, value) for name, value in found.items()}


def _percent(file: Path, text: str, name: str, value: Any) -> float:
    where = f"{file}, line {_line(text, name)}: {name}"
    flag = _NAMES.get(name)
    if flag is None:
        raise FlagFileError(f"{where} is no flag; there are {', '.join(_NAMES)}")
    if isinstance(value, bool):
        return ALL if value else 0.0
    if not flag.by_customer:
        raise FlagFileError(f"{where} must be true or false: it is the same for every customer")
    if isinstance(value, dict) and set(value) == {"percent"}:
        percent = value["percent"]
        if isinstance(percent, int | float) and not isinstance(percent, bool) and 0 <= percent <= ALL:
            return float(percent)
    raise FlagFileError(f"{where} must be true, false or {{ percent = N }}, N from 0 to 100")


def _line(text: str, name: str) -> int:
    """Where the file says it, from 1."""
    said = re.search(rf"""^\s*\[?\s*["']?{re.escape(name)}\b""", text, re.MULTILINE)
    return text.count("\n", 0, said.end()) + 1 if said else 1


def is_among(flag: str, customer: str, percent: float) -> bool:
    """Whether this customer is of the first `percent`: always the same, and of more percent still the same."""
    bucket = int.from_bytes(blake2b(f"{flag}:{customer}".encode(), digest_size=8).digest(), "big") % _BUCKETS
    return bucket < percent * (_BUCKETS / ALL)


class FlagFile(Source):
    """What a file says; nothing where there is none."""

    name = "file"

    def __init__(self, file: Path | None) -> None:
        super().__init__()
        self._file = file
        self._seen: object = ()
        self._percents: Mapping[str, float] = {}
        self.look()

    def look(self) -> None:
        """Read the file if it is another one than before, or could not be read."""
        if self._file is None or (seen := _identity(self._file)) == self._seen:
            return
        self._seen = seen
        try:
            self._percents = read(self._file)
        except FlagFileError as error:
            if isinstance(error, FlagFileUnreadError):
                self._seen = ()
                if self.trouble == str(error):
                    return
            self.trouble = str(error)
            held = "what was said last" if self.generation else "the defaults"
            log.error("flags cannot be read", problem=self.trouble, advice=f"mend the file; until then {held} hold")
            return
        self.trouble = ""
        self.generation += 1
        log.info("flags are read", file=str(self._file), flags={one: self._percents[one] for one in self._percents})

    def decide(self, flag: str, customer: str) -> bool | None:
        percent = self._percents.get(flag)
        if percent is None:
            return None
        return percent == ALL or (percent > 0 and is_among(flag, customer, percent))

    def says(self, flag: Flag) -> tuple[str, str]:
        percent = self._percents.get(flag.name)
        if percent is None:
            return on_or_off(flag.default), "default"
        return f"on for {percent:g} % of customers" if 0 < percent < ALL else on_or_off(percent == ALL), str(self._file)


def _identity(file: Path) -> object:
    """Another one for each version of the file; None where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
