"""Stripe's balance transactions: every movement of money, as soon as it has happened, newest first.

A payment is known by its PaymentIntent, whose metadata name the order; a refund by the intent that it is of.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import msgspec
import stripe
from msgspec import Struct

from tradewind.adapters.payment_provider.journaled.amounts import STRIPE
from tradewind.adapters.payment_provider.lined import Line, LinedSettlements, Report, unreadable
from tradewind.adapters.payment_provider.stripe.answers import ORDER
from tradewind.adapters.payment_provider.stripe.api import stripe_client
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money, exponent

NAME: Final = "stripe"
PAGE: Final = 100
CAPTURES: Final = frozenset({"charge", "payment", "payment_reversal"})
REFUNDS: Final = frozenset({"refund", "payment_refund", "refund_failure", "payment_failure_refund", "adjustment"})
"""Types that move a buyer's money; an adjustment is a dispute's. Others are fees and payouts."""


class Source(Struct, frozen=True):
    """The charge, refund or dispute that a transaction is of; `amount` and `currency` as its buyer sees them."""

    id: str
    amount: int
    currency: str
    payment_intent: str | None = None
    metadata: Mapping[str, str] = {}
    amount_captured: int | None = None


class Transaction(Struct, frozen=True):
    """What is needed of a balance transaction. Minor units; below zero where it leaves the account."""

    id: str
    type: str
    amount: int
    currency: str
    created: int
    exchange_rate: float | None = None
    source: Source | str | None = None


class StripeTransactions:
    """All balance transactions of the account."""

    def __init__(self, client: Any) -> None:
        self._list = client.v1.balance_transactions.list_async

    async def read(self) -> Report:
        """Page by page, all there are. Raises Unavailable."""
        found: list[tuple[Transaction, Source]] = []
        async for one in self._all():
            if isinstance(one.source, Source) and one.type in CAPTURES | REFUNDS:
                found.append((one, one.source))
        orders = {of.payment_intent: of.metadata[ORDER] for _, of in found if ORDER in of.metadata}
        return Report([_line(one, of, orders) for one, of in found])

    async def _all(self) -> AsyncIterator[Transaction]:
        asked: dict[str, Any] = {"limit": PAGE, "expand": ["data.source"]}
        while True:
            try:
                page = await self._list(asked)
            except (stripe.StripeError, aiohttp.ClientError, TimeoutError, OSError) as away:
                raise unreadable(NAME, "it cannot be fetched.", trouble=type(away).__name__) from away
            for one in page.data:
                yield _transaction(one.to_dict())
            if not page.has_more:
                return
            asked |= {"starting_after": page.data[-1].id}


def _transaction(said: Mapping[str, Any]) -> Transaction:
    try:
        return msgspec.convert(said, Transaction)
    except msgspec.ValidationError as wrong:
        raise unreadable(NAME, f"transaction {said.get('id')}: {wrong}.") from wrong


def _line(one: Transaction, of: Source, orders: Mapping[str | None, str]) -> Line:
    captures = one.type in CAPTURES
    minor, currency = one.amount, one.currency
    if one.exchange_rate is not None:  # it was paid in another currency than the account's
        size = of.amount if of.amount_captured is None else of.amount_captured
        minor, currency = size if one.amount > 0 else -size, of.currency
    return Line(
        reference=orders.get(of.payment_intent) or of.payment_intent or of.id,
        operation="capture" if captures else "refund",
        amount=_money(one, minor if captures else -minor, currency.upper()),
        at=datetime.fromtimestamp(one.created, UTC),
    )


def _money(one: Transaction, minor: int, currency: str) -> Money:
    try:
        scale = 10 ** (STRIPE.get(currency, exponent(currency)) - exponent(currency))
        return Money(minor // scale, currency)
    except Invalid as strange:
        raise unreadable(NAME, f"transaction {one.id}, currency: {currency!r} is no currency.") from strange


@asynccontextmanager
async def stripe_settlements(
    *, secret_key: str, timeout_s: float, api_base: str | None = None
) -> AsyncIterator[LinedSettlements]:
    """The port, answered by Stripe, while the context lasts."""
    async with stripe_client(secret_key=secret_key, timeout_s=timeout_s, api_base=api_base) as client:
        yield LinedSettlements(NAME, StripeTransactions(client).read)
