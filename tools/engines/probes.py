"""Whether a server answers."""

import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final

from tools.engines.engine import HOST, Ports
from tools.engines.home import Home

WITHIN_S: Final = 2.0
Ready = Callable[[Home, Ports], bool]


def accepts(port: str = "port") -> Ready:
    """Somebody accepts connections there."""

    def ready(home: Home, ports: Ports) -> bool:
        with socket.socket() as probe:
            probe.settimeout(WITHIN_S)
            return probe.connect_ex((HOST, ports[port])) == 0

    return ready


def says(path: str, port: str = "port") -> Ready:
    """A page is answered with 2xx."""

    def ready(home: Home, ports: Ports) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{ports[port]}{path}", timeout=WITHIN_S) as answer:
                return 200 <= int(answer.status) < 300
        except (urllib.error.URLError, OSError):
            return False

    return ready


def logged(name: str, words: str) -> Ready:
    """Its log has said these words."""

    def ready(home: Home, ports: Ports) -> bool:
        return words in home.log(name).read_text(errors="replace")

    return ready
