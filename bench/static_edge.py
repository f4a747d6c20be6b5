"""The edge with one route more, which says the same few words to everybody: the limit of this server."""

from typing import Final

import uvloop

from tradewind.api.rest import Answer, get
from tradewind.app.edge import serve
from tradewind.app.settings import Settings
from tradewind.runtime.telemetry import logs

PATH: Final = "/api/v1/bench/static"


class Words(Answer, frozen=True, kw_only=True):
    """The same few words."""

    message: str


WORDS: Final = Words(message="hello")


@get(PATH, public=True)
async def static() -> Words:
    """Say the same few words."""
    return WORDS


if __name__ == "__main__":
    settings = Settings.from_environment()
    logs.configure(settings.log_level.upper())
    uvloop.run(serve(settings, also=[static]))
