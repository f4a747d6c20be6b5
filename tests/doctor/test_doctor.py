"""What the doctor finds of engines that are well, that are away, and that are something else than they should be."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from tests.engines import address
from tradewind.adapters.policy.opa import push
from tradewind.app.doctor.finding import Finding
from tradewind.app.doctor.looking import LOOKS, look
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings

HOST = "127.0.0.1"
NOWHERE = {"kafka_servers": "{host}:{port}", "database_url": "postgresql://shop:secret@{host}:{port}/shop"}


def settings(**named: str) -> Settings:
    return replace(Settings(home=Path("/nowhere")), **named)  # type: ignore[arg-type]  # each is a text


async def only(**named: str) -> Finding:
    (found,) = await look(settings(**named))
    return found


async def test_who_was_told_of_nothing_finds_nothing() -> None:
    assert await look(settings()) == []


@pytest.mark.parametrize("engine", [one for one in LOOKS if one != "kafka"])
async def test_an_engine_that_is_away_is_named_with_what_to_do_and_without_its_password(engine: str) -> None:
    setting, _ = LOOKS[engine]
    url = NOWHERE.get(setting, "http://{host}:{port}").format(host=HOST, port=free_port(HOST))
    found = await only(**{setting: url})
    assert (found.engine, found.well) == (engine, False)
    assert f"TRADEWIND_{setting.upper()}" in found.advice
    assert "secret" not in str(found)


async def test_our_postgres_is_well(shared_engines: Engines) -> None:
    found = await only(database_url=shared_engines.database_url)
    assert found.well, found
    assert int(found.version.split(".")[0]) >= 15


async def test_a_password_that_is_wrong_is_not_shown(shared_engines: Engines) -> None:
    before, at, after = shared_engines.database_url.rpartition("@")
    found = await only(database_url=f"{before}wrong{at}{after}")
    assert not found.well
    assert before.rpartition(":")[2] not in str(found)


def served(answers: Mapping[str, tuple[int, Any]]) -> str:
    """The address of a server that answers so."""

    class Script(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, {}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(msgspec.json.encode(body))

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer((HOST, free_port(HOST)), Script)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://{HOST}:{server.server_port}"


OLD = {"/": (200, {"version": {"number": "1.3.0"}})}
RED = {"/": (200, {"version": {"number": "2.19.1"}}), "/_cluster/health": (200, {"status": "red"})}
FAILED = {
    "/": (200, {"version": "4.3.1"}),
    "/connectors?expand=status": (
        200,
        {"outbox": {"status": {"connector": {"state": "RUNNING"}, "tasks": [{"state": "FAILED"}]}}},
    ),
}


@pytest.mark.parametrize(
    ("setting", "answers", "says", "advice"),
    [
        ("opensearch_url", OLD, "1.3.0", "newer"),
        ("opensearch_url", RED, "no primary", "Delete"),
        ("opensearch_url", {}, "404", "log"),
        ("connect_url", FAILED, "failed: outbox", "restart"),
        ("opa_url", {"/v1/data/tradewind/authz/allow": (200, {})}, "no rules", "tradewind policy push"),
    ],
)
async def test_an_engine_that_is_not_as_it_should_be_is_told_apart(
    setting: str, answers: Mapping[str, tuple[int, Any]], says: str, advice: str
) -> None:
    found = await only(**{setting: served(answers)})
    assert not found.well
    assert says in found.detail
    assert advice in found.advice


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        pytest.param(engine, name, marks=pytest.mark.engine(engine))
        for engine, name in [
            ("kafka", "KAFKA_SERVERS"), ("connect", "CONNECT_URL"),
            ("opensearch", "OPENSEARCH_URL"), ("opa", "OPA_URL"),
        ]
    ],
)  # fmt: skip
async def test_a_real_engine_that_is_well_is_found_well(engine: str, name: str) -> None:
    where = address(name)
    if engine == "opa":
        push(where)
    found = await only(**{name.lower(): where})
    assert found.well, found


def test_the_command_tells_all_of_them_and_ends_with_1_where_one_is_unwell() -> None:
    environment = {**os.environ, "TRADEWIND_OPA_URL": f"http://{HOST}:{free_port(HOST)}"}
    argv = [sys.executable, "-m", "tradewind.app.cli", "doctor", "--json"]
    done = subprocess.run(argv, env=environment, capture_output=True, check=False)
    told = msgspec.json.decode(done.stdout)
    assert (done.returncode, told["well"]) == (1, False)
    assert [one["engine"] for one in told["engines"] if not one["well"]] == ["opa"]
