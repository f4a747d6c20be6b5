"""`tools.engines`: which engines go down together, and that one which ended is not up because somebody else answers."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools.engines import launcher
from tools.engines.__main__ import app
from tools.engines.engine import HOST, Engine, EngineError, Launch, Ports
from tools.engines.home import POLL_S, Home
from tools.engines.probes import accepts

STAYS, ENDS = ["sleep", "600"], ["sh", "-c", "echo Address already in use; exit 1"]


def an_engine(name: str, *after: str, argv: list[str] = STAYS) -> Engine:
    """One that is up as soon as it runs; it listens nowhere."""
    return Engine(
        name=name,
        version="1",
        launch=lambda _home, _ports: Launch(argv=argv),
        ready=lambda home, _ports: home.pid(name) is not None,
        settings={},
        after=after,
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home of four engines, of which two need the first."""
    four = (an_engine("rows"), an_engine("flags", "rows"), an_engine("readers", "rows"), an_engine("cache"))
    monkeypatch.setattr(launcher, "ENGINES", {one.name: one for one in four})
    monkeypatch.setenv("ENGINES_HOME", str(tmp_path))
    found = Home(tmp_path)
    yield found
    for one in launcher.ENGINES:
        found.stop(one)


def up(home: Home) -> set[str]:
    return {one.name for one in launcher.standing(home) if one.up}


@pytest.mark.parametrize(
    ("named", "left"),
    [
        (["flags"], {"rows", "readers", "cache"}),
        (["rows"], {"cache"}),
        (["cache"], {"rows", "flags", "readers"}),
        ([], set()),
    ],
)
def test_those_that_are_named_go_down_with_those_that_need_them(home: Home, named: list[str], left: set[str]) -> None:
    launcher.up(home, [], lambda _: None)
    assert up(home) == {"rows", "flags", "readers", "cache"}
    said: list[str] = []
    launcher.down(home, named, said.append)
    assert up(home) == left
    if named == ["rows"]:
        assert said[-1] == "rows is stopped"


@pytest.mark.parametrize("word", ["up", "down"])
def test_a_name_that_there_is_not_is_told_with_those_that_there_are(home: Home, word: str) -> None:
    done = CliRunner().invoke(app, [word, "flag"])
    assert (done.exit_code, done.output) == (1, "There is no engine flag; there are rows, flags, readers, cache.\n")


def test_an_engine_that_ended_is_not_up_because_somebody_else_listens_at_its_port(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once_it_ended(home: Home, ports: Ports) -> bool:
        while home.pid("lost") is not None:  # how long it takes to end is not what this is about
            time.sleep(POLL_S)
        return accepts()(home, ports)

    lost = replace(an_engine("lost", argv=ENDS), ready=once_it_ended)
    monkeypatch.setitem(launcher.ENGINES, "lost", lost)
    with socket.create_server((HOST, 0)) as other:
        ports = {"port": other.getsockname()[1]}
        home.remember("lost", ports)
        with pytest.raises(EngineError, match=r"(?s)It ended by itself.*Address already in use"):
            launcher.up(home, ["lost"], lambda _: None)
        assert home.ports("lost") == ports
