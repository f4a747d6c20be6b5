"""GET /admin/messages: a page that shows what the routes say to whoever logs in on it; itself it is empty."""

from functools import cache
from pathlib import Path
from typing import Final

from tradewind.api.rest import Reply, get

HERE: Final = Path(__file__).parent
POLICY: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}


@cache
def _page(name: str) -> bytes:
    return (HERE / name).read_bytes()


@get("/admin/messages", public=True, content_type="text/html")
async def show_messages() -> Reply:
    """The page on which staff sees what was written to people."""
    return Reply(content=_page("messages.html"), headers=POLICY)


@get("/admin/messages.js", public=True, content_type="text/javascript")
async def show_messages_script() -> Reply:
    """What that page does."""
    return Reply(content=_page("messages.js"))
