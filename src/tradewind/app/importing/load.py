"""Runs a plan through the shop's own commands. What is there already is left alone, so a rerun mends any crash."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Final
from uuid import UUID

from tradewind.app.importing import looks
from tradewind.app.importing.carrying import Progress, each, patiently, until_none
from tradewind.app.importing.plan import Plan, PlannedAdjustment, PlannedOrder, PlannedProduct, PlannedReturn
from tradewind.app.importing.reading import CURRENCY
from tradewind.app.placement import INVENTORY, PAYMENTS
from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory.manifest import AdjustStock
from tradewind.contexts.orders.manifest import Imported, OrderLine, PlaceOrder
from tradewind.contexts.payments.manifest import RefundPayment
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import PricingPeer
from tradewind.kernel.errors import Conflict, Refusal
from tradewind.kernel.ids import new_id, new_trace_id
from tradewind.kernel.money import Money
from tradewind.runtime.call import Actor, Call
from tradewind.runtime.database import AlreadyExists

AT_ONCE: Final = 32
"""Commands under way at once."""
PRICES_AT_ONCE: Final = 200
"""Products whose next price is set in one transaction."""
PAYMENT_METHOD: Final = "simulated:approve"
CATEGORY: Final = "giftware"
"""The file knows no categories."""
IMPORTER: Final = Actor(subject="import:online-retail", roles=frozenset({"admin"}))


def pence(minor: int) -> Money:
    """So many pence."""
    return Money(minor, CURRENCY)


class Load:
    """One run of one plan. `problems` says in one sentence each what the shop would not do.

    `apart`: the contexts that have a database of their own.
    """

    def __init__(self, shop: Shop, plan: Plan, tell: Progress, apart: Mapping[str, Shop]) -> None:
        self._shop, self._plan, self._tell = shop, plan, tell
        self._inventory, self._payments = (apart.get(one, shop) for one in (INVENTORY, PAYMENTS))
        self.problems: list[str] = []

    async def run(self) -> None:
        """Stock before orders, orders before what is taken back; raises what stops it, and may then be run again."""
        await self._make_products()
        await self._set_prices()
        if self._inventory is not self._shop:
            await self._be_heard()
        await self._book("stock", self._plan.opening)
        await self._place_orders()
        await self._book("write-offs", self._plan.write_offs)
        await self._refund()
        await self._book("returned goods", [goods for one in self._plan.returns for goods in one.goods])
        await until_none(self._shop, "events", lambda: looks.behind(self._shop), 1, self._tell)

    async def _be_heard(self) -> None:
        """Wait until inventory knows every product: it opens their stock when it hears of them."""
        skus = [product.sku for product in self._plan.products]
        count = partial(looks.unheard_of, self._inventory, skus)
        await until_none(self._inventory, "shelves", count, len(skus), self._tell)

    async def _send(self, command: Command, to: Shop | None = None) -> Any:
        call = Call(actor=IMPORTER, correlation_id=str(new_id()), trace_id=new_trace_id(), route="import")
        return await patiently(lambda: (to or self._shop).dispatch(command, call))

    async def _all(self, stage: str, items: Sequence[Any], known: int, do: Any) -> None:
        """Do `do` with each item and tell how it goes; `known` were done by an earlier run."""
        done, total = count(known + 1), known + len(items)
        self._tell(stage, known, total)

        async def one(item: Any) -> None:
            await do(item)
            self._tell(stage, next(done), total)

        await each(items, one, at_once=AT_ONCE)

    async def _make_products(self) -> None:
        products = self._plan.products
        known = await patiently(lambda: looks.product_ids(self._shop, [product.sku for product in products]))
        missing = [product for product in products if product.sku not in known]
        await self._all("products", missing, len(known), self._make_product)

    async def _make_product(self, product: PlannedProduct) -> None:
        first = product.prices[0]
        create = CreateProduct(
            sku=product.sku,
            name=product.name,
            category=CATEGORY,
            amount=pence(first.minor).amount,
            currency=CURRENCY,
            priced_since=first.since,
        )
        try:
            await self._send(create)
        except Conflict:
            return  # a try before this one made it, though its answer was lost

    async def _set_prices(self) -> None:
        """One price after the other of each product; a transaction sets the next one of many products."""
        ids = await patiently(lambda: looks.product_ids(self._shop, [one.sku for one in self._plan.products]))
        total = sum(len(product.prices) - 1 for product in self._plan.products)
        done = 0
        for turn in range(1, max((len(product.prices) for product in self._plan.products), default=1)):
            due = [product for product in self._plan.products if len(product.prices) > turn]
            for start in range(0, len(due), PRICES_AT_ONCE):
                together = due[start : start + PRICES_AT_ONCE]
                await self._set_turn(together, turn, ids)
                done += len(together)
                self._tell("prices", done, total)

    async def _set_turn(self, products: Sequence[PlannedProduct], turn: int, ids: dict[str, UUID]) -> None:
        try:
            await patiently(lambda: self._set_price(products, turn, ids))
        except Conflict as conflict:
            if len(products) > 1:
                for product in products:
                    await self._set_turn([product], turn, ids)
            elif "valid_from" not in conflict.facts:
                raise
            # Otherwise the shop has priced this product itself since then, and its own history stands.

    async def _set_price(self, products: Sequence[PlannedProduct], turn: int, ids: dict[str, UUID]) -> None:
        call = Call(actor=IMPORTER, correlation_id=str(new_id()), trace_id=new_trace_id(), route="import")
        async with self._shop.db.transaction(call) as tx:
            pricing = tx.peer(PricingPeer)
            for product in products:
                point = product.prices[turn]
                price, since = pence(point.minor), point.since
                await pricing.set_price(tx, ids[product.sku], product.sku, price, reason="sold at", valid_from=since)

    async def _book(self, stage: str, adjustments: Sequence[PlannedAdjustment]) -> None:
        wanted = [one.reference for one in adjustments]
        known = await patiently(lambda: looks.references(self._inventory, wanted))
        missing = [one for one in adjustments if one.reference not in known]
        await self._all(stage, missing, len(known), self._adjust)

    async def _adjust(self, one: PlannedAdjustment) -> None:
        adjust = AdjustStock(sku=one.sku, delta=one.delta, reason=one.reason, reference=one.reference)
        await self._send(adjust, to=self._inventory)

    async def _place_orders(self) -> None:
        orders = self._plan.orders
        ids = [order.id for order in orders]
        known = await patiently(lambda: looks.orders(self._shop, ids))
        await self._all("orders", [order for order in orders if order.id not in known], len(known), self._place)
        await until_none(self._shop, "sagas", lambda: looks.moving(self._shop, ids), len(ids), self._tell)
        invoices = {order.id: order.invoice for order in orders}
        astray = await patiently(lambda: looks.unpaid(self._shop, ids))
        self.problems += [f"the order of invoice {invoices[one]} ended {why}" for one, why in astray.items()]

    async def _place(self, order: PlannedOrder) -> None:
        try:
            await self._send(_place_order(order))
        except AlreadyExists:
            return  # a try before this one placed it, though its answer was lost
        except Refusal as refusal:
            self.problems.append(f"invoice {order.invoice} is no order: {refusal.detail}")

    async def _refund(self) -> None:
        due = [one for one in self._plan.returns if one.amount_minor]
        ids = [one.id for one in due]
        known = await patiently(lambda: looks.refunds(self._payments, ids))
        await self._all("refunds", [one for one in due if one.id not in known], len(known), self._refund_one)
        moving = partial(looks.moving, self._payments, ids)
        await until_none(self._payments, "refund sagas", moving, len(ids), self._tell)
        notes = {one.id: one.credit_note for one in due}
        astray = await patiently(lambda: looks.unrefunded(self._payments, ids))
        self.problems += [f"the refund of credit note {notes[one]} ended {why}" for one, why in astray.items()]

    async def _refund_one(self, one: PlannedReturn) -> None:
        refund = RefundPayment(
            order_id=one.order_id,
            amount=pence(one.amount_minor).amount,
            currency=CURRENCY,
            reason=f"credit note {one.credit_note}",
            refund_id=one.id,
        )
        try:
            await self._send(refund, to=self._payments)
        except Refusal as refusal:
            self.problems.append(f"credit note {one.credit_note} is not refunded: {refusal.detail}")


def _place_order(order: PlannedOrder) -> PlaceOrder:
    items = tuple(
        OrderLine(sku=line.sku, qty=line.quantity, unit_price=pence(line.price_minor), kind=line.kind)
        for line in order.lines
    )
    past = Imported(
        order_id=order.id,
        user_id=order.user_id,
        placed_at=order.placed_at,
        shipping=pence(order.shipping_minor),
        discount=pence(order.discount_minor),
    )
    address = {"country": order.country} if order.country else {}
    return PlaceOrder(
        items=items, currency=CURRENCY, payment_method=PAYMENT_METHOD, shipping_address=address, imported=past
    )
