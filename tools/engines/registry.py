"""Apicurio, a registry of schemas that speaks Confluent's protocol; what it has is gone when it stops.

The last of its second line: the third needs Java 21, which Debian 12 has not.
"""

from typing import Final

from tools.engines.engine import HOST, Engine, Launch, Ports
from tools.engines.home import Home
from tools.engines.java import SMALL
from tools.engines.packages import JAVA, archive
from tools.engines.probes import says

VERSION: Final = "2.6.13.Final"
NAME: Final = "registry"
API: Final = "/apis/ccompat/v7"
ARTIFACT: Final = f"io.apicurio:apicurio-registry-app:{VERSION}"
HEAP_MB: Final = 192


def _registry(home: Home, ports: Ports) -> Launch:
    options = (
        f"-Dquarkus.http.host={HOST}", f"-Dquarkus.http.port={ports['port']}",
        "-Dquarkus.http.access-log.enabled=false",
    )  # fmt: skip
    program = home.fetched(NAME) / VERSION / f"apicurio-registry-app-{VERSION}-runner.jar"
    return Launch(argv=["java", "-Xms64m", f"-Xmx{HEAP_MB}m", *SMALL, *options, "-jar", str(program)])


REGISTRY: Final = Engine(
    name=NAME, version=f"Apicurio {VERSION}", packages=JAVA, launch=_registry,
    fetch=lambda home: archive(home, NAME, ARTIFACT, classifier="all", strip=0),
    ready=says(f"{API}/subjects"), settings={"SCHEMA_REGISTRY_URL": f"http://{{host}}:{{port}}{API}"},
)  # fmt: skip
