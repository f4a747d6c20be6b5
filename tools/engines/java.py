"""How every engine in Java is started: a small heap, one collector thread, compiled quickly rather than best."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

SMALL: Final = (
    "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k", "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true", "-Djava.net.preferIPv4Stack=true",
)  # fmt: skip
LOG4J: Final = """status = error
appender.console.type = Console
appender.console.name = STDOUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = WARN
rootLogger.appenderRef.stdout.ref = STDOUT
logger.kafkaserver.name = kafka.server.KafkaRaftServer
logger.kafkaserver.level = INFO
"""


def jvm(heap_mb: int, jars: Sequence[Path], main: str, *arguments: str, options: Sequence[str] = ()) -> list[str]:
    """A command line: `main` of these folders of jars, with `heap_mb` MiB."""
    path = ":".join(f"{folder}/*" for folder in jars)
    return ["java", f"-Xms{min(heap_mb, 128)}m", f"-Xmx{heap_mb}m", *SMALL, *options, "-cp", path, main, *arguments]


def quiet_log(folder: Path) -> str:
    """An option that has Log4j 2 write warnings to standard output; its configuration is put into `folder`."""
    file = folder / "log4j2.properties"
    file.write_text(LOG4J)
    return f"-Dlog4j2.configurationFile={file}"
