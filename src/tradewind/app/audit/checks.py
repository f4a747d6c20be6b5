"""The checks that one statement each can answer: its name, its SQL, what to do when it is violated."""

from typing import Any, Final, LiteralString, NamedTuple

from tradewind.app.audit import (
    carts,
    coupons,
    edits,
    goods,
    log,
    messages,
    money,
    parcels,
    prepaid,
    prices,
    recommendations,
    returns,
    reviews,
    sagas,
    sales,
    snapshot,
    webhooks,
)
from tradewind.app.audit.report import SHOWN, Check

GRACE_S: Final = 10.0
"""Younger than this, an event may be on its way to its subscribers, and a transaction on its way to its end."""
OVERDUE_S: Final = 60.0
"""A saga that is due longer than this is being carried by nobody, or by somebody who hangs."""
LONGEST_S: Final = 25 * 3600.0
"""No saga takes longer: the definitions allow 24 hours."""


class Probe(NamedTuple):
    """One statement that answers checked, in_flight, violated, violations. $1 is how many violations to name."""

    name: str
    sql: LiteralString
    advice: str
    arguments: tuple[Any, ...] = ()

    async def run(self, connection: Any) -> Check:
        """Ask inside the snapshot of `connection`'s transaction."""
        row = await connection.fetchrow(self.sql, SHOWN, *self.arguments)
        violations = [f"{wrong}. Next: {self.advice}" for wrong in row["violations"] or ()]
        if row["violated"] > len(violations):
            violations.append(f"and {row['violated'] - len(violations):,} more of this kind")
        return Check(
            name=self.name,
            ok=row["violated"] == 0,
            checked=row["checked"],
            violations=violations,
            in_flight=row["in_flight"],
        )


_SAGA: Final = "tradewind saga show <order> tells how it came to this"
PROBES: Final = (
    Probe("stock ledger", goods.STOCK, "compare inventory.inventory_adjustment and inventory.reservation of this "
          "SKU, count the shelf, and put it right with an adjustment"),
    Probe(snapshot.NAME, snapshot.SNAPSHOT, "is a worker running (tradewind serve)? The SKU's next adjustment "
          "puts catalog.availability right", (snapshot.TYPES,)),
    Probe("reservations", goods.RESERVATIONS, f"{_SAGA}; release what nobody will take"),
    Probe("claims", goods.CLAIMS, "is a worker running (tradewind serve)? Cancel what nobody will confirm: POST "
          "/api/v1/inventory/reservations/<id>/cancel", (OVERDUE_S,)),
    Probe("queues", goods.QUEUES, f"compare inventory.backorder with inventory.inventory_stock.waiting and "
          f"inventory.reservation; {_SAGA}"),
    Probe("transfers", goods.TRANSFERS, "compare inventory.inventory_adjustment with inventory.transfer_line, and "
          "count both shelves"),
    Probe("purchases", goods.PURCHASES, "compare inventory.inventory_adjustment with inventory.purchase_line, and "
          "count the shelf"),
    Probe("shipments", goods.SHIPMENTS, f"stop the shipment if it can be stopped; {_SAGA}", (GRACE_S,)),
    Probe("pieces in shipments", parcels.PIECES, "compare shipping.shipments of this order with orders.order_items; "
          "stop what is packed wrongly"),
    Probe("picking", parcels.TASKS, "compare shipping.fulfillment_task with shipping.shipments and with the shelf; "
          "GET /api/v1/orders/<id>/shipments tells where the goods are"),
    Probe("unpacked", parcels.UNPACKED, "compare shipping.unpacked with inventory.inventory_adjustment of this "
          "reference, and with the shelf"),
    Probe("replacements", parcels.REPLACEMENTS, "tradewind saga show <replacement> tells how it came to this; compare "
          "shipping.replacement with inventory.reservation of this id"),
    Probe("carriage", parcels.CARRIAGE, "is a worker running (tradewind serve)? compare shipping.parcel with what the "
          "carrier knows by the parcel's id", (parcels.OVERDUE_S,)),
    Probe("order money", money.ORDER_MONEY, "compare orders.order_items with its first event in runtime.outbox"),
    Probe("payments", money.PAYMENTS, f"look at the provider's GET /v1/ledger/<order>; {_SAGA}"),
    Probe("payment intents", money.INTENTS, f"{_SAGA}; the provider's GET /v1/ledger/<order> tells what it holds",
          (OVERDUE_S,)),
    Probe("refunds", money.REFUNDS, "tradewind saga show <refund> tells how it came to this"),
    Probe("credits", prepaid.CREDITS, "compare payments.credit with payments.payments and payments.refund of both "
          "orders; POST /api/v1/orders/<id>/refunds gives back what is kept for an order that is off", (GRACE_S,)),
    Probe("edits", edits.EDITS, "tradewind saga show <edit> tells how it came to this; compare orders.edit with "
          "payments.payments and payments.refund of it"),
    Probe("returned pieces", returns.RETURNED_PIECES, "compare what was bought with GET /api/v1/orders/<id>/returns; "
          "take nothing back that was not"),
    Probe("returns", returns.RETURNS, "compare returns.line with inventory.inventory_adjustment and payments.refund of "
          "this return; tradewind saga show <refund> tells where the money is", (GRACE_S,)),
    Probe("flash sales", sales.FLASH_SALES, "compare pricing.flash_sale with pricing.flash_sale_redemption and the "
          "orders that it names", (GRACE_S,)),
    Probe("carts agree with orders", carts.CARTS_AND_ORDERS, "compare carts.carts and the trail (carts.quote, "
          "carts.CartCheckedOut) with the order; charge nobody more than was shown to them"),
    Probe("merged carts", carts.MERGED_CARTS, "replay both carts (GET /api/v1/carts/<id>/history) and give back what "
          "is missing"),
    Probe("coupons", coupons.COUPONS, "count the rows of pricing.redemption that were not returned; end the promotion "
          "while it is overused", (GRACE_S,)),
    Probe("coupon uses", coupons.COUPON_USES, "compare pricing.redemption with the order that it names"),
    Probe("price history", prices.PRICE_HISTORY, "compare pricing.product_price_history of this SKU with its "
          "ecommerce.pricing.price.changed.v1 in runtime.outbox"),
    Probe("prices told", prices.PRICES_TOLD, "is a worker running (tradewind serve)? INSERT INTO pricing.price_due "
          "(sku) VALUES ('<SKU>') has it look at the product, and tell", (OVERDUE_S, GRACE_S)),
    Probe("price books", prices.PRICE_BOOKS, "publish a new version with the prices that are meant"),
    Probe("reviews", reviews.REVIEWS, "compare reviews.review and reviews.helpful_vote with this review's events in "
          "runtime.outbox", (reviews.TYPES,)),
    Probe("ratings", reviews.RATINGS, "compare reviews.counted and reviews.rating with the product's events in "
          "runtime.outbox", (reviews.TYPES,)),
    Probe("recommendations", recommendations.RECOMMENDATIONS, "let them learn again: docs/guides/"
          "operating.md, Replay a projection", (recommendations.MAX_BASKET,)),
    Probe("messages", messages.MESSAGES, "is a worker running (tradewind serve)? compare notifications.message with "
          "runtime.outbox", (messages.KINDS, messages.TYPES, messages.OVERDUE_S)),
    Probe("webhooks", webhooks.WEBHOOKS, "is a worker running (tradewind serve)? compare webhooks.delivery of this "
          "subscription with runtime.outbox; POST /api/v1/webhook-subscriptions/<id>/redeliveries sends again",
          (webhooks.KEPT, webhooks.FAILED, webhooks.OVERDUE_S)),
    Probe("order at partners", webhooks.ORDER, "compare webhooks.webhook_delivery_attempts of both messages; the "
          "partner tells their order by X-BV-Sequence", (webhooks.KEPT, webhooks.ATTEMPTS)),
    Probe("sagas agree with orders", sagas.SAGAS_AND_ORDERS, _SAGA),
    Probe("no saga overdue", sagas.OVERDUE, "is a worker running (tradewind serve)? tradewind saga show <id> tells "
          "what it waits for; tradewind saga retry or compensate carries a parked one on", (OVERDUE_S, LONGEST_S)),
    Probe("order in the log", log.LOG_ORDER, "a writer told an event without holding its key's row; find it by the "
          "event's type and trace in runtime.outbox"),
    Probe("dead letters", log.DEAD_LETTERS, "mend the cause, then have the subscriber hear the event again"),
    Probe("idempotency", log.ANSWERS, "compare runtime.idempotency, runtime.audit_entry and orders.orders of it"),
    Probe("nothing left behind", sagas.LEFTOVERS, "end the connection, or roll the prepared transaction back",
          (OVERDUE_S,)),
)  # fmt: skip


def consumers(hears: dict[str, list[str]], target: tuple[int, int]) -> Probe:
    """Whether each subscriber has heard all events of its types: those up to `target`, and older ones than GRACE_S."""
    pairs = [(name, event) for name, events in sorted(hears.items()) for event in events]
    arguments = ([name for name, _ in pairs], [event for _, event in pairs], GRACE_S, *target)
    advice = "is a worker running (tradewind serve)? Its log says why the relay does not move this subscriber"
    return Probe("every event heard", log.CONSUMERS, advice, arguments)
