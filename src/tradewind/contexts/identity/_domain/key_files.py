"""The files of the signing keys: numbered, made whole or not at all, never replaced; their order is their state."""

import re
from pathlib import Path
from typing import Final

from joserfc.jwk import ECKey

from tradewind.kernel import clock
from tradewind.runtime.secret_files import make_once

CURVE: Final = "P-256"
RETIRED_KEPT_S: Final = 25 * 3600.0
"""A retired key verifies for so long: the longest access token, a guest's, is good for 24 hours."""
_NAME: Final = re.compile(r"signing-(\d{4,})\.pem")


def _files(folder: Path) -> list[tuple[int, Path]]:
    found = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def read(folder: Path) -> list[bytes]:
    """The keys, oldest first."""
    contents = []
    for _, path in _files(folder):
        try:
            contents.append(path.read_bytes())
        except FileNotFoundError:
            continue  # removed between the two looks
    return contents


def begin(folder: Path) -> None:
    """See to it that there is a key that signs, and a next one."""
    while len(files := _files(folder)) < 2:
        _make(folder, files[-1][0] + 1 if files else 1)


def rotate(folder: Path, *, older_than_s: float) -> bool:
    """Make one more key, where the current one has signed for `older_than_s` seconds; False where it was too soon."""
    number, last = _files(folder)[-1]
    if clock.now().timestamp() - last.stat().st_mtime < older_than_s:  # since then, the one before it signs
        return False
    return _make(folder, number + 1)


def remove_expired(folder: Path) -> int:
    """Remove keys that verify no token that could still be good; how many."""
    files = [path for _, path in _files(folder)]
    now_s = clock.now().timestamp()
    expired = [
        path
        for path, last in zip(files, files[2:], strict=False)  # when `last` was made, `path` ceased to sign
        if now_s - last.stat().st_mtime > RETIRED_KEPT_S
    ]
    for path in expired:
        path.unlink(missing_ok=True)
    return len(expired)


def _make(folder: Path, number: int) -> bool:
    """Write a fresh key; False where somebody else made that one first: theirs is as good."""
    return make_once(folder / f"signing-{number:04}.pem", ECKey.generate_key(CURVE).as_pem(private=True))
