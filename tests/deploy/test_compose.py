"""The engines of deploy/compose, as far as they can be looked at where no container runs."""

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml

from tests.house.tree import REPOSITORY
from tools.engines import flags, kafka, registry, stores, trust
from tradewind.adapters.opensearch.log_index import LOG_INDEX
from tradewind.app import profiles
from tradewind.app.settings import Settings
from tradewind.runtime.telemetry.log_files import SUFFIX

COMPOSE: Final = REPOSITORY / "deploy" / "compose"
PROFILES: Final = REPOSITORY / "deploy" / "profiles"
NAMES: Final = ("embedded", "compose", "cluster")
FILE: Final[dict[str, Any]] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
SERVICES: Final[dict[str, Any]] = FILE["services"]
PINNED: Final = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+[\w.-]*")
SECRETS: Final = ("PASSWORD", "KEY", "KEYS", "SECRET", "SECRETS", "TOKEN")


def dockerfiles() -> list[Path]:
    return sorted(COMPOSE.rglob("Dockerfile"))


def understood(text: str) -> str:
    """The text with a value for each variable that it must have, and none for those that it may have."""
    return re.sub(r"\$\{\w+:-\}", "", re.sub(r"\$\{\w+:\?\}", "given", text))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_names_one_version_has_a_limit_of_memory_and_says_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    assert PINNED.fullmatch(service["image"]), service["image"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    runs_once = service["restart"] == "no"
    assert runs_once or service["restart"] == "unless-stopped"
    if not runs_once:
        check = service["healthcheck"]
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_published_beyond_this_machine(name: str) -> None:
    assert all(one.startswith("127.0.0.1:") for one in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_who_waits_for_another_waits_until_it_is_well_or_done(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        done = SERVICES[other]["restart"] == "no"
        assert how["condition"] == ("service_completed_successfully" if done else "service_healthy")


def test_what_images_are_made_of_has_versions_too() -> None:
    assert {one.parent.name for one in dockerfiles()} == {"shop", "connect"}
    for file in dockerfiles():
        bases = re.findall(r"^FROM (\S+)", file.read_text(), re.MULTILINE)
        assert bases
        assert [base for base in bases if not PINNED.fullmatch(base)] == []


CASSANDRA = "cassandra:9042"
MONGODB = "mongodb://mongodb:27017/"
UNLEASH = "http://unleash:4242"
ON_REQUEST = ("rabbitmq", "cassandra", "mongodb", "unleash")


def test_versions_are_those_that_tests_run_on() -> None:
    kafka_image = f"apache/kafka:{kafka.VERSION}"
    assert SERVICES["kafka"]["image"] == kafka_image
    assert f"FROM {kafka_image}" in (COMPOSE / "connect" / "Dockerfile").read_text()
    assert f"<version>{kafka.DEBEZIUM}</version>" in (COMPOSE / "connect" / "pom.xml").read_text()
    assert SERVICES["connect"]["image"] == f"tradewind/connect:{kafka.DEBEZIUM}"
    assert SERVICES["registry"]["image"] == f"apicurio/apicurio-registry-kafkasql:{registry.VERSION}"
    assert SERVICES["cassandra"]["image"] == f"cassandra:{stores.CASSANDRA_VERSION}"
    assert SERVICES["opa"]["image"] == f"openpolicyagent/opa:{trust.OPA_VERSION.removeprefix('v')}"
    assert SERVICES["unleash"]["image"] == f"unleashorg/unleash-server:{flags.VERSION}"


def test_files_that_are_mounted_and_sent_along_are_there() -> None:
    mounted = [one.split(":")[0] for service in SERVICES.values() for one in service.get("volumes", [])]
    files = [one for one in mounted if one.startswith(".")]
    assert len(files) == 3
    assert [one for one in files if not (COMPOSE / one).exists()] == []
    assert {one for one in mounted if not one.startswith(".")} == set(FILE["volumes"])
    for file in dockerfiles():
        context = REPOSITORY if file.parent.name == "shop" else file.parent
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", file.read_text(), re.MULTILINE):
            assert [one for one in line.split() if not (context / one).exists()] == []


def test_the_shop_is_told_of_every_engine_by_a_name_and_port_that_it_has() -> None:
    shop = SERVICES["shop"]
    told = {name: understood(value) for name, value in shop["environment"].items()}
    told |= profiles.read(COMPOSE / shop["env_file"])
    settings = Settings.from_environment(told)
    urls = (
        settings.database_url, settings.clickhouse_url, settings.connect_url, settings.opensearch_url, settings.opa_url,
        settings.mqtt_url, settings.smtp_url, settings.redis_url, f"kafka://{settings.kafka_servers}",
        settings.schema_registry_url,
    )  # fmt: skip
    hosts = {urlsplit(str(url)).hostname: urlsplit(str(url)).port for url in urls}
    assert hosts == {
        "postgres": 5432, "clickhouse": 8123, "connect": 8083, "opensearch": 9200, "opa": 8181, "mosquitto": 1883,
        "mail": 1025, "kafka": 9092, "redis": 6379, "registry": 8080,
    }  # fmt: skip
    assert set(hosts) == set(SERVICES) - {"shop", "publishing", "schemas", "log-index", "fluent-bit", *ON_REQUEST}
    assert settings.public_url.rpartition(":")[2] == str(settings.port) == shop["ports"][0].split(":")[1]


def test_some_engines_are_there_on_request_only() -> None:
    for one in ON_REQUEST:
        assert SERVICES[one]["profiles"] == [one]
        assert [name for name, service in SERVICES.items() if one in service.get("depends_on", {})] == []
    assert {name for name, service in SERVICES.items() if "profiles" in service} == set(ON_REQUEST)


def test_the_example_says_where_engines_on_request_are() -> None:
    example = (COMPOSE / "example.env").read_text()
    assert f"Only with --profile cassandra: {CASSANDRA}" in example
    servers = Settings.from_environment({"TRADEWIND_CASSANDRA_SERVERS": CASSANDRA}).cassandra_servers
    assert servers == CASSANDRA
    assert f"Only with --profile mongodb: {MONGODB}" in example
    assert Settings.from_environment({"TRADEWIND_MONGODB_URL": MONGODB}).mongodb_url == MONGODB.rstrip("/")
    assert f"Only with --profile unleash: *:development.<a password>, and {UNLEASH}" in example
    told = {"TRADEWIND_UNLEASH_URL": UNLEASH, "TRADEWIND_UNLEASH_TOKEN": "*:development.given"}
    assert Settings.from_environment(told).unleash_url == UNLEASH
    (url,) = re.findall(r"amqp://\S+<the password>@\S+", example)
    told = {"TRADEWIND_RABBITMQ_URL": url.replace("<the password>", "given")}
    found = urlsplit(Settings.from_environment(told).rabbitmq_url or "")
    assert (found.hostname, found.port) == ("rabbitmq", 5672)
    assert found.username == SERVICES["rabbitmq"]["environment"]["RABBITMQ_DEFAULT_USER"]


def test_the_example_names_what_has_to_be_given_and_gives_nothing() -> None:
    wanted = set(re.findall(r"\$\{(\w+)", (COMPOSE / "compose.yaml").read_text()))
    example = (COMPOSE / "example.env").read_text()
    lines = [line for line in example.splitlines() if line and not line.startswith("#")]
    assert set(lines) == {f"{name}=" for name in wanted}


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_understood_and_holds_no_secret(name: str) -> None:
    told = profiles.read(PROFILES / f"{name}.env")
    Settings.from_environment(told)
    assert [one for one, value in told.items() if one.endswith(SECRETS) or "@" in value] == []


def test_there_are_no_other_profiles() -> None:
    assert {one.stem for one in PROFILES.glob("*.env")} == set(NAMES)


def test_the_embedded_profile_is_what_the_shop_does_without_one() -> None:
    told = profiles.read(PROFILES / "embedded.env")
    assert Settings.from_environment(told) == Settings.from_environment({})


def test_what_the_shop_logs_is_where_fluent_bit_looks_and_goes_where_it_is_looked_for() -> None:
    shop, ships = SERVICES["shop"], SERVICES["fluent-bit"]
    told = yaml.safe_load((REPOSITORY / "deploy" / "logs" / "fluent-bit.yaml").read_text())
    (reads,), (writes,) = told["pipeline"]["inputs"], told["pipeline"]["outputs"]
    folder = Settings.from_environment(profiles.read(COMPOSE / shop["env_file"])).log_folder
    assert (f"logs:{folder}" in shop["volumes"], f"logs:{folder}:ro" in ships["volumes"]) == (True, True)
    assert f"{folder}" in (COMPOSE / "shop" / "Dockerfile").read_text()
    assert reads["path"] == f"{folder}/*{SUFFIX}"
    assert Path(reads["db"]).parent == Path(told["service"]["storage.path"]).parent == Path("/var/lib/fluent-bit")
    assert (writes["host"], writes["port"], writes["logstash_prefix"]) == ("opensearch", 9200, LOG_INDEX)
    assert (writes["logstash_format"], writes["logstash_dateformat"]) == (True, "%Y-%m-%d")
    assert (writes["id_key"], writes["write_operation"], writes["retry_limit"]) == ("lineId", "create", "no_limits")
    assert (reads["storage.type"], writes["storage.total_limit_size"]) == ("filesystem", "512M")
    assert [one["time_key"] for one in told["parsers"] if one["name"] == reads["parser"]] == ["at"]
