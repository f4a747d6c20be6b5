"""Files that hold a secret of this home: for their owner alone, whole or not there at all, never replaced."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def make_once(path: Path, content: bytes) -> bool:
    """Write `content` to `path`, on the disk when this returns; False where there is such a file already.

    Of several processes that make it at once, one does; who dies in the midst of it leaves nothing at `path`. Raises
    OSError where the folder cannot be written.
    """
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def secret_of(path: Path, new: Callable[[], bytes]) -> bytes:
    """What `path` holds, in a folder for its owner alone; where there is none yet, `new` says what it is from now on.

    Everybody who asks at once is told the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        make_once(path, new())
    return path.read_bytes()
