"""Who vouches for people and rules: Keycloak, OPA."""

from typing import Final

from tools.engines.engine import HOST, Engine, Launch, Ports
from tools.engines.home import Home
from tools.engines.packages import JAVA, archive, go_program
from tools.engines.probes import says

KEYCLOAK_VERSION: Final = "26.7.3"
OPA_VERSION: Final = "v1.22.0"
OPA_MODULE: Final = "github.com/open-policy-agent/opa"
ADMIN: Final = "admin"
"""Name and password of Keycloak's first administrator: it listens on loopback only, and forgets with its folder."""


def _keycloak(home: Home, ports: Ports) -> Launch:
    program = home.fetched("keycloak") / KEYCLOAK_VERSION / "bin" / "kc.sh"
    data = home.run("keycloak")
    environment = {
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN, "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMIN,
        "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx384m",
        "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC -Xss512k "
                            "-Djava.net.preferIPv4Stack=true",
    }  # fmt: skip
    argv = [str(program), "start-dev", f"--http-host={HOST}", f"--http-port={ports['port']}",
            f"--http-management-port={ports['management']}", "--health-enabled=true", "--cache=local",
            "--db=dev-file", f"--db-url=jdbc:h2:file:{data}/h2;NON_KEYWORDS=VALUE", "--log-level=info"]  # fmt: skip
    return Launch(argv=argv, environment=environment)


def _opa(home: Home, ports: Ports) -> Launch:
    program = home.fetched("opa") / "opa"
    return Launch(argv=[str(program), "run", "--server", "--addr", f"{HOST}:{ports['port']}", "--log-level", "error",
                        "--disable-telemetry"])  # fmt: skip


KEYCLOAK: Final = Engine(
    name="keycloak", version=KEYCLOAK_VERSION, packages=JAVA, ports=("port", "management"), launch=_keycloak,
    fetch=lambda home: archive(home, "keycloak", f"org.keycloak:keycloak-quarkus-dist:{KEYCLOAK_VERSION}"),
    ready=says("/realms/master/.well-known/openid-configuration"), within_s=300.0,
    settings={"KEYCLOAK_URL": "http://{host}:{port}"},
)  # fmt: skip
OPA: Final = Engine(
    name="opa", version=OPA_VERSION, fetch=lambda home: go_program(home, "opa", OPA_MODULE, OPA_VERSION), launch=_opa,
    ready=says("/health"), settings={"OPA_URL": "http://{host}:{port}"},
)  # fmt: skip
