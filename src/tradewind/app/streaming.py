"""The process of revenue's stream job on Kafka, a part of `serve` where brokers are named.

Quix Streams has the main thread, because it listens to signals; rows go to Postgres in a loop beside it. Nothing here
may import regopy (app/wiring.py does): with RocksDB, which keeps the state, in one process it corrupts the memory.
"""

from collections.abc import Sequence
from typing import Any

from tradewind.adapters.streams.rows import SET
from tradewind.app.beside import Beside
from tradewind.app.engines import engines
from tradewind.app.placement import named
from tradewind.app.settings import Settings
from tradewind.runtime.database import open_pool
from tradewind.runtime.telemetry import logs

JOIN_S = 120.0


def main() -> None:
    """Keep revenue up by the environment's settings, until SIGTERM."""
    from tradewind.adapters.log.kafka.topics import Names
    from tradewind.adapters.streams.quix import Sums, application, columns

    settings = Settings.from_environment()
    logs.configure(settings.log_level.upper(), named(settings, "streaming"), settings.log_folder)
    assert settings.kafka_servers is not None, "serve starts this part where brokers are named"
    beside = Beside()
    engines_of_home = engines(settings)
    found = beside.wait_for(engines_of_home.__aenter__(), JOIN_S)
    pool: Any = beside.wait_for(open_pool(found.database_url, size=2))

    def write(rows: Sequence[Sums]) -> None:
        beside.wait_for(pool.execute(SET, *columns(rows)))

    names, folder = Names(settings.kafka_prefix), settings.home / "streams"
    application(settings.kafka_servers, names, folder, write).run()
    beside.wait_for(pool.close())
    beside.wait_for(engines_of_home.__aexit__(None, None, None))


if __name__ == "__main__":
    main()
