"""The process of revenue's stream job on Kafka, a part of `serve` where brokers are named.

Quix Streams has the main thread, because it listens to signals; rows go to Postgres in a loop beside it. Nothing here
may import regopy (app/wiring.py does): with RocksDB, which keeps the state, in one process it corrupts the memory.
"""

from collections.abc import Sequence

from tradewind.adapters.streams.rows import SET
from tradewind.app.beside import postgres_beside
from tradewind.app.placement import named
from tradewind.app.settings import Settings
from tradewind.runtime.telemetry import logs


def main() -> None:
    """Keep revenue up by the environment's settings, until SIGTERM."""
    from tradewind.adapters.log.kafka.topics import Names
    from tradewind.adapters.streams.quix import Sums, application, columns

    settings = Settings.from_environment()
    logs.configure(settings.log_level.upper(), named(settings, "streaming"), settings.log_folder)
    assert settings.kafka_servers is not None, "serve starts this part where brokers are named"
    names, folder = Names(settings.kafka_prefix), settings.home / "streams"
    with postgres_beside(settings) as (beside, pool):

        def write(rows: Sequence[Sums]) -> None:
            beside.wait_for(pool.execute(SET, *columns(rows)))

        application(settings.kafka_servers, names, folder, write).run()


if __name__ == "__main__":
    main()
