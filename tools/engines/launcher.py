"""Brings engines up, side by side and each after those that it needs, and down again."""

import os
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tools.engines import columns, documents, flags, kafka, postgres, registry, shipping, small, stores, trust
from tools.engines.engine import HOST, Engine, EngineError, Ports
from tools.engines.home import POLL_S, Home
from tools.engines.packages import install, missing
from tradewind.app.free_ports import free_port

ENGINES: Final = {
    one.name: one
    for one in (
        small.REDIS, small.RABBITMQ, small.MOSQUITTO, postgres.POSTGRES, columns.CLICKHOUSE,
        trust.KEYCLOAK, kafka.KAFKA, stores.CASSANDRA, stores.OPENSEARCH, kafka.CONNECT, registry.REGISTRY,
        trust.OPA, documents.MONGODB, flags.UNLEASH, shipping.RSYSLOG,
    )
}  # fmt: skip
"""Those that `up` starts when none is named, in their order: whoever takes longest begins early."""
AT_ONCE: Final = 3
"""Engines that are started side by side."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Standing:
    """How an engine stands. `resident_mib` is its memory, `settings` what names it to the shop."""

    name: str
    version: str
    up: bool
    pid: int | None
    resident_mib: int
    settings: dict[str, str]


def chosen(names: Sequence[str]) -> list[Engine]:
    """The engines of these names, and those that they need; all where none is named."""
    wanted = _known(names)
    for name in wanted:
        wanted += [other for other in ENGINES[name].after if other not in wanted]
    return [one for name, one in ENGINES.items() if name in wanted]


def bound(names: Sequence[str]) -> list[Engine]:
    """The engines of these names, and those that need them; all where none is named."""
    wanted = _known(names)
    for name in wanted:
        wanted += [other for other, one in ENGINES.items() if name in one.after and other not in wanted]
    return [one for name, one in ENGINES.items() if name in wanted]


def _known(names: Sequence[str]) -> list[str]:
    if unknown := [name for name in names if name not in ENGINES]:
        raise EngineError(f"There is no engine {unknown[0]}; there are {', '.join(ENGINES)}.")
    return list(names) or list(ENGINES)


def up(home: Home, names: Sequence[str], say: Say) -> None:
    """Fetch and start them; those that run are left alone. Raises EngineError, with what the engine said last."""
    engines = chosen(names)
    install_for(engines, say)
    ready = {one.name: threading.Event() for one in engines}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(_bring_up, home, one, ready, say) for one in engines]
    failures = [str(error) for future in futures if (error := future.exception())]
    write_env(home, say)
    if failures:
        raise EngineError("\n".join(failures))


def install_for(engines: Iterable[Engine], say: Say) -> None:
    """What they need of Debian."""
    if wanted := missing(package for one in engines for package in one.packages):
        say(f"Installing {', '.join(wanted)}")
        install(wanted)


def _bring_up(home: Home, engine: Engine, ready: dict[str, threading.Event], say: Say) -> None:
    try:
        if engine.fetch is not bool and not home.fetched(engine.name).exists():
            say(f"{engine.name} {engine.version}: fetching")
        engine.fetch(home)
        for other in engine.after:
            if not ready[other].wait(engine.within_s):
                raise EngineError(f"{engine.name} waits for {other}, which is not up.")
        began = time.monotonic()
        _start(home, engine)
        say(f"{engine.name} is up after {time.monotonic() - began:.1f} s")
        ready[engine.name].set()
    except EngineError as error:
        say(f"{engine.name} is not up")
        raise EngineError(f"{engine.name}: {error}") from None


def _start(home: Home, engine: Engine) -> None:
    if engine.launch is None:
        home.run(engine.name)
        home.remember(engine.name, {})
        return
    ports = _ports(home, engine)
    if home.pid(engine.name) is None:
        launch = engine.launch(home, ports)
        with home.log(engine.name).open("wb") as log:
            process = subprocess.Popen(
                launch.argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                env={**os.environ, **launch.environment}, cwd="/",
            )  # fmt: skip
        home.started(engine.name, process.pid)
    _until_ready(home, engine, ports)


def _until_ready(home: Home, engine: Engine, ports: Ports) -> None:
    """Whoever answers at its ports need not be it: its own process must live as well."""
    until = time.monotonic() + engine.within_s
    while True:
        ready = engine.ready(home, ports)
        ended, late = home.pid(engine.name) is None, time.monotonic() > until
        if ready and not ended:
            return
        if ended or late:
            what = "It ended by itself" if ended else f"Not up within {engine.within_s:.0f} s"
            raise EngineError(f"{what}; {home.log(engine.name)} ends with:\n{home.last_words(engine.name)}")
        time.sleep(POLL_S)


def _ports(home: Home, engine: Engine) -> dict[str, int]:
    """Those it had, if it runs or has them remembered; else free ones."""
    ports = home.ports(engine.name)
    if set(ports) != set(engine.ports):
        ports = {one: engine.choose(one) if engine.choose else free_port(HOST) for one in engine.ports}
        home.remember(engine.name, ports)
    return ports


def down(home: Home, names: Sequence[str], say: Say) -> None:
    """Stop them and those that cannot do without them, who go first. Raises EngineError for unknown names."""
    for engine in reversed(bound(names)):
        if home.stop(engine.name):
            say(f"{engine.name} is stopped")
    write_env(home, lambda _: None)


def standing(home: Home) -> list[Standing]:
    """How each engine stands."""
    return [
        Standing(one.name, one.version, up=_is_up(home, one), pid=home.pid(one.name),
                 resident_mib=home.resident_mib(one.name), settings=settings_of(home, one))
        for one in ENGINES.values()
    ]  # fmt: skip


def _is_up(home: Home, engine: Engine) -> bool:
    folder = home.folder / "run" / engine.name
    return folder.exists() and (engine.launch is None or home.pid(engine.name) is not None)


def settings_of(home: Home, engine: Engine) -> dict[str, str]:
    """The settings that name a running engine; none of one that does not run."""
    if not _is_up(home, engine):
        return {}
    facts = {"host": HOST, "run": home.run(engine.name), **home.ports(engine.name)}
    return {f"TRADEWIND_{name}": value.format(**facts) for name, value in engine.settings.items()}


def write_env(home: Home, say: Say) -> None:
    """Write the settings that name what runs, for `source` and for `make test-engines`."""
    home.folder.mkdir(parents=True, exist_ok=True)
    found = [pair for one in ENGINES.values() for pair in settings_of(home, one).items()]
    home.env.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in found))
    say(f"{home.env} names {len(found)} settings")
