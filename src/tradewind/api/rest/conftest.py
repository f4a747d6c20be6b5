"""A small shop of routes, and a client that calls it in process."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import httpx2
import pytest
from msgspec import Meta
from prometheus_client import CollectorRegistry

from tradewind.api.auth.tokens import TokenInvalid
from tradewind.api.rest import Answer, Body, Call, Dispatch, Reply, Route, create_app, delete, get, post
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Conflict, Forbidden, NotFound, Refusal, Stale, Throttled, Unavailable
from tradewind.runtime.call import Actor

ORDER = UUID(int=7)
seen: list[tuple[Any, Call]] = []


class Ask(Command, frozen=True, kw_only=True):
    """Whatever the test wants asked."""

    what: str


class NoSuchThing(NotFound):
    """There is no such thing here."""


class OutOfStock(Conflict):
    """There is not enough of it."""


class StillRunning(Conflict):
    """It is being worked on."""

    retry_after_s = 2


REFUSALS: dict[str, Refusal] = {
    "conflict": OutOfStock(skus=["A-1"], retry_of=ORDER, status="never"),
    "in-flight": StillRunning(),
    "stale": Stale(),
    "forbidden": Forbidden(action="orders.get"),
    "throttled": Throttled(retry_after_s=7),
    "unavailable": Unavailable(retry_after_s=3),
    "missing": NoSuchThing(),
}


class Line(Body, frozen=True, kw_only=True):
    """One line of a basket."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=1000)]


class NewOrder(Body, frozen=True, kw_only=True):
    """A basket."""

    items: Annotated[list[Line], Meta(min_length=1, max_length=100)]
    unit_price: Decimal | None = None
    notes: dict[str, str] | None = None


class OrderView(Answer, frozen=True, kw_only=True):
    """An order."""

    id: UUID
    total_amount: Decimal
    placed_at: datetime
    note: str | None = None
    discount: Decimal = Decimal(0)


VIEW = OrderView(
    id=ORDER, total_amount=Decimal("1234567890123456.70"), placed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
)


@post("/api/v1/orders", status=201, waits=True, raises=(OutOfStock,))
async def place_order(body: NewOrder, call: Call, dispatch: Dispatch) -> OrderView:
    """Place an order."""
    seen.append((body, call))
    await dispatch(Ask(what="place"), call)
    return VIEW


@get("/api/v1/orders/{order_id}")
async def get_order(order_id: UUID, call: Call) -> OrderView:
    """Show an order.

    With everything that is known of it.
    """
    seen.append((order_id, call))
    return VIEW


@get("/api/v1/orders")
async def list_orders(
    call: Call, page_size: Annotated[int, Meta(ge=1, le=100)] = 20, status: list[str] | None = None, after: str = ""
) -> list[OrderView]:
    """List orders."""
    seen.append(((page_size, status, after), call))
    return [VIEW]


@delete("/api/v1/orders/{order_id}")
async def forget_order(order_id: UUID) -> None:
    """Forget an order."""


@get("/api/v1/refusals/{name}", public=True)
async def refuse(name: str) -> None:
    """Refuse, as asked."""
    raise REFUSALS[name]


@get("/api/v1/broken", public=True)
async def broken() -> None:
    """Break."""
    raise RuntimeError("the secret is database-password")


@get("/api/v1/teapot", public=True, status=200)
async def teapot() -> Reply:
    """Answer with another status."""
    return Reply(content=VIEW, status=203, headers={"X-Brewed": "yes"})


@post("/api/v1/maybe")
async def maybe(body: Line | None = None) -> None:
    """Take a body, or none."""
    seen.append((body, None))  # type: ignore[arg-type]


ROUTES: list[Route] = [place_order, get_order, list_orders, forget_order, refuse, broken, teapot, maybe]


def verify(token: bytes) -> Actor:
    if token != b"good":
        raise TokenInvalid
    return Actor(subject="c-1", roles=frozenset({"customer"}), scopes=frozenset({"order:write"}))


async def dispatch(command: Command, call: Call) -> Any:
    seen.append((command, call))


checks: dict[str, bool] = {}


async def _database() -> None:
    if not checks.get("database", True):
        raise ConnectionError("postgres://user:secret@host")


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(
        ROUTES, verify=verify, dispatch=dispatch, readiness={"database": _database}, registry=CollectorRegistry()
    )
    seen.clear()
    checks.clear()
    transport = httpx2.ASGITransport(app=app)
    headers = {"Authorization": "Bearer good"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as one:
        yield one
