"""MongoDB's protocol, spoken by FerretDB over SQLite: none of the package managers used here has MongoDB itself.

What it says of aggregations is not to be trusted (totals in `$group`); the shop asks for none. Two who replace the same
document at once may both think theirs the newer, and arrays within arrays are refused: MongoDB does better at both.
"""

import shutil
from pathlib import Path
from typing import Final

from tools.engines.engine import HOST, Engine, Launch, Ports, run
from tools.engines.home import Home
from tools.engines.packages import GO_WITHIN_S
from tools.engines.probes import accepts

SOURCES: Final = Path(__file__).parent / "mongodb"
"""A program of a few lines around the library, with everything it needs pinned."""


def _sources() -> dict[str, str]:
    return {one: (SOURCES / one).read_text() for one in ("main.go", "go.mod", "go.sum")}


def _fetch(home: Home) -> None:
    """Built once for these sources; for some minutes, mostly of SQLite."""
    folder = home.fetched("mongodb")
    built = {one: (folder / one).read_text() for one in _sources() if (folder / one).exists()}
    if (folder / "mongodb").exists() and built == _sources():
        return
    shutil.rmtree(folder, ignore_errors=True)
    work = folder / "build"
    work.mkdir(parents=True)
    for name, text in _sources().items():
        (work / name).write_text(text)
    run(["go", "build", "-o", str(folder / "mongodb"), "."], within_s=GO_WITHIN_S, cwd=work, what="building FerretDB")
    for name in _sources():
        shutil.move(work / name, folder / name)
    work.rmdir()


def _launch(home: Home, ports: Ports) -> Launch:
    data = home.run("mongodb") / "data"
    data.mkdir(exist_ok=True)
    return Launch(argv=[str(home.fetched("mongodb") / "mongodb"), f"{HOST}:{ports['port']}", str(data)])


MONGODB: Final = Engine(
    name="mongodb", version="FerretDB 1.24.0", fetch=_fetch, launch=_launch, ready=accepts(),
    settings={"MONGODB_URL": "mongodb://{host}:{port}/"},
)  # fmt: skip
