"""The pages around the routes, on Litestar: health, metrics, OpenAPI and its browsable page, problem types."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Litestar, MediaType, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from swagger_ui_bundle import swagger_ui_path

from tradewind.api.rest import problems
from tradewind.api.rest.headers import Trail
from tradewind.api.rest.openapi import for_the_browser
from tradewind.api.rest.refusals import InternalFault, InvalidHeader, MethodNotAllowed, NoSuchRoute
from tradewind.kernel.errors import Refusal
from tradewind.runtime.telemetry.logs import log

Check = Callable[[], Awaitable[object]]
"""Raises where something is not ready. A word that it returns is told of something that others can do without."""
Figures = Callable[[], Awaitable[bytes]]
"""What /metrics shows, in Prometheus' text format."""
CHECK_TIMEOUT_S: Final = 3.0
"""A check that takes longer has failed."""
DOCS_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ASSETS: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_DOCS: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Tradewind API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-32x32.png"></head>
<body><div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
_START: Final = """SwaggerUIBundle({url: "/docs/openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null});
"""


def host_of(
    document: Callable[[], Mapping[str, Any]],
    readiness: Mapping[str, Check],
    figures: Figures,
    lifespan: Callable[[], AbstractAsyncContextManager[None]] | None,
) -> Litestar:
    """The Litestar application that answers what no declared route does."""

    @asynccontextmanager
    async def living(_: Litestar) -> AsyncIterator[None]:
        if lifespan is None:
            yield
        else:
            async with lifespan():
                yield

    return _Host(
        [*_health(readiness), *_documents(document, figures), problem_page],
        openapi_config=None,
        logging_config=None,
        lifespan=[living],
        exception_handlers={HTTPException: _as_problem, Exception: _as_fault},
    )


def figures_of(registry: CollectorRegistry) -> Figures:
    """Those of a registry."""

    async def figures() -> bytes:
        return generate_latest(registry)

    return figures


class _Host(Litestar):
    """Pages of ours need no plugins, and pydantic's alone would take a quarter of an edge's start to import."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def _health(readiness: Mapping[str, Check]) -> list[Any]:
    @get("/health/live", media_type=MediaType.JSON)
    async def live() -> dict[str, str]:
        return {"status": "UP"}

    @get(["/health/ready", "/actuator/health"], media_type=MediaType.JSON)
    async def ready() -> Response[dict[str, Any]]:
        states = await asyncio.gather(*(_state(name, check) for name, check in readiness.items()))
        up = "DOWN" not in states
        checks = dict(zip(readiness, states, strict=True))
        return Response({"status": "UP" if up else "DOWN", "checks": checks}, status_code=200 if up else 503)

    return [live, ready]


async def _state(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            said = await check()
    except Exception as failure:  # noqa: BLE001 -- whatever is wrong with a part, it is not ready
        log.warning("not ready", part=name, why=type(failure).__name__)
        return "DOWN"
    return said if isinstance(said, str) else "UP"


def _documents(document: Callable[[], Mapping[str, Any]], figures: Figures) -> list[Any]:
    @cache
    def whole() -> bytes:
        return msgspec.json.encode(document())

    @cache
    def browsable() -> bytes:
        return msgspec.json.encode(for_the_browser(document()))

    @get("/metrics")
    async def metrics() -> Response[bytes]:
        return Response(await figures(), media_type=CONTENT_TYPE_LATEST)

    @get("/openapi.json")
    async def openapi() -> Response[bytes]:
        return Response(whole(), media_type=MediaType.JSON)

    @get("/docs")
    async def docs() -> Response[bytes]:
        headers = {"content-security-policy": DOCS_POLICY}
        return Response(_DOCS.encode(), media_type=MediaType.HTML, headers=headers)

    @get("/docs/{name:str}")
    async def asset(name: FromPath[str]) -> Response[bytes]:
        if name == "openapi.json":
            return Response(browsable(), media_type="application/json")
        if name == "start.js":
            return Response(_START.encode(), media_type="text/javascript")
        return Response(_asset(name), media_type=_ASSETS.get(name, ""))

    return [metrics, openapi, docs, asset]


@cache
def _asset(name: str) -> bytes:
    if name not in _ASSETS:
        raise NoSuchRoute
    return (Path(swagger_ui_path) / name).read_bytes()


@get("/problems/{name:str}", media_type=MediaType.HTML)
async def problem_page(name: FromPath[str]) -> str:
    """What a problem type means, for whoever follows its address."""
    for kind in problems.known_refusals():
        if problems.slug(kind) == name:
            title, status = escape(problems.title(kind)), problems.status_of(kind)
            meaning = escape((kind.__doc__ or "").strip())
            return (
                f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>'
                f"<h1>{title}</h1><p>{meaning}</p><p>HTTP status {status}. Type <code>/problems/{name}</code>.</p>"
                "</body></html>"
            )
    raise NoSuchRoute


def _as_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code == 405:
        allowed = (error.headers or {}).get("allow", "GET")
        return _problem(request, MethodNotAllowed(*allowed.replace(" ", "").split(",")))
    if error.status_code == 404:
        return _problem(request, NoSuchRoute())
    if error.status_code < 500:
        return _problem(request, InvalidHeader("The request's head cannot be read."))
    return _as_fault(request, error)


def _as_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if isinstance(error, Refusal):
        return _problem(request, error)
    log.error("page failed", path=request.scope["path"], exc_info=error)
    return _problem(request, InternalFault())


def _problem(request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    trail: Trail = request.scope["state"]["trail"]
    content = problems.document(refusal, instance=request.scope["path"], trace_id=trail.trace_id)
    return Response(
        content,
        status_code=problems.status_of(type(refusal)),
        media_type=problems.MEDIA_TYPE,
        headers=dict(problems.headers(refusal)),
    )
