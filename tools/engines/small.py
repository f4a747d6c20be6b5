"""The engines that Debian brings ready made: Redis, RabbitMQ, Mosquitto."""

from pathlib import Path
from typing import Final

from tools.engines.engine import HOST, Engine, EngineError, Launch, Ports
from tools.engines.home import Home
from tools.engines.probes import accepts

RABBIT: Final = "rabbitmq"
RABBIT_CONF: Final = """listeners.tcp.1 = {host}:{port}
loopback_users = none
log.console = false
log.file.level = warning
vm_memory_high_watermark.absolute = 256MB
"""
RABBIT_START: Final = 'epmd -address "$ERL_EPMD_ADDRESS" -port "$ERL_EPMD_PORT" & exec "$0"'
"""Erlang's name server is started beside it: one that it starts itself leaves its session, and is there for ever."""
MOSQUITTO_CONF: Final = """listener {port} {host}
allow_anonymous true
user root
persistence true
persistence_location {folder}/
"""


def _redis(home: Home, ports: Ports) -> Launch:
    argv = ["redis-server", "--port", str(ports["port"]), "--bind", HOST, "--dir", str(home.run("redis")),
            "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory", "128mb",
            "--maxmemory-policy", "noeviction"]  # fmt: skip
    return Launch(argv=argv)


def _rabbitmq(home: Home, ports: Ports) -> Launch:
    folder = home.run(RABBIT)
    (folder / "home").mkdir(exist_ok=True)
    cookie = folder / "home" / ".erlang.cookie"
    if not cookie.exists():
        cookie.write_text("loopback-only")
        cookie.chmod(0o400)
    (folder / "rabbitmq.conf").write_text(RABBIT_CONF.format(host=HOST, **ports))
    (folder / "enabled_plugins").write_text("[].")
    servers = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not servers:
        raise EngineError("There is no RabbitMQ under /usr/lib/rabbitmq; reinstall Debian's rabbitmq-server.")
    environment = {
        "HOME": str(folder / "home"), "RABBITMQ_NODENAME": f"shop{ports['dist']}@localhost",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_DIST_PORT": str(ports["dist"]), "ERL_EPMD_PORT": str(ports["epmd"]), "ERL_EPMD_ADDRESS": HOST,
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
        "RABBITMQ_LOGS": str(folder / "server.log"),
    }  # fmt: skip
    return Launch(argv=["sh", "-c", RABBIT_START, str(servers[-1])], environment=environment)


def _mosquitto(home: Home, ports: Ports) -> Launch:
    folder = home.run("mosquitto")
    (folder / "mosquitto.conf").write_text(MOSQUITTO_CONF.format(host=HOST, folder=folder, **ports))
    return Launch(argv=["mosquitto", "-c", str(folder / "mosquitto.conf")])


REDIS: Final = Engine(
    name="redis", version="Debian's", packages=("redis-server",), launch=_redis, ready=accepts(),
    settings={"REDIS_URL": "redis://{host}:{port}/0"},
)  # fmt: skip
RABBITMQ: Final = Engine(
    name=RABBIT, version="Debian's", packages=("rabbitmq-server",), ports=("port", "dist", "epmd"), launch=_rabbitmq,
    ready=accepts(), settings={"RABBITMQ_URL": "amqp://guest:guest@{host}:{port}/"},
)  # fmt: skip
MOSQUITTO: Final = Engine(
    name="mosquitto", version="Debian's", packages=("mosquitto",), launch=_mosquitto, ready=accepts(),
    settings={"MOSQUITTO_URL": "mqtt://{host}:{port}"},
)  # fmt: skip
