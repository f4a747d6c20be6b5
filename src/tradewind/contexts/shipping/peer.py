"""What other contexts may ask shipping."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tradewind.contexts.shipping._store import shipments
from tradewind.contexts.shipping.plan_shipments import plan, replan
from tradewind.contexts.shipping.quote_rates import query
from tradewind.contracts.shipping import Rate


class Shipping:
    """Answers to ShippingPeer. Each question once in a transaction: what is written goes with its commit."""

    async def rates(self, tx: Any, country: str, quantities: Mapping[str, int], currency: str) -> Sequence[Rate]:
        """The ways to send these goods to `country`, cheapest first; empty where nobody carries them."""
        return await query.rates(tx, country, quantities, currency)

    async def create(self, tx: Any, addresses: Mapping[UUID, Mapping[str, str]]) -> Mapping[UUID, str | None]:
        """Plan a shipment for each order; None, or why nobody carries it there."""
        return await plan.create(tx, addresses)

    async def release(self, tx: Any, order_ids: Sequence[UUID]) -> None:
        """They are paid: they may leave the house."""
        await plan.release(tx, order_ids)

    async def hold(self, tx: Any, order_id: UUID) -> str | None:
        """Let the order's goods not leave the house until `release`; None, or why it is too late."""
        return await replan.hold(tx, order_id)

    async def redirect(self, tx: Any, order_id: UUID, address: Mapping[str, str]) -> str | None:
        """Send the order's goods there, as far as they are in the house; None, or why not."""
        return await replan.redirect(tx, order_id, address)

    async def lost(self, tx: Any, order_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those whose goods nobody knows the whereabouts of."""
        return await shipments.lost(tx, order_ids)

    async def cancel(self, tx: Any, order_ids: Sequence[UUID]) -> Mapping[UUID, str | None]:
        """Plan them no more; None, or why it is too late. An order without a shipment needs nothing."""
        return await plan.cancel(tx, order_ids)
