"""The embedded default knows no engine's client library; what is written down for Connect is what the code says."""

import subprocess
import sys

from tools.connector_pages import CONNECTORS
from tools.pages import stale

LIBRARIES = ("confluent_kafka", "quixstreams", "rocksdict")


def test_edge_and_worker_load_no_client_of_kafka() -> None:
    look = "import sys, tradewind.app.edge, tradewind.app.worker, tradewind.app.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    assert not set(LIBRARIES) & set(done.stdout.split())


def test_the_connectors_that_are_written_down_are_those_of_the_code() -> None:
    assert not [name for name in stale() if name in CONNECTORS]
