"""What a start on the embedded default imports, and what it leaves alone."""

import subprocess
import sys
from typing import Final

import msgspec

CLIENTS: Final = frozenset(
    """aio_pika aiobotocore cassandra clickhouse_connect confluent_kafka elasticsearch grpc hvac kafka motor openai
    opensearchpy pymongo quixstreams rabbitmq redis stripe UnleashClient yggdrasil_engine""".split()
)
"""Libraries by which real engines and outside providers are asked."""
OF_A_PART: Final = "from tradewind.app.nursery import load; load()"
OF_THE_HEAD: Final = "import tradewind.app.hosting, tradewind.app.cli as cli; cli._add_others(['serve'])"
SHOWN: Final = "; import json, sys; print(json.dumps([*sys.modules]))"


def imported_by(statements: str) -> set[str]:
    shown = subprocess.run([sys.executable, "-c", statements + SHOWN], check=True, capture_output=True)
    return msgspec.json.decode(shown.stdout, type=set[str])


def test_a_start_imports_no_client_library_of_an_engine_and_its_head_nothing_of_the_shop() -> None:
    head, part = imported_by(OF_THE_HEAD), imported_by(OF_A_PART)
    assert {"tradewind.app.edge", "tradewind.app.worker", "tradewind.contexts.orders.manifest"} <= part
    assert sorted({one.split(".")[0] for one in head | part} & CLIENTS) == []
    assert sorted(one for one in head if one.startswith(("tradewind.contexts.", "tradewind.app.wiring"))) == []
    assert sorted({"aiohttp", "litestar", "structlog", "aiomqtt", "pydantic"} & head) == []
    assert sorted({"aiomqtt", "amqtt", "pydantic", "duckdb", "aiosmtplib"} & part) == []
