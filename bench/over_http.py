"""(c) Tradewind's edge against (d) the thinnest service, asked by the same load generator."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from bench.load import Plan
from bench.parts import Place, answering, guest_token, load, running
from tradewind.app.bench.driving import Run
from tradewind.app.bench.placing import WARM_UP
from tradewind.app.bench.report import Goal
from tradewind.app.bench.rounds import Measure, Rounds
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings

EDGE: Final = "(c) Tradewind over HTTP"
THIN_SEPARATELY: Final = "(d) thinnest service, separate statements"
THIN_BY_FUNCTION: Final = "(d) thinnest service, one stored function"
ORDERS: Final = "/api/v1/orders"
OVER_HTTP_AIM: Final = {"1,000 SKUs": 1.0, "1 SKU": 3.0}
LOOPBACK: Final = "127.0.0.1"


@asynccontextmanager
async def services(settings: Settings, shop: Engines, raw: Engines) -> AsyncIterator[dict[str, Plan]]:
    """The three services, each with how to ask it."""
    edge, separately, by_function = (free_port(LOOPBACK) for _ in range(3))
    place = Place(settings, shop, edge)
    async with (
        running(["tradewind.app.edge"], place.environment()),
        running(["bench.thinnest", raw.database_url, str(separately), "separately"]),
        running(["bench.thinnest", raw.database_url, str(by_function), "by_function"]),
    ):
        for port, path in ((edge, "/health/ready"), (separately, "/"), (by_function, "/")):
            await answering(f"http://{LOOPBACK}:{port}{path}")
        token = await guest_token(edge)
        yield {
            EDGE: Plan(port=edge, path=ORDERS, token=token, skus=(), count=0),
            THIN_SEPARATELY: Plan(port=separately, path="/orders", token=token, skus=(), count=0),
            THIN_BY_FUNCTION: Plan(port=by_function, path="/orders", token=token, skus=(), count=0),
        }


def over_http(plans: dict[str, Plan], skus: Sequence[str], orders: int) -> dict[str, Measure]:
    """The contestants that are asked over HTTP."""
    return {name: partial(_run, plan, skus, orders) for name, plan in plans.items()}


async def _run(plan: Plan, skus: Sequence[str], orders: int, number: int) -> Run:
    def asked(count: int, seed: int) -> Plan:
        return Plan(port=plan.port, path=plan.path, token=plan.token, skus=skus, count=count, seed=seed)

    await load(asked(WARM_UP, -1 - number))
    return (await load(asked(orders, number))).run


def over_http_goal(shelf: str, rounds: Rounds) -> Goal:
    """(c) to the better (d)."""
    return Goal(
        what=f"{EDGE} to the better (d), {shelf}",
        aim=OVER_HTTP_AIM[shelf],
        measured=rounds.ratio(EDGE, THIN_SEPARATELY, THIN_BY_FUNCTION),
        unit="x",
        at_least=True,
    )
