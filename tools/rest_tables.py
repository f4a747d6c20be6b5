"""Writes the tables of docs/guides/rest.md: every route of every context, every kind of refusal with its status."""

from collections.abc import Iterator
from typing import Final

from tools.marks import between
from tradewind.api.rest import problems
from tradewind.api.rest.routes import Route
from tradewind.app.wiring import manifests
from tradewind.kernel.errors import Refusal

ROUTES: Final = "routes"
STATUSES: Final = "statuses"


def into(guide: str) -> str:
    """The guide with the tables of now between their marks."""
    return between(STATUSES, between(ROUTES, guide, routes()), statuses())


def routes() -> str:
    """One row a route; what it refuses by name, besides what any route may."""
    head = "| request | answers | what it is for | refuses with |\n| --- | --- | --- | --- |\n"
    return head + "".join(
        f"| `{route.method} {route.path}`{'' if not route.public else ' · no token needed'} | {route.status} "
        f"| {route.summary} | {', '.join(f'`{problems.slug(one)}`' for one in route.raises) or '–'} |\n"
        for route in _routes()
    )


def _routes() -> Iterator[Route]:
    for context in manifests():
        yield from (route for route in context.routes if isinstance(route, Route))


def statuses() -> str:
    """One row a kind of refusal, by status."""
    head = "| status | kind | in words |\n| --- | --- | --- |\n"
    rows = sorted((status, kind.__name__, kind) for kind, status in problems.STATUS.items())
    return head + "".join(f"| {status} | `{problems.slug(kind)}` | {_said(kind)} |\n" for status, _, kind in rows)


def _said(kind: type[Refusal]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
