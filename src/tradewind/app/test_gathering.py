"""The page of all processes' figures: one that never ends is not read to its end."""

import asyncio

import pytest
from aiohttp import web

from tests.listening import listening
from tradewind.api.rest.passing_on import client
from tradewind.app import gathering
from tradewind.app.gathering import gathered

CHUNK = b"# " + b"x" * 1_021 + b"\n"
SOON_S = 60.0


async def test_a_page_without_an_end_is_not_read_further_than_any_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is it waited for until its time is up."""
    monkeypatch.setattr(gathering, "MAX_PAGE_BYTES", 4 * len(CHUNK))
    monkeypatch.setattr(gathering, "ANSWERS_WITHIN_S", 10 * SOON_S)

    async def endless(request: web.Request) -> web.StreamResponse:
        said = web.StreamResponse()
        said.enable_chunked_encoding()
        await said.prepare(request)
        while True:
            await said.write(CHUNK)

    async def short(_request: web.Request) -> web.Response:
        return web.Response(text="told_total 1.0\n")

    app = web.Application()
    app.router.add_get("/endless/metrics", endless)
    app.router.add_get("/short/metrics", short)
    async with listening(app, patience_s=0.1) as url, client() as ask, asyncio.timeout(SOON_S):
        page = (await gathered("own", {"long": f"{url}/endless", "short": f"{url}/short"}, ask)()).decode()
    assert 'shop_process_up{process="long"} 0' in page
    assert 'told_total{process="short"} 1.0' in page
