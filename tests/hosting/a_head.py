"""What `serve` is to its parts, with parts that do nothing: `python -m tests.hosting.a_head FOLDER`."""

import asyncio
import os
import sys

from tests.hosting.a_part import HOW_TO_END
from tradewind.app.nursery import Nursery
from tradewind.app.supervision import Part, Supervisor


def say(line: str) -> None:
    print(line, flush=True)


async def head(folder: str) -> None:
    """Two of them, and before them two that end by themselves."""
    nursery = Nursery({**os.environ, "OF_THE_NURSERY": "yes"})
    say(f"nursery {nursery.pid}")
    argv = [sys.executable, "-m", "tests.hosting.a_part", folder]
    try:
        for how in ("exit", "raise"):
            born = await nursery.bear(argv, {**os.environ, HOW_TO_END: how})
            say(f"{how} {await asyncio.to_thread(born.wait)}")
        environment = {**os.environ, "OF_ITS_OWN": "yes"}
        parts = [Part(name=name, argv=[*argv, name], env=environment, nursery=nursery) for name in ("one", "two")]
        await Supervisor(parts, say, at_once=True).run(on_ready=lambda: say("ready"))
    finally:
        await nursery.close()


if __name__ == "__main__":
    asyncio.run(head(sys.argv[1]))
