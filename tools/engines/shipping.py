"""rsyslog, which ships the log of shops to OpenSearch: by deploy/logs, as an owner's would."""

import asyncio
from pathlib import Path
from typing import Final

from tools.engines import stores
from tools.engines.engine import HOST, Engine, EngineError, Launch, Ports
from tools.engines.home import Home
from tradewind.adapters.opensearch import log_index
from tradewind.adapters.opensearch.link import TROUBLE, client_of
from tradewind.kernel.clock import now

SHIP: Final = Path(__file__).parents[2] / "deploy" / "logs" / "ship"
PACKAGES: Final = ("rsyslog", "rsyslog-elasticsearch")
DAYS: Final = 2
"""For which lines are kept."""
FOLDER: Final = "lines"
"""Where shops write, below the engine's own folder."""


def environment(logs: Path, state: Path, url: str, index: str = log_index.LOG_INDEX) -> dict[str, str]:
    """What `ship` has to be told."""
    return {"SHIP_LOGS": str(logs), "SHIP_STATE": str(state), "SHIP_TO": url, "SHIP_INDEX": index}


def _launch(home: Home, _ports: Ports) -> Launch:
    url = stores.OPENSEARCH.settings["OPENSEARCH_URL"].format(host=HOST, **home.ports("opensearch"))
    asyncio.run(_prepare(url))
    folder = home.run("rsyslog")
    return Launch(argv=[str(SHIP)], environment=environment(folder / FOLDER, folder / "state", url))


async def _prepare(url: str) -> None:
    client = client_of(url, timeout_s=30.0)
    try:
        await log_index.prepare(client, now().date(), DAYS)
    except TROUBLE as error:
        raise EngineError(f"OpenSearch does not take its fields ({error}); is the engines' OpenSearch up?") from None
    finally:
        await client.close()


def _ready(home: Home, _ports: Ports) -> bool:
    return (home.run("rsyslog") / "state" / "pid").exists()


RSYSLOG: Final = Engine(
    name="rsyslog", version="Debian's", packages=PACKAGES, ports=(), launch=_launch, ready=_ready,
    after=("opensearch",), settings={"LOG_FOLDER": "{run}/" + FOLDER},
)  # fmt: skip
