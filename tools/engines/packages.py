"""Fetching by package managers: Debian's for programs, Maven for Java's, Go's and Node's for theirs."""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tools.engines.engine import EngineError, run
from tools.engines.home import Home

APT_WITHIN_S: Final = 600.0
MAVEN_WITHIN_S: Final = 900.0
GO_WITHIN_S: Final = 1_200.0
NODE_WITHIN_S: Final = 600.0
JAVA: Final = ("openjdk-17-jre-headless", "maven")
"""What an engine in Java needs of Debian."""
NODE: Final = ("nodejs", "npm")
"""What an engine of Node's needs of Debian."""
PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
POM: Final = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>{name}</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>{dependencies}</dependencies></project>
"""
DEPENDENCY: Final = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
PROGRAMS: Final = {
    "openjdk-17-jre-headless": "java", "maven": "mvn", "redis-server": "redis-server", "nodejs": "node", "npm": "npm",
}  # fmt: skip
"""Packages that need not be installed where this program is found, whoever brought it."""


def missing(packages: Iterable[str]) -> list[str]:
    """Those of Debian's packages that are not installed."""
    return [one for one in dict.fromkeys(packages) if not _is_there(one)]


def _is_there(package: str) -> bool:
    if shutil.which(PROGRAMS.get(package, "")):
        return True
    status = Path(f"/var/lib/dpkg/info/{package}.list"), Path(f"/var/lib/dpkg/info/{package}:amd64.list")
    return any(file.exists() for file in status)


def install(packages: Sequence[str]) -> None:
    """Install Debian's packages, without starting any service. Raises EngineError where that cannot be done."""
    if not packages:
        return
    if not shutil.which("apt-get") or os.geteuid():
        raise EngineError(f"Install these first, by root on a Debian: apt-get install {' '.join(packages)}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    os.environ["RUNLEVEL"] = "1"
    run(["apt-get", "update"], within_s=APT_WITHIN_S, what="Debian's packages")
    argv = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    run(argv, within_s=APT_WITHIN_S, what="Debian's packages")


def jars(home: Home, name: str, artifacts: Sequence[str], folder: str, without: Sequence[str] = ()) -> Path:
    """The jars of these artifacts (group:artifact:version) and all that they need, fetched once; their folder.

    `without`: groups to be left out, which the host brings itself.
    """
    target = home.fetched(name) / folder
    done = target / ".complete"
    if done.exists() and done.read_text() == "\n".join(artifacts):
        return target
    pom = home.fetched(name) / f"{folder.replace('/', '-')}.pom"
    pom.parent.mkdir(parents=True, exist_ok=True)
    found = "".join(DEPENDENCY.format(*artifact.split(":")) for artifact in artifacts)
    pom.write_text(POM.format(name=name, dependencies=found))
    shutil.rmtree(target, ignore_errors=True)
    argv = ["mvn", "-q", "-B", "-f", str(pom), f"{PLUGIN}:copy-dependencies", "-DincludeScope=runtime",
            f"-DoutputDirectory={target}", f"-DexcludeGroupIds={','.join(without)}"]  # fmt: skip
    run(argv, within_s=MAVEN_WITHIN_S, what=f"{name}'s jars")
    done.write_text("\n".join(artifacts))
    return target


def archive(home: Home, name: str, artifact: str, *, classifier: str = "", strip: int = 1) -> Path:
    """The contents of a tar.gz (group:artifact:version) of Maven's, fetched and unpacked once; their folder.

    `strip`: folders that all of it lies in, and that are left out.
    """
    target = home.fetched(name) / artifact.rpartition(":")[2]
    if (target / ".complete").exists():
        return target
    downloads = home.fetched(name) / "archive"
    whole = f"{artifact}:tar.gz:{classifier}".removesuffix(":")
    argv = ["mvn", "-q", "-B", f"{PLUGIN}:copy", f"-Dartifact={whole}", f"-DoutputDirectory={downloads}"]
    run(argv, within_s=MAVEN_WITHIN_S, what=f"{name}'s archive")
    target.mkdir(parents=True, exist_ok=True)
    (packed,) = downloads.glob("*.tar.gz")
    unpack = ["tar", "xzf", str(packed), "-C", str(target), f"--strip-components={strip}"]
    run(unpack, within_s=120, what=f"{name}'s archive")
    shutil.rmtree(downloads)
    (target / ".complete").touch()
    return target


def go_program(home: Home, name: str, module: str, version: str) -> Path:
    """A program of Go's, built once; its file."""
    program = home.fetched(name) / module.rpartition("/")[2]
    mark = home.fetched(name) / "version"
    if program.exists() and mark.exists() and mark.read_text() == version:
        return program
    home.fetched(name).mkdir(parents=True, exist_ok=True)
    os.environ["GOBIN"] = str(home.fetched(name))
    run(["go", "install", f"{module}@{version}"], within_s=GO_WITHIN_S, what=f"building {name}")
    mark.write_text(version)
    return program


def node_program(home: Home, name: str, sources: Path) -> Path:
    """What the lock file of `sources` pins, each package checked against its hash, fetched once; its folder.

    No package runs anything of its own while it is installed.
    """
    target = home.fetched(name)
    wanted = {one: (sources / one).read_text() for one in ("package.json", "package-lock.json")}
    done = target / ".complete"
    if done.exists() and done.read_text() == wanted["package-lock.json"]:
        return target
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file, text in wanted.items():
        (target / file).write_text(text)
    argv = ["npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
    run(argv, within_s=NODE_WITHIN_S, cwd=target, what=f"{name}'s packages")
    done.write_text(wanted["package-lock.json"])
    return target
