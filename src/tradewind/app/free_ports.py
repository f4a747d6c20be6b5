"""Ports for servers that are told where to listen, before they do and again after a restart."""

import socket
from pathlib import Path
from typing import Final

from tradewind.kernel.ids import new_id

FIRST: Final = 15_000
_EPHEMERAL: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LAST_OF_OTHERS: Final = 32_767
"""Where the kernel does not say which ports it hands out itself."""


def free_port(host: str, among: range | None = None) -> int:
    """A port of `host` that nobody uses now, nor gets by chance before the server asks for it, or while it restarts.

    Ports that the kernel hands out by itself are left alone: `bind` to port 0 or a connection to anywhere could take
    one, and a shop that was killed would find another server in its place. `among`: where not any port will do.

    Raises:
        OSError: There is none.

    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        candidates = among or range(FIRST, _first_ephemeral())
        start = new_id().int % len(candidates)
        for step in range(len(candidates)):
            port = candidates[(start + step) % len(candidates)]
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    msg = f"no port of {host} between {candidates.start} and {candidates.stop - 1} is free"
    raise OSError(msg)


def _first_ephemeral() -> int:
    try:
        return max(int(_EPHEMERAL.read_text().split()[0]), FIRST + 1)
    except OSError:
        return _LAST_OF_OTHERS + 1
