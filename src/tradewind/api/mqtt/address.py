"""Where a broker is, and as whom to talk to it: mqtt://user:password@host:1883?client=name."""

from typing import Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
CLIENT: Final = "tradewind-intake"
"""The name under which a broker keeps the shop's session, unless the address names another one."""
OF_ITS_OWN: Final = "?session=clean"
"""Ends the address of a broker that needs to keep no session: the shop's own, which has a journal."""


class Address(NamedTuple):
    """An address, understood."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    client: str | None
    """The session that the broker keeps for the shop; None where it keeps none."""


def understand(url: str) -> Address:
    """The parts of a broker's address; raises ValueError where it is none."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.scheme not in PORTS or not parts.hostname or set(query) - {"client", "session"}:
        raise ValueError("must look like mqtt://user:password@host:1883, or mqtts://…, perhaps with ?client=name")
    return Address(
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        parts.scheme == "mqtts",
        None if "session" in query else query.get("client", [CLIENT])[0],
    )
