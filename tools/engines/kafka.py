"""Kafka, one node that is broker and controller (KRaft), and Kafka Connect with Debezium's connector for Postgres."""

from typing import Final

from tools.engines.engine import HOST, Engine, Launch, Ports, run
from tools.engines.home import Home
from tools.engines.java import jvm, quiet_log
from tools.engines.packages import JAVA, jars
from tools.engines.probes import logged, says

VERSION: Final = "4.3.1"
DEBEZIUM: Final = "3.7.0.Final"
LOG4J: Final = "2.25.4"
BROKER: Final = (
    f"org.apache.kafka:kafka_2.13:{VERSION}",
    f"org.apache.kafka:kafka-tools:{VERSION}",
    f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J}",
)
WORKER: Final = (
    f"org.apache.kafka:connect-runtime:{VERSION}",
    f"org.apache.kafka:connect-json:{VERSION}",
    f"org.apache.kafka:connect-transforms:{VERSION}",
    f"org.apache.logging.log4j:log4j-core:{LOG4J}",
    f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J}",
)
CONNECTOR: Final = (f"io.debezium:debezium-connector-postgres:{DEBEZIUM}",)
OF_THE_WORKER: Final = (
    "org.apache.kafka", "org.slf4j", "org.xerial.snappy", "com.github.luben", "at.yawk.lz4", "org.lz4",
)  # fmt: skip
# Who comes by `wired` is told to go on by `wire`, where a test has a proxy listen that goes there.
BROKER_CONF: Final = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},WIRED://{host}:{wired},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port},WIRED://{host}:{wire}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,WIRED:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/data
num.network.threads=2
num.io.threads=4
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
log.cleaner.threads=1
"""
WORKER_CONF: Final = """bootstrap.servers={kafka}
group.id=connect-local
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
offset.storage.topic=_connect-offsets
offset.storage.replication.factor=1
offset.storage.partitions=1
config.storage.topic=_connect-configs
config.storage.replication.factor=1
status.storage.topic=_connect-status
status.storage.replication.factor=1
status.storage.partitions=1
offset.flush.interval.ms=1000
listeners=http://{host}:{port}
rest.advertised.host.name={host}
rest.advertised.port={port}
plugin.path={plugins}
plugin.discovery=service_load
exactly.once.source.support=enabled
scheduled.rebalance.max.delay.ms=0
"""


def _kafka(home: Home, ports: Ports) -> Launch:
    folder, found = home.run("kafka"), home.fetched("kafka") / "lib"
    conf, log = folder / "server.properties", quiet_log(folder)
    conf.write_text(BROKER_CONF.format(host=HOST, folder=folder, **ports))
    if not (folder / "data" / "meta.properties").exists():
        tool = "kafka.tools.StorageTool"
        made = run(jvm(64, [found], tool, "random-uuid", options=[log]), within_s=60, what="Kafka's cluster id")
        argv = jvm(128, [found], tool, "format", "-t", made.strip(), "-c", str(conf), options=[log])
        run(argv, within_s=60, what="Kafka's folder")
    options = [log, "-XX:MaxMetaspaceSize=128m", f"-Dkafka.logs.dir={folder}"]
    return Launch(argv=jvm(256, [found], "kafka.Kafka", str(conf), options=options))


def _fetch_connect(home: Home) -> None:
    jars(home, "connect", WORKER, "lib")
    jars(home, "connect", CONNECTOR, "plugins/debezium", OF_THE_WORKER)


def _connect(home: Home, ports: Ports) -> Launch:
    folder, fetched = home.run("connect"), home.fetched("connect")
    conf = folder / "worker.properties"
    kafka = f"{HOST}:{home.ports('kafka')['port']}"
    conf.write_text(WORKER_CONF.format(host=HOST, kafka=kafka, plugins=fetched / "plugins", **ports))
    options = [quiet_log(folder), "-XX:MaxMetaspaceSize=192m"]
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    return Launch(
        argv=jvm(256, [fetched / "lib"], main, str(conf), options=options), environment={"MALLOC_ARENA_MAX": "2"}
    )


KAFKA: Final = Engine(
    name="kafka", version=VERSION, packages=JAVA, ports=("port", "controller", "wired", "wire"),
    fetch=lambda home: jars(home, "kafka", BROKER, "lib"),
    launch=_kafka, ready=logged("kafka", "Kafka Server started"),
    settings={"KAFKA_SERVERS": "{host}:{port}"},
)  # fmt: skip
CONNECT: Final = Engine(
    name="connect", version=f"{VERSION}, Debezium {DEBEZIUM}", packages=JAVA, fetch=_fetch_connect, launch=_connect,
    ready=says("/connectors"), after=("kafka", "postgres"),
    settings={"CONNECT_URL": "http://{host}:{port}"},
)  # fmt: skip
