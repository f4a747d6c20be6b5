"""Who may talk to the embedded broker: the shop itself, and sensors. Made up once for a home, kept in its secrets."""

import os
import secrets
from pathlib import Path
from typing import Final, Self

from msgspec import Struct, json

SHOP: Final = "tradewind"
SENSOR: Final = "sensor"


class Accounts(Struct, frozen=True):
    """The passwords of the two users that there are."""

    tradewind: str
    sensor: str

    @classmethod
    def open(cls, file: Path) -> Self:
        """Those in `file`; made up where there is none. Only the shop's own user may read it."""
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24))
            draft = file.with_suffix(f".{secrets.token_hex(4)}")
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(json.encode(made))
            draft.replace(file)
        return json.decode(file.read_bytes(), type=cls)

    def knows(self, user: str | None, password: str | None) -> bool:
        """Whether this is one of the two, with its password."""
        known = {SHOP: self.tradewind, SENSOR: self.sensor}.get(user or "", "")
        return secrets.compare_digest(known.encode(), (password or "").encode()) and bool(known)
