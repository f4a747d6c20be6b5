"""Asks inventory over gRPC: three attempts with jitter, a deadline for each; silence is Unavailable, never a no."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import grpc
from google.protobuf.message import Message
from opentelemetry.trace import SpanKind

from tradewind.api.grpc.asking import channel_to, metadata, methods
from tradewind.api.grpc.statuses import REFUSAL, facts_in
from tradewind.api.grpc.tls import Certificates
from tradewind.contracts.inventory import (
    Amendment,
    InventoryReserved,
    NotEnoughStock,
    ReservationEnded,
    ReservedLine,
    Wanted,
)
from tradewind.contracts.outcomes import Waiting
from tradewind.contracts.proto.tradewind.inventory.v1 import inventory_pb2 as pb
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.call import Call
from tradewind.runtime.telemetry.logs import log, names_of
from tradewind.runtime.telemetry.traces import span

ATTEMPTS: Final = 3
ATTEMPT_S: Final = 2.0
"""Seconds that one attempt may take."""
BACKOFF_S: Final = 0.05
"""Longest wait before the second attempt; doubles with the next."""
AWAY_AGAIN_S: Final = 10.0
"""Seconds after which a saga asks again that has something to give back and found nobody."""
SERVICE: Final = "tradewind.inventory.v1.Inventory"
_AGAIN: Final = frozenset(
    (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    )
)


class InventoryDidNotAnswer(Unavailable):
    """Inventory gave no answer that says what became of it; it may have done what it was asked."""


class InventorySilent(InventoryDidNotAnswer):
    """Nobody was there each time that inventory was asked, or it had no room or no time."""


@asynccontextmanager
async def grpc_inventory(
    address: str, token: Callable[[], str], certificates: Certificates | None = None
) -> AsyncIterator["GrpcInventory"]:
    """Inventory at `address` (host:port). `token` gives the access token that goes with each attempt."""
    async with channel_to(address, certificates) as channel:
        yield GrpcInventory(channel, token)


class GrpcInventory:
    """Answers to contracts.inventory.InventoryAway."""

    def __init__(self, channel: Any, token: Callable[[], str]) -> None:
        self._token = token
        answers = {
            "ReserveStock": pb.ReserveResponse,
            "ConfirmStock": pb.ConfirmResponse,
            "ReleaseStock": pb.ReleaseResponse,
            "AmendStock": pb.AmendResponse,
        }
        self._methods = methods(channel, SERVICE, answers)

    async def reserve(self, wanted: Wanted, call: Any, ttl_s: int = 0) -> InventoryReserved | NotEnoughStock:
        """Hold all of it or nothing."""
        request = pb.ReserveRequest(
            order_id=str(wanted.order_id),
            items=_items(wanted.quantities),
            ttl_s=ttl_s,
            ship_to={key: str(value) for key, value in (wanted.ship_to or {}).items() if value},
        )
        answer = await self._ask("ReserveStock", request, call)
        if answer is None:
            return NotEnoughStock("The order's reservation has ended.", skus=sorted(wanted.quantities))
        if isinstance(answer, NotEnoughStock):
            return answer
        items = tuple(ReservedLine(one.sku, one.quantity, one.warehouse, one.bundle or None) for one in answer.items)
        at = datetime.fromtimestamp(answer.expires_at_ms / 1000, UTC)
        return InventoryReserved(order_id=wanted.order_id, items=items, expires_at=at)

    async def confirm(self, order_id: UUID, call: Any) -> bool:
        """Take what is held out of stock; False where it is held no more."""
        return await self._ask("ConfirmStock", pb.ConfirmRequest(order_id=str(order_id)), call) is not None

    async def release(self, order_id: UUID, call: Any) -> Waiting | None:
        """Give back whatever is held or was taken out; what comes later holds nothing.

        Who undoes because inventory is away finds it away still: they wait for it, and nobody has to mend that.
        """
        try:
            await self._ask("ReleaseStock", pb.ReleaseRequest(order_id=str(order_id)), call)
        except InventorySilent:
            log.warning("inventory is away", method="ReleaseStock", **names_of(call))
            return Waiting(AWAY_AGAIN_S)
        return None

    async def amend(self, amendment: Amendment, call: Any) -> ReservationEnded | None:
        """None once the order has what the edit says."""
        request = pb.AmendRequest(
            order_id=str(amendment.order_id),
            edit_id=str(amendment.edit_id),
            more=_items(amendment.more),
            less=_items(amendment.less),
        )
        answer = await self._ask("AmendStock", request, call)
        return ReservationEnded("What should change is not held there.") if answer is None else None

    async def _ask(self, method: str, request: Message, call: Call) -> Any:
        """The answer; None where the reservation has ended; NotEnoughStock. Raises InventoryDidNotAnswer."""
        with span(f"{SERVICE}/{method}", call.trace_id, kind=SpanKind.CLIENT):
            for attempt in range(ATTEMPTS):
                if attempt:
                    await asyncio.sleep(random.uniform(0, BACKOFF_S * 2**attempt))  # noqa: S311 -- jitter
                try:
                    return await self._methods[method](request, given=metadata(self._token, call), within_s=ATTEMPT_S)
                except grpc.aio.AioRpcError as error:
                    refusal = dict(error.trailing_metadata() or ()).get(REFUSAL)
                    if refusal == NotEnoughStock.__name__:
                        return NotEnoughStock(error.details() or "", **facts_in(error.trailing_metadata()))
                    if error.code() in (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND):
                        return None
                    if error.code() not in _AGAIN:
                        raise InventoryDidNotAnswer(f"Inventory answered {error.code().name}.") from None
        raise InventorySilent


def _items(quantities: Mapping[str, int]) -> list[pb.Item]:
    return [pb.Item(sku=sku, quantity=quantity) for sku, quantity in quantities.items()]
