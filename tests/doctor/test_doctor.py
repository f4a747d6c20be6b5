"""What the doctor finds of engines that are well, that are away, and that are something else than they should be."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import asyncpg
import msgspec
import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from tests.adapters.flags.owners import TOKEN, played_unleash
from tests.engines import address
from tests.issuers import an_issuer
from tests.receivers import a_mail_server
from tests.sensors.brokers import OwnBroker
from tests.vaults import a_vault
from tools.engines.flags import CLIENT_TOKEN
from tradewind.adapters.policy.opa import push
from tradewind.api.mqtt.address import understand
from tradewind.api.mqtt.client import Client
from tradewind.app.doctor import stores
from tradewind.app.doctor.finding import Finding
from tradewind.app.doctor.looking import LOOKS, look
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.placement import MAY_BE_APART
from tradewind.app.settings import Settings
from tradewind.app.wiring import manifests
from tradewind.kernel.ids import new_id

HOST = "127.0.0.1"
NOWHERE = {
    "kafka_servers": "{host}:{port}",
    "database_url": "postgresql://shop:secret@{host}:{port}/shop",
    **{f"{one}_database_url": "postgresql://shop:secret@{host}:{port}/own" for one in MAY_BE_APART},
    "cassandra_servers": "{host}:{port}",
    "mongodb_url": "mongodb://shop:secret@{host}:{port}",
    "redis_url": "redis://shop:secret@{host}:{port}/0",
    "clickhouse_url": "http://shop:secret@{host}:{port}",
    "mqtt_url": "mqtt://shop:secret@{host}:{port}",
    "rabbitmq_url": "amqp://shop:secret@{host}:{port}/",
    "smtp_url": "smtp://shop:secret@{host}:{port}",
}


HAS_READ = "INSERT INTO runtime.kafka_position (subscriber, topic, partition, next) VALUES ($1, $2, 0, 0)"


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


async def test_databases_of_contexts_that_run_apart_are_looked_at_beside_that_of_the_others(
    shared_engines: Engines,
) -> None:
    away = f"postgresql://shop:secret@{HOST}:{free_port(HOST)}/own"
    named = {"database_url": shared_engines.database_url, "inventory_database_url": shared_engines.database_url}
    found = await look(settings(**named, payments_database_url=away))
    assert [(one.engine, one.well) for one in found] == [
        ("database", True), ("inventory_database", True), ("payments_database", False)
    ]  # fmt: skip


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
ASKED = "/?query=SELECT+version()"
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
        (
            "oidc_issuer",
            {"/.well-known/openid-configuration": (200, {"issuer": "http://x"})},
            "http://x",
            "exactly that",
        ),
        ("clickhouse_url", {ASKED: (516, {})}, "does not let", "TRADEWIND_CLICKHOUSE_URL"),
        ("clickhouse_url", {ASKED: (200, 22.8)}, "it is 22.8", "23.2 or newer"),
        ("clickhouse_url", {ASKED: (200, {"a": "page"})}, "200", "the address"),
    ],
)
async def test_an_engine_that_is_not_as_it_should_be_is_told_apart(
    setting: str, answers: Mapping[str, tuple[int, Any]], says: str, advice: str
) -> None:
    found = await only(**{setting: served(answers)})
    assert not found.well
    assert says in found.detail
    assert advice in found.advice


async def test_an_issuer_is_well_that_is_who_it_was_said_to_be_and_has_keys() -> None:
    async with an_issuer() as issuer:
        found = await only(oidc_issuer=issuer.url)
        assert (found.well, found.detail) == (True, "keys: 1")
        issuer.keys.clear()
        found = await only(oidc_issuer=issuer.url)
        assert not found.well
        assert "RS256" in found.advice


async def test_a_vault_is_well_whose_secret_can_be_read() -> None:
    async with a_vault() as vault:
        vault.secrets["secret/tradewind"] = {"TRADEWIND_ADMIN_PASSWORD": "hunter2"}
        found = await only(vault_url=vault.url, vault_token=vault.token)
        assert (found.well, found.detail) == (True, "settings: 1")
        found = await only(vault_url=vault.url, vault_token="hvs.other")
        assert not found.well
        assert "policy lacks `read`" in found.advice
        assert "hvs.other" not in str(found)


async def test_an_unleash_is_well_that_takes_the_token_and_what_it_lacks_is_named() -> None:
    async with played_unleash() as played:
        played.body = msgspec.json.encode(
            {
                "features": [
                    {"name": one, "enabled": True, "strategies": []} for one in ("checkout", "reviews", "assistant")
                ]
            }
        )
        found = await only(unleash_url=played.url, unleash_token=TOKEN)
        assert (found.well, found.detail) == (True, "lacks recommendations: the defaults hold")
        found = await only(unleash_url=played.url, unleash_token="*:development.hunter2")
        assert (found.well, found.detail) == (False, "it does not take the token")
        assert "TRADEWIND_UNLEASH_TOKEN" in found.advice
        assert "hunter2" not in str(found)
        played.body = b"<html>"
        assert not (await only(unleash_url=played.url, unleash_token=TOKEN)).well


@pytest.mark.engine("unleash")
async def test_a_real_unleash_that_is_well_is_found_well() -> None:
    found = await only(unleash_url=address("UNLEASH_URL"), unleash_token=CLIENT_TOKEN)
    assert found.well, found


@pytest.mark.parametrize(
    ("engine", "name", "setting"),
    [
        pytest.param(engine, name, setting, marks=pytest.mark.engine(engine))
        for engine, name, setting in [
            ("redis", "REDIS_URL", "redis_url"), ("kafka", "KAFKA_SERVERS", "kafka_servers"),
            ("connect", "CONNECT_URL", "connect_url"), ("opensearch", "OPENSEARCH_URL", "opensearch_url"),
            ("opa", "OPA_URL", "opa_url"), ("clickhouse", "CLICKHOUSE_URL", "clickhouse_url"),
            ("rabbitmq", "RABBITMQ_URL", "rabbitmq_url"), ("cassandra", "CASSANDRA_SERVERS", "cassandra_servers"),
            ("mongodb", "MONGODB_URL", "mongodb_url"), ("mosquitto", "MOSQUITTO_URL", "mqtt_url"),
            ("postgres", "DATABASE_URL", "database_url"), ("keycloak", "KEYCLOAK_URL", "oidc_issuer"),
        ]
    ],
)  # fmt: skip
async def test_a_real_engine_that_is_well_is_found_well(engine: str, name: str, setting: str) -> None:
    where = address(name)
    if engine == "opa":
        push(where)
    found = await only(**{setting: f"{where}/realms/master" if engine == "keycloak" else where})
    assert found.well, found


def test_the_command_tells_all_of_them_and_ends_with_1_where_one_is_unwell() -> None:
    environment = {**os.environ, "TRADEWIND_OPA_URL": f"http://{HOST}:{free_port(HOST)}"}
    argv = [sys.executable, "-m", "tradewind.app.cli", "doctor", "--json"]
    done = subprocess.run(argv, env=environment, capture_output=True, check=False)
    told = msgspec.json.decode(done.stdout)
    assert (done.returncode, told["well"]) == (1, False)
    assert [one["engine"] for one in told["engines"] if not one["well"]] == ["opa"]


async def test_a_clickhouse_that_lets_us_in_is_well() -> None:
    found = await only(clickhouse_url=served({ASKED: (200, 25.8)}))
    assert (found.well, found.version) == (True, "25.8"), found


async def test_a_broker_of_sensors_is_well_and_its_session_of_the_shop_is_left_alone(tmp_path: Path) -> None:
    broker = OwnBroker(tmp_path)
    await broker.start()
    try:
        async with Client(understand(broker.shop)) as shops:
            found = await only(mqtt_url=broker.shop)
            await shops.subscribe("iot/inventory/+/delta/#", qos=1)
        assert (found.engine, found.well) == ("mqtt", True), found
        wrong = await only(mqtt_url=broker.shop.replace(broker.accounts.tradewind, "wrong"))
        assert (wrong.well, wrong.detail) == (False, "it does not let its user in")
        assert "TRADEWIND_MQTT_URL" in wrong.advice
        sensor = await only(mqtt_url=broker.sensor)
        assert (sensor.well, sensor.detail) == (False, "its user may not hear sensors")
    finally:
        await broker.end(signal.SIGTERM)


async def test_a_mail_server_is_well_and_one_that_knows_nobody_by_a_password_is_not() -> None:
    async with a_mail_server() as server:
        assert (await only(smtp_url=server.url)).well
        named = await only(smtp_url=server.url.replace("//", "//shop:secret@"))
        assert (named.well, named.detail) == (False, "it asks nobody for a password")
        assert server.took == []


async def test_a_mail_server_that_refuses_the_password_is_told_apart() -> None:
    def nobody(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    loop, port = asyncio.get_running_loop(), free_port(HOST)
    made = partial(SMTP, object(), authenticator=nobody, auth_require_tls=False, loop=loop)
    listening = await loop.create_server(made, HOST, port)
    async with listening:
        found = await only(smtp_url=f"smtp://shop:secret@{HOST}:{port}")
    assert (found.well, found.detail) == (False, "it does not let its user in")


@pytest.mark.parametrize(
    ("behind", "late", "lag"),
    [
        (0, 5, ", 0 messages behind, 5 of the caches"),
        (7, None, ", 7 messages behind"),
        (None, 5, ", 5 messages behind of the caches"),
        (None, None, ""),
    ],
)
def test_kafka_says_how_far_the_shop_is_behind_only_where_somebody_looked(
    behind: int | None, late: int | None, lag: str
) -> None:
    assert stores.standing(3, 12, behind, late) == f"3 brokers, 12 topics of ours{lag}"


@pytest.mark.engine("kafka")
async def test_a_shop_that_is_behind_what_kafka_has_is_told_so(
    shared_engines: Engines, own_engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    from confluent_kafka import Producer

    from tradewind.adapters.log.kafka.topics import ensure

    servers, topic = address("KAFKA_SERVERS"), f"test-{new_id().hex}"
    ensure(servers, [topic])
    producer = Producer({"bootstrap.servers": servers})
    for _ in range(5):
        producer.produce(topic, b"told", partition=0)
    assert producer.flush(30) == 0
    assert "behind" not in (await kafka_of(kafka_servers=servers)).detail, "no database says where it is"
    nowhere_yet = await kafka_of(kafka_servers=servers, database_url=shared_engines.database_url)
    assert (nowhere_yet.well, "0 messages behind" in nowhere_yet.detail) == (True, True), nowhere_yet

    connection: Any = await asyncpg.connect(own_engines.database_url)
    subscriber = next(one.name for context in manifests() for one in context.subscribers)
    await connection.execute(HAS_READ, subscriber, topic)
    await connection.close()
    monkeypatch.setattr(stores, "MAX_BEHIND_MESSAGES", 4)
    behind = await kafka_of(kafka_servers=servers, database_url=own_engines.database_url)
    assert (behind.well, behind.detail) == (False, "the shop is 5 messages behind")


@pytest.mark.engine("kafka")
async def test_a_stream_job_of_the_caches_that_is_behind_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    from confluent_kafka import Producer

    from tradewind.adapters.log.kafka.standing import Group, partitions_of
    from tradewind.adapters.log.kafka.topics import Names, ensure

    servers, names = address("KAFKA_SERVERS"), Names(f"d{new_id().hex}.")
    named = {"kafka_servers": servers, "kafka_prefix": names.prefix, "redis_url": "redis://127.0.0.1:1/0"}
    topics = ensure(servers, [names.topic("ecommerce.inventory.*")])
    assert "0 messages behind of the caches" in (await kafka_of(**named)).detail, "it has not begun"
    caches = Group(servers, names.group("caches"))
    caches.begin_at_end(partitions_of(topics))
    producer = Producer({"bootstrap.servers": servers})
    for _ in range(5):
        producer.produce(next(iter(topics)), b"told", partition=0)
    assert producer.flush(30) == 0
    caches.begin_at_end(partitions_of(topics))
    caches.close()
    assert "5 messages behind of the caches" in (await kafka_of(**named)).detail
    monkeypatch.setattr(stores, "MAX_BEHIND_MESSAGES", 4)
    behind = await kafka_of(**named)
    assert (behind.well, behind.detail) == (False, "the caches' stream job is 5 messages behind")


@pytest.mark.engine("kafka")
async def test_topics_of_a_shop_that_shares_a_kafka_are_told_from_those_of_others() -> None:
    from tradewind.adapters.log.kafka.topics import ensure

    servers, prefix = address("KAFKA_SERVERS"), f"d{new_id().hex}."
    ensure(servers, [f"{prefix}ecommerce.order"])
    assert (await kafka_of(kafka_servers=servers, kafka_prefix=prefix)).detail.endswith(", 1 topics of ours")


async def kafka_of(**named: str) -> Finding:
    """How Kafka is, of all that is looked at."""
    return next(one for one in await look(settings(**named)) if one.engine == "kafka")


@pytest.mark.engine("rabbitmq")
async def test_a_rabbitmq_that_refuses_the_password_is_told_apart() -> None:
    found = await only(rabbitmq_url=address("RABBITMQ_URL").replace("guest:guest", "guest:wrong"))
    assert (found.well, found.detail) == (False, "it does not let its user in")
